"""How large a pixel of each monitor is, as the reader measured it; kept by what the monitor calls itself."""

from __future__ import annotations

import json
import logging
from collections.abc import Callable

from PySide6.QtGui import QScreen

log = logging.getLogger("ui.screens")

SMALLEST_MM, LARGEST_MM = 0.02, 2.0
"""Of a device pixel: beyond it nobody measured a monitor."""


class ScreenSizes:
    """UI thread only. Each change is told to *on_changed*, as text that `read` takes."""

    def __init__(self, on_changed: Callable[[str], None] = lambda _text: None) -> None:
        self._on_changed = on_changed
        self._mm_per_px: dict[str, float] = {}

    def read(self, text: str) -> None:
        """What was kept before; what cannot be is left out, and logged."""
        try:
            kept = {str(name): float(mm) for name, mm in json.loads(text).items()}
        except (ValueError, TypeError, AttributeError):
            log.warning("the sizes of the monitors cannot be read; none is calibrated now")
            return
        self._mm_per_px = {name: mm for name, mm in kept.items() if SMALLEST_MM <= mm <= LARGEST_MM}

    def find(self, screen: QScreen) -> float | None:
        """Millimetres per device pixel; None for a monitor that was not measured, or not at this resolution."""
        return self._mm_per_px.get(name_of(screen))

    def put(self, screen: QScreen, mm_per_px: float) -> None:
        """What was measured on that monitor."""
        self._mm_per_px[name_of(screen)] = min(max(mm_per_px, SMALLEST_MM), LARGEST_MM)
        self._on_changed(json.dumps(self._mm_per_px))


def name_of(screen: QScreen) -> str:
    """Maker, model and serial number of its EDID, the connector where they are not told, and its resolution: another
    one makes the pixels another size."""
    told = [part for part in (screen.manufacturer(), screen.model(), screen.serialNumber()) if part]
    ratio = screen.devicePixelRatio()
    size = screen.size()
    name = " ".join(told) if screen.serialNumber() else " ".join((*told, screen.name()))
    return f"{name} {round(size.width() * ratio)}x{round(size.height() * ratio)}"
