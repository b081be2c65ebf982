"""Messages between the program and a child that checks files: a kind, a length, a body, over a pipe each way.

What the child says is not trusted: a length is bounded before anything is made room for.
"""

from __future__ import annotations

import os
import select
import struct
import sys
import time
from dataclasses import dataclass

LARGEST_MESSAGE_BYTES = 64 << 20

CHECK, CONTENT = b"C", b"B"
"""From the program: a request (JSON), bytes of the file."""
RANGE, ALIVE, ANSWER = b"R", b"P", b"A"
"""From the child: which bytes it wants, a sign of life, the outcome."""
PLAIN = b"F"
"""From the child: it needs the file unencrypted. From the program: how it may have it (JSON)."""

_HEAD = struct.Struct("!cI")
RANGE_FORM = struct.Struct("!QI")
"""Offset and length in bytes."""


class Overdue(Exception):
    """Nothing came in time."""


@dataclass(frozen=True, slots=True)
class Channel:
    """One end: two file descriptors, used by one thread at a time."""

    incoming: int
    outgoing: int

    def send(self, kind: bytes, body: bytes | memoryview = b"") -> None:
        """OSError where the other side is gone."""
        head = _HEAD.pack(kind, len(body))
        if len(body) < 1 << 14:
            _write_fully(self.outgoing, memoryview(head + bytes(body)))
        else:
            _write_fully(self.outgoing, memoryview(head))
            _write_fully(self.outgoing, memoryview(body))

    def receive(self, timeout_s: float | None = None) -> tuple[bytes, bytes]:
        """The next message. EOFError where the other side is gone, Overdue, ValueError for one that is too long."""
        deadline = None if timeout_s is None else time.monotonic() + timeout_s
        kind, length = _HEAD.unpack(self._exactly(_HEAD.size, deadline))
        if length > LARGEST_MESSAGE_BYTES:
            raise ValueError(f"a message of {length} bytes")
        return kind, self._exactly(length, deadline)

    def _exactly(self, size_bytes: int, deadline: float | None) -> bytes:
        parts = []
        while size_bytes:
            if deadline is not None:
                self._wait(deadline)
            part = os.read(self.incoming, size_bytes)
            if not part:
                raise EOFError
            parts.append(part)
            size_bytes -= len(part)
        return b"".join(parts)

    def _wait(self, deadline: float) -> None:
        if sys.platform == "win32":  # there a pipe cannot be waited for; nothing but a watch beside it could be late
            return
        waiting = select.poll()
        waiting.register(self.incoming, select.POLLIN)
        left_ms = (deadline - time.monotonic()) * 1000
        if left_ms <= 0 or not waiting.poll(left_ms):
            raise Overdue


def _write_fully(handle: int, content: memoryview) -> None:
    while content:
        content = content[os.write(handle, content) :]
