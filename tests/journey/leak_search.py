"""Looks for what must not lie open: words in every code a program might write them in, and runs of bytes.

Also for what tells without a word: pictures and documents by their first bytes, and vault files that are not all noise.
"""

from __future__ import annotations

import base64
import os
import re
import zlib
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

VAULT_FILES = (".rre", ".part")
PACKED = re.compile(rb"\x78[\x01\x5e\x9c\xda]")
"""How a stream of zlib begins (RFC 1950): in a PDF, a PNG, a pickled or packed record."""
MOST_UNPACKED_BYTES = 16 << 20
PICTURES_AND_DOCUMENTS = (b"%PDF-", b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff", b"II*\0", b"MM\0*", b"DICM", b"GIF8", b"BM")


@dataclass(frozen=True)
class Allowed:
    """A word that may lie open in one file, and why."""

    word: str
    file_name: str
    reason: str


class LeakSearch:
    """Names of files are searched as their contents are; what a file packs with zlib is unpacked first."""

    def __init__(self, words: Sequence[str], runs: Mapping[str, bytes], allowed: Sequence[Allowed] = ()) -> None:
        self._needles = {word: forms_of(word) for word in words}
        self._needles |= {what: {run, *_base64_forms(run)} for what, run in runs.items()}
        self._plain = {what: min(forms, key=len) for what, forms in self._needles.items()}
        self._allowed = {(one.word, one.file_name) for one in allowed}
        self._read_once: set[Path] = set()

    def find(self, root: Path) -> list[str]:
        """What lies readable where below *root*. A whole file of the vault never changes, so it is read once."""
        leaks = []
        for path in (path for path in root.rglob("*") if path.is_file() and not path.is_symlink()):
            if path in self._read_once:
                continue
            try:
                content = path.read_bytes()
            except FileNotFoundError:  # a temporary file of a running program
                continue
            name = os.fsencode(path.relative_to(root))
            if path.suffix in VAULT_FILES:
                found = [*self._tell(content, self._plain_forms()), *self._tell(name, self._needles)]
                if not is_noise(content):
                    found.append("order")
                if path.suffix == ".rre":
                    self._read_once.add(path)
            else:
                found = list(self._tell(name, self._needles))
                for layer in (content, *unpacked(content)):
                    found += self._tell(layer, self._needles)
                if content.startswith(PICTURES_AND_DOCUMENTS) or content[128:132] == b"DICM":
                    found.append("a picture or document")
            leaks += [f"{what} in {path}" for what in found if (what, path.name) not in self._allowed]
        return leaks

    def find_in(self, content: bytes) -> list[str]:
        """Which needles are in *content*, also packed."""
        return [what for layer in (content, *unpacked(content)) for what in self._tell(layer, self._needles)]

    def _plain_forms(self) -> dict[str, set[bytes]]:
        return {what: {form} for what, form in self._plain.items()}

    @staticmethod
    def _tell(content: bytes, needles: Mapping[str, set[bytes]]) -> Iterator[str]:
        return (what for what, forms in needles.items() if any(form in content for form in forms))


def forms_of(word: str) -> set[bytes]:
    """UTF-8, UTF-16, Latin-1, JSON's escapes, and Base64 of them wherever it begins."""
    forms = {word.encode("utf-8"), word.encode("utf-16-le"), word.encode("unicode_escape")}
    with suppress(UnicodeEncodeError):
        forms.add(word.encode("latin-1"))
    return forms | {packed for form in tuple(forms) for packed in _base64_forms(form)}


def _base64_forms(content: bytes) -> Iterator[bytes]:
    """The letters that *content* gives in Base64 at each of three places, without those that its neighbours change."""
    for before in range(3):
        whole = (len(content) - before) // 3 * 3
        form = base64.b64encode(content[before : before + whole])
        if len(form) >= 12:
            yield form


def unpacked(content: bytes) -> Iterator[bytes]:
    """Everything in *content* that zlib can unpack, wherever it begins."""
    for begin in PACKED.finditer(content):
        unpacking = zlib.decompressobj()
        try:
            layer = unpacking.decompress(content[begin.start() :], MOST_UNPACKED_BYTES)
        except zlib.error:
            continue
        if layer:
            yield layer


def is_noise(vault_file: bytes) -> bool:
    """Nothing in it can be packed: beyond its header of 64 bytes it is as good as random (4 KiB at least to say so)."""
    sealed = vault_file[64:]
    return len(sealed) < 4096 or len(zlib.compress(sealed, 1)) >= len(sealed)
