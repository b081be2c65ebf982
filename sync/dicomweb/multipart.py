"""Splitting a multipart/related body while it streams in, keeping every byte of its parts. RFC 2046 5.1, RFC 2387.

Knows nothing of HTTP or DICOM.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from email.message import Message

from sync.errors import DamagedTransfer

_MAX_HEADER_BYTES = 64 * 1024


def boundary_of(content_type: str) -> str | None:
    """The boundary parameter of a multipart Content-Type; None for any other type."""
    message = Message()
    message["Content-Type"] = content_type
    if message.get_content_maintype() != "multipart":
        return None
    return message.get_boundary()


class PartReader:
    """Feeds from chunks of any size. ``next_part`` steps to a part, ``stream`` gives its bytes as they come."""

    def __init__(self, chunks: Iterable[bytes], boundary: str) -> None:
        self._chunks = iter(chunks)
        # A line break before the first dashes is optional, so one is put there; every delimiter then looks the same.
        self._buffer = bytearray(b"\r\n")
        self._delimiter = b"\r\n--" + boundary.encode("latin-1")
        self._in_content = True  # of the preamble, at first
        self._finished = False

    def next_part(self) -> dict[str, str] | None:
        """The headers of the next part (lower-case names), or None after the closing boundary.

        Raises `DamagedTransfer` where the body ends without that boundary.
        """
        for _ in self.stream():
            pass  # the preamble, or what of the part before was not asked for
        if self._finished:
            return None
        headers = self._read_headers()
        self._in_content = True
        return headers

    def stream(self) -> Iterator[bytes]:
        """The bytes of the current part up to, without, the line break of the next delimiter."""
        while self._in_content:
            at = self._buffer.find(self._delimiter)
            if at < 0:
                # What may still become a delimiter is kept back.
                piece = self._take(len(self._buffer) - len(self._delimiter))
            elif (length := self._delimiter_length(at)) is None:
                # A longer line that begins like the delimiter is content.
                piece = self._take(at + 1)
            else:
                piece = self._take(at)
                self._take(length)
                self._in_content = False
            if piece:
                yield piece
            if at < 0:
                self._fill()

    def _take(self, length: int) -> bytes:
        piece = bytes(self._buffer[: max(0, length)])
        del self._buffer[: len(piece)]
        return piece

    def _delimiter_length(self, at: int) -> int | None:
        """How many bytes the delimiter at ``at`` takes; None where it is only a longer line that begins like one."""
        after = at + len(self._delimiter)
        while len(self._buffer) < after + 2:
            self._fill()
        if self._buffer[after : after + 2] == b"--":
            self._finished = True
            return after + 2 - at
        end = after
        while True:
            # Transport padding: spaces and tabs up to the line break (RFC 2046 5.1.1).
            while end < len(self._buffer) and self._buffer[end] in b" \t":
                end += 1
            if len(self._buffer) >= end + 2:
                return end + 2 - at if self._buffer[end : end + 2] == b"\r\n" else None
            self._fill()

    def _read_headers(self) -> dict[str, str]:
        # A part without headers begins with an empty line at once.
        while not self._buffer.startswith(b"\r\n") and b"\r\n\r\n" not in self._buffer:
            if len(self._buffer) > _MAX_HEADER_BYTES:
                raise DamagedTransfer("The hospital sent a multipart answer whose headers do not end.")
            self._fill()
        if self._buffer.startswith(b"\r\n"):
            self._take(2)
            return {}
        lines = self._take(self._buffer.index(b"\r\n\r\n") + 4).decode("latin-1").strip().split("\r\n")
        return {name.strip().lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}

    def _fill(self) -> None:
        for chunk in self._chunks:
            if chunk:
                self._buffer += chunk
                return
        raise DamagedTransfer("The hospital's answer ends before its closing boundary.")
