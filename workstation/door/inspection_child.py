"""The child: opens one foreign file after another and says what it found, until the program that started it is gone.

Run as ``python -m workstation.door.inspection_child MODULE:FUNCTION MEMORY_BYTES SHARED_HANDLE SOCKET_HANDLE``; the
function is what is done with each file (`object_checks.check_object`). It starts with the standard library alone, takes
its limits on before it reads anything, and imports a decoder when the first file needs it.
"""

from __future__ import annotations

import json
import os
import socket
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from workstation.door.channel import ALIVE, ANSWER, CHECK, CONTENT, PLAIN, RANGE, RANGE_FORM, Channel, Overdue
from workstation.door.child_limits import allow_processor_time, limit_this_process
from workstation.door.ranged_source import WINDOW_BYTES, RangedSource, share_memory

if TYPE_CHECKING:
    from viewers.pathology.plain_file import PlainFile

Check = Callable[[dict[str, Any], RangedSource, Callable[[], None]], tuple[dict[str, Any], bytes]]
"""(request, file, sign of life) to the facts (JSON) and what goes with them as bytes."""

SIGN_OF_LIFE_S = 0.5
IDLE_S = 120.0
"""Then it ends, and gives its memory back; the next file starts another."""


class _Server:
    def __init__(self, channel: Channel, check: Check, shared: int, handover: int) -> None:
        self._channel = channel
        self._handover = socket.socket(fileno=handover) if handover >= 0 else None
        self._check = check
        self._window = share_memory(shared)
        self._signed_at = 0.0

    def serve(self) -> None:
        while True:
            try:
                kind, body = self._channel.receive(IDLE_S)
            except (EOFError, Overdue):
                return
            if kind != CHECK:
                raise ValueError(f"asked {kind!r}")
            request = json.loads(body)
            allow_processor_time(request["processor_s"])
            first = bytes(self._content() if self._window is None else memoryview(self._window)[: request["first"]])
            path = Path(request["path"]) if request.get("path") else None
            source = RangedSource(request["name"], request["size_bytes"], path, first, self._fetch, self._borrow)
            is_spent = False
            try:
                facts, blob = self._check(request, source, self._alive)
            except (MemoryError, RecursionError) as error:
                is_spent = True  # what is left of it is of no use; the next file gets a fresh one
                too_much = "it needs too much memory" if isinstance(error, MemoryError) else "it is nested too deeply"
                facts, blob = {"problem": too_much}, b""
            except (EOFError, OSError):
                raise  # the program is gone, or wants this child gone
            except Exception as error:  # noqa: BLE001 - what no reader expected is the file's fault until proven ours
                facts, blob = {"problem": f"opening it failed in an unforeseen way ({type(error).__name__})"}, b""
            head = json.dumps(facts).encode()
            self._channel.send(ANSWER, len(head).to_bytes(4, "big") + head + blob)
            if is_spent:
                return

    def _fetch(self, offset: int, size_bytes: int) -> memoryview:
        self._channel.send(RANGE, RANGE_FORM.pack(offset, min(size_bytes, WINDOW_BYTES)))
        return self._content()

    def _borrow(self) -> PlainFile:
        from workstation.door.lent_file import take_over

        self._channel.send(PLAIN)
        kind, body = self._channel.receive()
        if kind != PLAIN:
            raise ValueError(f"sent {kind!r}")
        return take_over(body, self._handover)

    def _content(self) -> memoryview:
        """Bytes that the program has put into the window, or sent."""
        kind, body = self._channel.receive()
        if kind != CONTENT:
            raise ValueError(f"sent {kind!r}")
        return memoryview(body) if self._window is None else memoryview(self._window)[: int.from_bytes(body, "big")]

    def _alive(self) -> None:
        now = time.monotonic()
        if now - self._signed_at > SIGN_OF_LIFE_S:
            self._signed_at = now
            self._channel.send(ALIVE)


def main(arguments: list[str]) -> None:
    """Take on the limits, keep the pipes for the messages alone, and serve."""
    check_name, memory_bytes, shared, handover = arguments
    channel = Channel(os.dup(0), os.dup(1))
    nowhere = os.open(os.devnull, os.O_RDWR)
    for standard in (0, 1, 2):
        os.dup2(nowhere, standard)  # a library that prints must not be taken for an answer
    limit_this_process(int(memory_bytes))
    # pydicom would import it, to download test files: a quarter of the time this process takes to start.
    sys.modules["requests"] = None  # type: ignore[assignment]
    module, _, function = check_name.partition(":")
    __import__(module)
    _Server(channel, getattr(sys.modules[module], function), int(shared), int(handover)).serve()


if __name__ == "__main__":
    main(sys.argv[1:])
