"""A copy that lies unencrypted on the disk while a slide is open, in a folder of this user's; only by site policy.

On Linux it has no name: whatever ends the program, the file ends with it. Elsewhere it has one, and `sweep_scratch`
removes what a kill left. That way has not been tried on Windows or macOS.
"""

from __future__ import annotations

import os
import shutil
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from viewers.pathology.plain_file import CopiedSource, NoPlainFile, OnCopied, PlainFile, copy_bytes

KEPT_FREE_BYTES = 1 << 30
_PREFIX = "open-"


def copy_to_scratch(
    source: CopiedSource, folder: Path, on_copied: OnCopied = lambda _done: None, *, nameless: bool | None = None
) -> PlainFile:
    """*source* as a file below *folder*. NoPlainFile where the disk does not take it; what reading *source* raises.

    *nameless*: by default where the system can open a file that has no name.
    """
    nameless = sys.platform == "linux" if nameless is None else nameless
    with _disk_for(source):
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        folder.chmod(0o700)
        if shutil.disk_usage(folder).free - KEPT_FREE_BYTES < source.size_bytes:
            raise NoPlainFile(f"{source.name} does not fit on this computer's disk a second time; make room there.")
        handle, name = tempfile.mkstemp(prefix=_PREFIX, dir=folder)
    path = Path(name)

    def write(part: memoryview) -> int:
        with _disk_for(source):
            return os.write(handle, part)

    try:
        if nameless:
            path.unlink()
        copy_bytes(source, write, on_copied)
    except BaseException:
        _remove(path, handle)
        raise
    shown = Path(f"/proc/self/fd/{handle}") if nameless else path
    return PlainFile(shown, lies_on_disk=True, handle=handle, on_close=lambda: _remove(path, handle))


@contextmanager
def _disk_for(source: CopiedSource) -> Iterator[None]:
    """What the system refuses here is the disk; what reading *source* raises is not ours to explain."""
    try:
        yield
    except OSError as error:
        raise NoPlainFile(f"{source.name} cannot be laid on this computer's disk ({error.strerror}).") from error


def sweep_scratch(folder: Path) -> int:
    """Remove what was left there by a program that was killed; how many files that were. No other program may be using
    the folder."""
    removed = 0
    with suppress(OSError):
        for path in folder.iterdir():
            if path.name.startswith(_PREFIX):
                path.unlink()
                removed += 1
        folder.rmdir()
    return removed


def _remove(path: Path, handle: int) -> None:
    os.close(handle)
    with suppress(OSError):  # Windows keeps a file that another handle has open; the next start takes it
        path.unlink(missing_ok=True)
