"""What it takes that a written file is still there after the power went: names flushed, writers recognisable."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import BinaryIO

if sys.platform != "win32":  # a file held open on Windows can be neither removed nor renamed, which is lock enough
    import fcntl


def flush_directory(directory: Path) -> None:
    """Make the names in *directory* durable; Windows does so by itself and cannot open a directory."""
    if sys.platform == "win32":
        return
    handle = os.open(directory, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def hold_while_writing(file: BinaryIO) -> None:
    """Mark *file* as being written until it is closed or its program ends, however it ends."""
    if sys.platform != "win32":
        fcntl.flock(file, fcntl.LOCK_EX)


def is_being_written(path: Path) -> bool:
    """Whether some living program holds *path*."""
    if sys.platform != "win32":
        with path.open("rb") as file:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                return True
    return False
