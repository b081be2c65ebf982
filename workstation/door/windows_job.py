"""The limits of a checking child on Windows: a job object with a memory limit, one process, dying with its handle.

Written after Microsoft's documentation of SetInformationJobObject; nobody has run it.
"""

from __future__ import annotations

import ctypes
from typing import Any

_PROCESS_MEMORY, _ACTIVE_PROCESS, _DIE_ON_UNHANDLED, _KILL_ON_CLOSE = 0x100, 0x8, 0x400, 0x2000
_EXTENDED_LIMIT_INFORMATION = 9


class _BasicLimits(ctypes.Structure):
    _fields_ = [
        ("per_process_user_time", ctypes.c_int64), ("per_job_user_time", ctypes.c_int64),
        ("limit_flags", ctypes.c_uint32), ("minimum_working_set", ctypes.c_size_t),
        ("maximum_working_set", ctypes.c_size_t), ("active_process_limit", ctypes.c_uint32),
        ("affinity", ctypes.c_size_t), ("priority_class", ctypes.c_uint32), ("scheduling_class", ctypes.c_uint32),
    ]  # fmt: skip


class _ExtendedLimits(ctypes.Structure):
    _fields_ = [
        ("basic", _BasicLimits), ("io_counters", ctypes.c_uint64 * 6), ("process_memory", ctypes.c_size_t),
        ("job_memory", ctypes.c_size_t), ("peak_process_memory", ctypes.c_size_t), ("peak_job_memory", ctypes.c_size_t),
    ]  # fmt: skip


_job: Any = None


def enter_job(memory_bytes: int) -> tuple[str, ...]:
    """Put this process into a job of its own; the names of what is enforced, none where Windows refused."""
    global _job
    kernel: Any = getattr(ctypes, "windll").kernel32  # noqa: B009 - exists on Windows only
    kernel.CreateJobObjectW.restype = kernel.GetCurrentProcess.restype = ctypes.c_void_p
    job = kernel.CreateJobObjectW(None, None)
    limits = _ExtendedLimits()
    limits.basic.limit_flags = _PROCESS_MEMORY | _ACTIVE_PROCESS | _DIE_ON_UNHANDLED | _KILL_ON_CLOSE
    limits.basic.active_process_limit = 1
    limits.process_memory = memory_bytes
    set_limits = kernel.SetInformationJobObject(
        ctypes.c_void_p(job), _EXTENDED_LIMIT_INFORMATION, ctypes.byref(limits), ctypes.sizeof(limits)
    )
    if not set_limits or not kernel.AssignProcessToJobObject(
        ctypes.c_void_p(job), ctypes.c_void_p(kernel.GetCurrentProcess())
    ):
        return ()
    _job = job  # held until the process ends: closing the handle ends the process
    return ("memory", "one process")
