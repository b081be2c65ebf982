"""What it takes that a written file is still there after the power went: names flushed, writers recognisable."""

from __future__ import annotations

import os
import secrets
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


def write_private(path: Path, content: bytes) -> None:
    """Put *content* at *path*, readable by its owner alone: the old file or the new one at any instant. OSError."""
    aside = path.with_name(f"{path.name}.{secrets.token_hex(8)}.part")
    try:
        with os.fdopen(os.open(aside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        aside.replace(path)
    except BaseException:
        aside.unlink(missing_ok=True)
        raise
    flush_directory(path.parent)
