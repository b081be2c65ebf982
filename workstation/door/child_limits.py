"""What a child that opens foreign files may use: memory, time, files, no network. Called in the child, for itself.

Linux: address space, processor time, open files, no written file, no core dump; no network where the kernel lets a
process leave it (user namespaces); no new privileges. macOS: the resource limits only. Windows: a job object that
limits memory and processes and dies with its parent; written, never run.
"""

from __future__ import annotations

import ctypes
import sys
from contextlib import suppress

MEMORY_BYTES = 2 << 30
"""Address space: the libraries take 0.15 GB of it, the largest image that is shown some 0.8 GB while it is decoded."""
OPEN_FILES = 64
_CLONE_NEWUSER, _CLONE_NEWNET, _CLONE_NEWIPC = 0x10000000, 0x40000000, 0x08000000
_PR_SET_NO_NEW_PRIVS = 38


def limit_this_process(memory_bytes: int = MEMORY_BYTES) -> tuple[str, ...]:
    """Give up what is not needed; the names of what is enforced."""
    if sys.platform == "win32":
        from workstation.door.windows_job import enter_job

        return enter_job(memory_bytes)
    import resource

    enforced = ["memory", "files", "no writing"]
    resource.setrlimit(resource.RLIMIT_AS, (memory_bytes, memory_bytes))
    resource.setrlimit(resource.RLIMIT_NOFILE, (OPEN_FILES, OPEN_FILES))
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    if sys.platform == "linux" and leave_network():
        enforced.append("no network")
    return tuple(enforced)


def leave_network() -> bool:
    """Whether this process now stands in a network of its own with nothing in it. Needs to have one thread only."""
    with suppress(OSError, AttributeError):
        libc = ctypes.CDLL(None, use_errno=True)
        libc.prctl(_PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)
        # A user namespace first: without it only root may leave the network.
        return bool(libc.unshare(_CLONE_NEWUSER | _CLONE_NEWNET | _CLONE_NEWIPC) == 0)
    return False


def allow_processor_time(seconds: float) -> None:
    """From now on; the kernel ends the process that uses more."""
    if sys.platform == "win32":
        return
    import resource

    usage = resource.getrusage(resource.RUSAGE_SELF)
    until = int(usage.ru_utime + usage.ru_stime + seconds) + 1
    resource.setrlimit(resource.RLIMIT_CPU, (until, resource.RLIM_INFINITY))
