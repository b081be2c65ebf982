"""Checks that do in the child what hostile files do to a decoder; the file's first byte says which."""

from __future__ import annotations

import os
import signal
import socket
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from viewers.byte_source import ByteSource

CRASH, HANG, BUSY, FILL_MEMORY, NETWORK, WRITE, NOISE, GOOD, RAISE, SLOW = b"chbmnwogrs"


def check(request: dict[str, Any], source: ByteSource, alive: Callable[[], None]) -> tuple[dict[str, Any], bytes]:
    with source.open() as file:
        what = file.read(1)[0]
        if what == CRASH:
            os.kill(os.getpid(), signal.SIGSEGV)
        elif what == HANG:
            time.sleep(600)
        elif what == BUSY:
            while True:
                pass
        elif what == FILL_MEMORY:
            return {"filled": len(bytearray(16 << 30))}, b""
        elif what == NETWORK:
            return {"network": _connects(request["port"])}, b""
        elif what == WRITE:
            return {"written": _writes(Path(request["path_to_write"]))}, b""
        elif what == NOISE:
            os.write(1, b"A\xff\xff\xff\xff and more")
            print("a library that prints")
        elif what == SLOW:
            for _ in range(8):
                time.sleep(0.25)
                alive()
        elif what == RAISE:
            raise KeyError("something of the patient's")
        return {"pid": os.getpid(), "bytes": len(file.read()) + 1}, b"blob"


def _connects(port: int) -> bool:
    try:
        with socket.create_connection(("127.0.0.1", port), 2):
            return True
    except OSError:
        return False


def _writes(path: Path) -> bool:
    try:
        path.write_bytes(b"patient")
    except OSError:
        return False
    return path.read_bytes() == b"patient"
