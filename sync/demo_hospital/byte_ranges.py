"""A file over HTTP with ranges: RFC 9110 sections 13 and 14, one range a request; RFC 9530 for its digest."""

from __future__ import annotations

import base64
import re
from collections.abc import AsyncGenerator
from contextlib import aclosing
from pathlib import Path

import anyio.to_thread
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse
from starlette.types import Send

CHUNK_BYTES = 1024 * 1024

_ONE_RANGE = re.compile(r"bytes=(\d*)-(\d*)")


class StreamedFile(StreamingResponse):
    """A body read from a file, which is closed when the answer ends, whole or because the client has gone."""

    def __init__(self, content: AsyncGenerator[bytes, None], status_code: int, headers: dict[str, str]) -> None:
        super().__init__(content, status_code, headers)
        self._content = content

    async def stream_response(self, send: Send) -> None:
        async with aclosing(self._content):
            await super().stream_response(send)


def find_range(header: str | None, size_bytes: int) -> tuple[int, int] | None:
    """First and first-after byte asked for; None where the whole is meant. Raises ValueError if unsatisfiable.

    Several ranges at once, other units and forms that are not ranges are answered with the whole (RFC 9110 14.2).
    """
    found = _ONE_RANGE.fullmatch((header or "").replace(" ", ""))
    if found is None or found.group(0) == "bytes=-":
        return None
    first, last = found.groups()
    if not first:
        start, end = max(0, size_bytes - int(last)), size_bytes
    else:
        start, end = int(first), min(int(last) + 1, size_bytes) if last else size_bytes
        if last and int(last) < int(first):
            return None
    if start >= size_bytes or start >= end:
        raise ValueError(f"bytes {header} of {size_bytes}")
    return start, end


def repr_digest(sha256: str) -> str:
    """The value of Repr-Digest for a SHA-256 in hexadecimal (RFC 9530 section 3)."""
    return f"sha-256=:{base64.b64encode(bytes.fromhex(sha256)).decode()}:"


def wants_sha256(want_repr_digest: str) -> bool:
    """Whether Want-Repr-Digest asks for SHA-256: a weight from 1 to 10, 0 is none wanted (RFC 9530 section 4)."""
    for preference in want_repr_digest.split(","):
        algorithm, _, weight = preference.strip().partition("=")
        if algorithm.strip().lower() == "sha-256":
            return weight.strip().isdigit() and int(weight) > 0
    return False


def file_response(
    request: Request, path: Path, size_bytes: int, sha256: str, content_type: str, name: str = ""
) -> Response:
    """Answer GET or HEAD for a file whose SHA-256 (hexadecimal) is known: 200, 206, 304 or 416."""
    etag = f'"{sha256}"'
    headers = {
        "ETag": etag,
        "Accept-Ranges": "bytes",
        "Repr-Digest": repr_digest(sha256),
        "Content-Type": content_type,
    }
    if name:
        headers["Content-Disposition"] = f'attachment; filename="{name}"'
    if etag in [tag.strip() for tag in request.headers.get("if-none-match", "").split(",")]:
        return Response(status_code=304, headers=headers)
    span = None
    if request.method == "GET" and request.headers.get("if-range", etag) == etag:
        try:
            span = find_range(request.headers.get("range"), size_bytes)
        except ValueError:
            return Response(status_code=416, headers={**headers, "Content-Range": f"bytes */{size_bytes}"})
    start, end = span or (0, size_bytes)
    headers["Content-Length"] = str(end - start)
    if span is not None:
        headers["Content-Range"] = f"bytes {start}-{end - 1}/{size_bytes}"
    if request.method == "HEAD":
        return Response(status_code=200, headers=headers)
    return StreamedFile(read_chunks(path, start, end), 200 if span is None else 206, headers)


async def read_chunks(path: Path, start: int, end: int) -> AsyncGenerator[bytes, None]:
    """Bytes *start* to *end* of the file, read off the event loop."""
    opened = await anyio.to_thread.run_sync(path.open, "rb")
    try:
        opened.seek(start)
        while start < end:
            chunk = await anyio.to_thread.run_sync(opened.read, min(CHUNK_BYTES, end - start))
            if not chunk:
                # Shorter than promised: the client sees Content-Length unmet and knows the transfer is damaged
                return
            start += len(chunk)
            yield chunk
    finally:
        opened.close()
