"""Colours for values, as DICOM's well-known palettes have them (PS3.6 Annex B)."""

from __future__ import annotations

from functools import cache

import numpy as np
from numpy.typing import NDArray


@cache
def hot_iron() -> NDArray[np.uint8]:
    """(256, 3) RGB of the palette HOT_IRON (PS3.6 B.1.1): black, red, yellow, white. Not to be written to."""
    steps = np.arange(256)
    channels = (steps * 2, (steps - 128) * 2, (steps - 191) * 4)
    table = np.stack([np.clip(channel, 0, 255) for channel in channels], axis=1).astype(np.uint8)
    table[128:, 0] = table[255] = 255
    table.flags.writeable = False
    return table
