"""Holds off idle sleep on macOS, by the system's own `caffeinate`. Written after its manual page; nobody has run it."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Callable


class MacHold:
    """A `SleepHold`: a child that holds the assertion; it ends by itself when this process does."""

    def __init__(self) -> None:
        self._child: subprocess.Popen[bytes] | None = None

    def take(self, answered: Callable[[bool], None], lost: Callable[[], None]) -> None:  # noqa: ARG002 - never told
        self.release()
        try:
            # -i: the system does not sleep by itself; the display (-d) may.
            self._child = subprocess.Popen(
                ["/usr/bin/caffeinate", "-i", "-w", str(os.getpid())],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
            )
        except OSError:
            answered(False)
            return
        answered(True)

    def release(self) -> None:
        if self._child is not None:
            self._child.terminate()
            self._child.wait()
            self._child = None
