"""Another program, a process of its own, that has a profile open."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

_HOLD = (
    "import sys; from pathlib import Path; from sync.store.profile_lock import ProfileLock;"
    "lock = ProfileLock.take(Path(sys.argv[1]), 'the window'); print('held', flush=True); sys.stdin.read()"
)


@contextmanager
def held_by_another_program(directory: Path) -> Iterator[int]:
    """The window of another process has the profile in *directory* while the block lasts; yields its process number."""
    command = [sys.executable, "-c", _HOLD, str(directory)]
    holder = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    assert holder.stdin is not None and holder.stdout is not None
    try:
        assert holder.stdout.readline() == "held\n"
        yield holder.pid
    finally:
        holder.kill()
        holder.wait(10)
        holder.stdin.close()
        holder.stdout.close()
