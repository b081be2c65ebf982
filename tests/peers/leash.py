"""Holds one server: runs it until our standard input ends, then ends it and everything it ever started.

    python leash.py COMMAND…

Whoever starts this keeps the other end of our standard input. When they are gone, however they went, so are we.
Linux only: orphans of the server come to us (PR_SET_CHILD_SUBREAPER), so none can slip away.
"""

from __future__ import annotations

import ctypes
import os
import select
import signal
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path

_PR_SET_PDEATHSIG, _PR_SET_CHILD_SUBREAPER = 1, 36
_POLL_S = 0.1


def main() -> int:
    libc = ctypes.CDLL(None)
    libc.prctl(_PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
    child = subprocess.Popen(
        sys.argv[1:],
        stdin=subprocess.DEVNULL,
        # Should we ourselves be killed, the server gets the same.
        preexec_fn=lambda: libc.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0),
    )
    while child.poll() is None:
        readable, _, _ = select.select([0], [], [], _POLL_S)
        if readable and not os.read(0, 4096):
            break
    status = child.poll()
    _end_descendants()
    return 0 if status is None else status


def _end_descendants() -> None:
    """Kill until there is no child: what a killed one leaves behind becomes ours, and is next."""
    while children := _children():
        for pid in children:
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        with suppress(ChildProcessError):
            while os.waitpid(-1, os.WNOHANG)[0]:
                pass
        time.sleep(0.01)


def _children() -> list[int]:
    own = os.getpid()
    found = []
    for entry in Path("/proc").iterdir():
        with suppress(OSError, ValueError, IndexError):
            # After the command's name, which is in brackets and may hold anything: state, then the parent.
            fields = (entry / "stat").read_text("utf-8", errors="replace").rpartition(")")[2].split()
            if int(fields[1]) == own:
                found.append(int(entry.name))
    return found


if __name__ == "__main__":
    raise SystemExit(main())
