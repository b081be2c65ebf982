"""Holds off idle sleep on Windows. Written after Microsoft's documentation of SetThreadExecutionState; nobody has run
it."""

from __future__ import annotations

import ctypes
from collections.abc import Callable
from typing import Any

ES_CONTINUOUS, ES_SYSTEM_REQUIRED = 0x80000000, 0x1
"""The display (ES_DISPLAY_REQUIRED) may go off and lock."""


class WindowsHold:
    """A `SleepHold`. The state belongs to the thread that sets it: take and release on the UI thread."""

    def __init__(self) -> None:
        self._is_taken = False

    def take(self, answered: Callable[[bool], None], lost: Callable[[], None]) -> None:  # noqa: ARG002 - never told
        self._is_taken = _set_state(ES_CONTINUOUS | ES_SYSTEM_REQUIRED)
        answered(self._is_taken)

    def release(self) -> None:
        if self._is_taken:
            _set_state(ES_CONTINUOUS)
            self._is_taken = False


def _set_state(state: int) -> bool:
    kernel: Any = getattr(ctypes, "windll").kernel32  # noqa: B009 - exists on Windows only
    kernel.SetThreadExecutionState.argtypes = [ctypes.c_uint32]
    kernel.SetThreadExecutionState.restype = ctypes.c_uint32
    return bool(kernel.SetThreadExecutionState(state))
