"""Stored values to grey levels, in the order of DICOM PS3.4 N.2: Modality LUT, VOI LUT, presentation (inversion).

Which window is wanted is decided in `voi_choice` and by the reader; colour and palette images are in `colour`.
"""

from __future__ import annotations

from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from viewers.radiology.display_facts import DisplayFacts, LookupTable, VoiFunction, VoiWindow

__all__ = [
    "GreyTable",
    "LookupTable",
    "Voi",
    "VoiFunction",
    "VoiWindow",
    "is_padding",
    "modality_values",
    "render_grey",
]

Voi = VoiWindow | LookupTable
"""What maps modality values to grey: a window, or a VOI LUT of the file."""

_WHITE = 255


def modality_values(stored: NDArray[Any], display: DisplayFacts) -> NDArray[np.float64]:
    """Modality values (``display.unit``) of stored values: Modality LUT, else rescale (PS3.3 C.11.1)."""
    if display.modality_lut is not None:
        return _looked_up(stored.astype(np.float64), display.modality_lut).astype(np.float64)
    return stored.astype(np.float64) * display.slope + display.intercept


def _looked_up(values: NDArray[np.float64], table: LookupTable) -> NDArray[np.int64]:
    """Entries of a table; values before its first and after its last take the first and last entry."""
    entries = np.array(table.entries, np.int64)
    # Clipped before they become integers, which have no room for what a floating point image may hold.
    last = table.first_mapped + len(entries) - 1
    rounded = np.floor(np.clip(np.nan_to_num(values), table.first_mapped, last) + 0.5)
    found: NDArray[np.int64] = entries[rounded.astype(np.int64) - table.first_mapped]
    return found


def _deepest(table: LookupTable) -> float:
    """What of a table's entries is white: its depth, or what it holds where that is more (seen in the field)."""
    return float(max((1 << table.bits) - 1, max(table.entries)))


def _fraction(values: NDArray[np.float64], voi: Voi) -> NDArray[np.float64]:
    """Modality values to 0…1 (PS3.3 C.11.2.1.2 with ymin 0 and ymax 1; a VOI LUT by its own depth)."""
    if isinstance(voi, LookupTable):
        return _looked_up(values, voi) / _deepest(voi)
    centre, width = voi.centre, voi.width
    if voi.function is VoiFunction.SIGMOID:
        return 1.0 / (1.0 + np.exp(np.clip(-4.0 * (values - centre) / width, -700.0, 700.0)))
    if voi.function is VoiFunction.LINEAR:
        centre, width = centre - 0.5, width - 1.0
    if width <= 0:
        return np.where(values > centre, 1.0, 0.0)
    return np.clip((values - centre) / width + 0.5, 0.0, 1.0)


def render_grey(stored: NDArray[Any], display: DisplayFacts, voi: Voi, *, inverted: bool = False) -> NDArray[np.uint8]:
    """Grey levels 0…255 of stored values, same shape.

    *inverted* is the reader's wish and comes on top of what the image itself asks for (MONOCHROME1). Padding, and what
    is no number, is black whatever is inverted: it is not image.
    """
    fraction = _fraction(modality_values(stored, display), voi)
    if display.presentation_lut is not None:
        table = display.presentation_lut
        fraction = _looked_up(fraction * (len(table.entries) - 1) + table.first_mapped, table) / _deepest(table)
    if display.inverted != inverted:
        fraction = 1.0 - fraction
    no_image = is_padding(stored, display)
    if no_image is not None:
        fraction = np.where(no_image, 0.0, fraction)
    grey: NDArray[np.uint8] = np.floor(fraction * _WHITE + 0.5).astype(np.uint8)
    return grey


def is_padding(stored: NDArray[Any], display: DisplayFacts) -> NDArray[np.bool_] | None:
    """Which stored values are no image: the padding range, and NaN; None where there can be none of either."""
    padded: NDArray[np.bool_] | None = None
    if display.padding is not None:
        low, high = display.padding
        padded = (stored >= low) & (stored <= high)
    if stored.dtype.kind != "f":
        return padded
    undefined: NDArray[np.bool_] = np.isnan(stored)
    return undefined if padded is None else padded | undefined


class GreyTable:
    """`render_grey` for one window, ready to be applied to image after image.

    Integers of up to 16 bits go through a table of every possible value, so the result is exactly `render_grey`'s;
    others (32-bit, floating point) are computed.
    """

    def __init__(self, dtype: np.dtype[Any], display: DisplayFacts, voi: Voi, *, inverted: bool = False) -> None:
        self._display, self._voi, self._inverted = display, voi, inverted
        self._table: NDArray[np.uint8] | None = None
        if dtype.kind in "iu" and dtype.itemsize <= 2:
            bits = dtype.itemsize * 8
            every = np.arange(1 << bits, dtype=np.uint16 if bits == 16 else np.uint8).view(dtype)
            self._table = render_grey(every, display, voi, inverted=inverted)

    def apply(self, stored: NDArray[Any]) -> NDArray[np.uint8]:
        """Grey levels of stored values (rows, columns), C-contiguous."""
        if self._table is None:
            return render_grey(stored, self._display, self._voi, inverted=self._inverted)
        unsigned: Any = np.ascontiguousarray(stored).view(np.uint16 if stored.dtype.itemsize == 2 else np.uint8)
        grey: Any = cv2.LUT(unsigned, self._table)
        return np.asarray(grey, np.uint8)
