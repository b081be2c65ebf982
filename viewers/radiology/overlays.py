"""Overlay planes (group 60xx) as a mask over the image (DICOM PS3.3 C.9.2)."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from viewers.radiology.display_facts import Overlay


def overlay_mask(overlays: Sequence[Overlay], rows: int, columns: int) -> NDArray[np.bool_] | None:
    """(rows, columns), true where any plane has a set bit; None where there are no planes. Parts outside are cut."""
    if not overlays:
        return None
    mask = np.zeros((rows, columns), np.bool_)
    for overlay in overlays:
        count = overlay.rows * overlay.columns
        bits = np.unpackbits(np.frombuffer(overlay.packed, np.uint8), bitorder="little", count=count)
        plane = bits.reshape(overlay.rows, overlay.columns).astype(np.bool_)
        top, left = max(0, overlay.row), max(0, overlay.column)
        bottom, right = min(rows, overlay.row + overlay.rows), min(columns, overlay.column + overlay.columns)
        if top < bottom and left < right:
            mask[top:bottom, left:right] |= plane[
                top - overlay.row : bottom - overlay.row, left - overlay.column : right - overlay.column
            ]
    return mask
