"""The files attached to a PDF (ISO 32000-1 §7.11.4), by name."""

from __future__ import annotations

from typing import Any

from pyhanko.pdf_utils.reader import PdfFileReader

LARGEST_BYTES = 64 * 1024 * 1024


def read_embedded_files(reader: PdfFileReader) -> dict[str, bytes]:
    """Every attachment of the catalogue's name tree. ValueError when a name occurs twice or content is too large."""
    files: dict[str, bytes] = {}
    tree = reader.root.get("/Names", {}).get("/EmbeddedFiles")
    if tree is not None:
        _walk(tree, files, depth=0)
    return files


def _walk(node: Any, files: dict[str, bytes], depth: int) -> None:
    if depth > 8:
        raise ValueError("the tree of attachments is too deep")
    for child in node.get("/Kids", ()):
        _walk(child.get_object(), files, depth + 1)
    names = node.get("/Names", ())
    for position in range(1, len(names), 2):
        specification = names[position]
        name = str(specification.get("/UF", specification.get("/F")))
        content = bytes(specification["/EF"]["/F"].data)
        if name in files or len(content) > LARGEST_BYTES:
            raise ValueError(f"attachment {name} is there twice or too large")
        files[name] = content
