"""A crash leaves no picture of the memory on the disk: patients and keys are in it.

Two switches on Linux: the size limit for files, and the process's dumpable flag for programs that collect crashes
(core(5): the limit does not hold for those). Windows and macOS write dumps only where an administrator asked for them.
"""

from __future__ import annotations

import ctypes
import sys
from contextlib import suppress

PR_SET_DUMPABLE = 4


def forbid_core_dumps() -> None:
    """For this process; programs that it starts do it for themselves. Harmless to repeat."""
    if sys.platform == "win32":
        return
    import resource

    with suppress(ValueError, OSError):
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    if sys.platform == "linux":
        with suppress(OSError, AttributeError):
            ctypes.CDLL(None, use_errno=True).prctl(PR_SET_DUMPABLE, 0, 0, 0, 0)
