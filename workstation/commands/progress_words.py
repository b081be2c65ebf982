"""How far a long piece of work is, on standard error: one live line on a terminal, a line each quarter elsewhere."""

from __future__ import annotations

import shutil
import sys
from typing import TextIO

QUARTERS = 4
CLEAR_LINE = "\r\x1b[K"


class ProgressWords:
    """Call it with a text and 0..1 as the work goes on, and `done` before anything else is written."""

    def __init__(self, what: str, stream: TextIO | None = None) -> None:
        """*what* is being done, such as “Building the demo hospital”."""
        self._what = what
        self._stream = stream or sys.stderr
        self._is_live = self._stream.isatty()
        self._quarter = -1
        self._is_on_line = False

    def __call__(self, text: str, fraction: float) -> None:
        if self._is_live:
            columns = shutil.get_terminal_size().columns
            line = f"{self._what}: {fraction:4.0%} {text}"[: columns - 1]  # a wrapped line could not be taken back
            self._write(f"{CLEAR_LINE}{line}")
            self._is_on_line = True
            return
        quarter = int(fraction * QUARTERS)
        if quarter > self._quarter:
            self._quarter = quarter
            self._write(f"{self._what}: {quarter * 100 // QUARTERS}%\n")

    def done(self) -> None:
        """The live line goes; what was written line by line stays."""
        if self._is_on_line:
            self._is_on_line = False
            self._write(CLEAR_LINE)

    def _write(self, text: str) -> None:
        self._stream.write(text)
        self._stream.flush()
