"""``python -m tests.benchmarks``: every row with its ratio, and the machine it was measured on."""

from __future__ import annotations

import os
import platform
from pathlib import Path

from tests.benchmarks import (
    decode_speed,
    series_opening,
    slide_field,
    transfer_speed,
    volume_cutting,
    window_shown,
    worklist_scale,
)
from tests.benchmarks.stopwatch import Row


def _machine() -> str:
    model = platform.processor() or platform.machine()
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
        model = next(line.split(":", 1)[1].strip() for line in lines if line.startswith("model name"))
    except (OSError, StopIteration):
        pass
    return (
        f"{model}, {os.cpu_count()} cores, {platform.system()} {platform.release()}, Python {platform.python_version()}"
    )


def main() -> None:
    """Print the table; trust ratios, treat less than 1.5 × as a tie."""
    os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
    print(f"Measured on {_machine()}; medians.")
    print(f"{'action':44} {'ms':>9} {'×':>7}  of {'reference':44} {'ms':>9}   bar")
    parts = (window_shown, series_opening, decode_speed, volume_cutting, slide_field, worklist_scale, transfer_speed)
    for part in parts:
        for row in part.rows():
            _show(row)


def _show(row: Row) -> None:
    print(
        f"{row.action:44} {row.ms:9.1f} {row.ratio:7.2f}  of {row.reference:44} {row.reference_ms:9.1f}   {row.bar}",
        flush=True,
    )


if __name__ == "__main__":
    main()
