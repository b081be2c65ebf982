"""PDF pages as pixels, drawn by pypdfium2 in a process of its own. No Qt here.

A document comes from outside: what reads it must not be able to take the program, its memory or its time with it. The
child gets the bytes through a pipe (they never touch the disk in clear), has limits on memory and size, and is killed
when a page takes too long. Run as ``python -m workstation.case.document_rendering`` it is the child.
"""

from __future__ import annotations

import json
import logging
import struct
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, BinaryIO

from viewers.errors import UnreadableFile
from workstation.count_words import counted
from workstation.door.child_limits import limit_this_process

log = logging.getLogger("ui.documents")

MAX_DOCUMENT_BYTES = 256 * 1024 * 1024
MAX_PAGES = 10_000
MAX_PAGE_PIXELS = 40_000_000
MAX_MEMORY_BYTES = 2 * 1024 * 1024 * 1024
OPEN_TIMEOUT_S = 20.0
RENDER_TIMEOUT_S = 20.0
_HEADER = struct.Struct("!I")


@dataclass(frozen=True, slots=True)
class PageSize:
    """A page's size in PDF points (1/72 inch)."""

    width_pt: float
    height_pt: float


@dataclass(frozen=True, slots=True)
class RenderedPage:
    """A page as 32-bit pixels, bytes in the order B, G, R, X; ``stride_bytes`` from row to row."""

    width_px: int
    height_px: int
    stride_bytes: int
    pixels: bytes


class DocumentProcess:
    """One child with at most one document open. Calls block; they may come from any thread, one after the other."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._child: subprocess.Popen[bytes] | None = None
        self._title = ""

    def open(self, content: bytes, title: str) -> tuple[PageSize, ...]:
        """Open *content*, closing what was open; UnreadableFile names *title*."""
        if len(content) > MAX_DOCUMENT_BYTES:
            raise UnreadableFile(f"{title} is too large to be shown ({len(content) // 1_000_000} MB).")
        with self._lock:
            self._title = title
            answer, _ = self._ask({"op": "open", "size": len(content)}, content, OPEN_TIMEOUT_S)
            return tuple(PageSize(*size) for size in answer["pages"])

    def render(self, page: int, width_px: int) -> RenderedPage:
        """Page number *page* (from 0) of the open document, *width_px* wide."""
        with self._lock:
            answer, pixels = self._ask({"op": "render", "page": page, "width_px": width_px}, b"", RENDER_TIMEOUT_S)
            return RenderedPage(answer["width_px"], answer["height_px"], answer["stride_bytes"], pixels)

    def close(self) -> None:
        """End the child; the next `open` starts another."""
        with self._lock:
            self._end()

    def _ask(self, request: dict[str, Any], body: bytes, timeout_s: float) -> tuple[dict[str, Any], bytes]:
        child = self._running()
        assert child.stdin is not None and child.stdout is not None
        try:
            with _killed_after(child, timeout_s):
                _write(child.stdin, request, body)
                answer, pixels = _read(child.stdout)
        except (OSError, EOFError):
            self._end()
            raise UnreadableFile(
                f"{self._title} could not be shown: drawing it took too much time or memory."
            ) from None
        if "error" in answer:
            raise UnreadableFile(f"{self._title} cannot be shown: {answer['error']}.")
        return answer, pixels

    def _running(self) -> subprocess.Popen[bytes]:
        if self._child is None or self._child.poll() is not None:
            self._child = subprocess.Popen(
                [sys.executable, "-m", "workstation.case.document_rendering"],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
            )
        return self._child

    def _end(self) -> None:
        child, self._child = self._child, None
        if child is None:
            return
        child.kill()
        child.wait()
        for pipe in (child.stdin, child.stdout):
            if pipe is not None:
                try:
                    pipe.close()
                except OSError:
                    log.debug("a pipe to the document process was broken already")


def draw_pages(content: bytes, width_px: int) -> tuple[RenderedPage, ...]:
    """Every page of a PDF of ours, *width_px* wide, drawn in a child of its own. Blocks; UnreadableFile."""
    process = DocumentProcess()
    try:
        return tuple(process.render(page, width_px) for page in range(len(process.open(content, "The report"))))
    finally:
        process.close()


@contextmanager
def _killed_after(child: subprocess.Popen[bytes], timeout_s: float) -> Iterator[None]:
    timer = threading.Timer(timeout_s, child.kill)
    timer.start()
    try:
        yield
    finally:
        timer.cancel()
        timer.join()


def _write(stream: BinaryIO | Any, head: dict[str, Any], body: bytes = b"") -> None:
    """A length, a JSON head, a length, a body."""
    text = json.dumps(head).encode()
    stream.write(_HEADER.pack(len(text)) + text + _HEADER.pack(len(body)))
    stream.write(body)
    stream.flush()


def _read(stream: BinaryIO | Any) -> tuple[dict[str, Any], bytes]:
    """The counterpart of `_write`; EOFError when the other side is gone."""
    head = json.loads(_exactly(stream, _HEADER.unpack(_exactly(stream, _HEADER.size))[0]))
    body = _exactly(stream, _HEADER.unpack(_exactly(stream, _HEADER.size))[0])
    return head, body


def _exactly(stream: BinaryIO | Any, size_bytes: int) -> bytes:
    content: bytes = stream.read(size_bytes)
    if len(content) < size_bytes:
        raise EOFError
    return content


def serve_requests(requests: BinaryIO, answers: BinaryIO) -> None:
    """The child's life: answer until the parent is gone."""
    import pypdfium2

    document: Any = None
    while True:
        try:
            request, body = _read(requests)
        except EOFError:
            return
        try:
            if request["op"] == "open":
                document = pypdfium2.PdfDocument(body)
                pages = [document.get_page_size(n) for n in range(len(document))]
                if not pages:
                    raise ValueError("it has no pages")
                _write(answers, {"pages": pages})
            else:
                _write(answers, *_draw(document, request["page"], request["width_px"]))
        except pypdfium2.PdfiumError as error:
            reason = "it needs a password" if "password" in str(error).lower() else "it is damaged or not a PDF"
            _write(answers, {"error": reason})
        except (ValueError, IndexError, MemoryError) as error:
            _write(answers, {"error": str(error) or "it needs too much memory"})


def find_document_problem(content: bytes, alive: Callable[[], None]) -> str:
    """Why *content* is no PDF that can be shown, as the end of a sentence, or empty; to be called in a child only.

    One with a password is let in: it is whole, and opening it says what it needs. Pages are measured, not drawn.
    """
    import pypdfium2

    if len(content) > MAX_DOCUMENT_BYTES:
        return f"it is larger than this program shows ({len(content) // 1_000_000} MB)"
    try:
        document = pypdfium2.PdfDocument(content)
        if not 0 < len(document) <= MAX_PAGES:
            return f"it has {counted(len(document), 'page') if len(document) else 'no pages'}"
        for number in range(len(document)):
            document.get_page_size(number)
            alive()
    except pypdfium2.PdfiumError as error:
        return "" if "password" in str(error).lower() else "it is damaged or not a PDF"
    return ""


def _draw(document: Any, page_number: int, width_px: int) -> tuple[dict[str, Any], bytes]:
    page = document[page_number]
    width_pt, height_pt = page.get_size()
    scale = width_px / max(width_pt, 1.0)
    if width_px * height_pt * scale > MAX_PAGE_PIXELS:
        scale = (MAX_PAGE_PIXELS / (width_pt * height_pt)) ** 0.5
    bitmap = page.render(scale=scale, prefer_bgrx=True, may_draw_forms=True)
    try:
        head = {"width_px": bitmap.width, "height_px": bitmap.height, "stride_bytes": bitmap.stride}
        return head, bytes(bitmap.buffer)
    finally:
        bitmap.close()
        page.close()


if __name__ == "__main__":
    limit_this_process(MAX_MEMORY_BYTES)
    serve_requests(sys.stdin.buffer, sys.stdout.buffer)
