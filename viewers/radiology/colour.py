"""Palette indices and RGB samples to 8-bit RGB (DICOM PS3.3 C.7.6.3.1.2, C.7.9). Grey images are in `windowing`."""

from __future__ import annotations

from functools import cache
from typing import Any

import imagecodecs
import numpy as np
from numpy.typing import NDArray

from viewers.radiology.display_facts import Palette


def render_palette(indices: NDArray[Any], palette: Palette) -> NDArray[np.uint8]:
    """(rows, columns) indices → (rows, columns, 3) RGB; indices outside the table take its first or last colour."""
    channels = np.array([palette.red, palette.green, palette.blue], np.uint32)
    # Eight significant bits: the upper byte, unless a 16-bit table holds 8-bit entries (seen in the field).
    if palette.bits > 8 and channels.max() > 255:
        channels >>= palette.bits - 8
    elif channels.max() > 255:
        channels >>= 8
    table = channels.astype(np.uint8).T
    rows = np.clip(indices.astype(np.int64) - palette.first_mapped, 0, table.shape[0] - 1)
    rgb: NDArray[np.uint8] = table[rows]
    return rgb


def render_rgb(samples: NDArray[Any], bits_stored: int) -> NDArray[np.uint8]:
    """(rows, columns, 3) samples of any depth → 8-bit RGB by their most significant bits."""
    if samples.dtype == np.uint8:
        return samples
    rgb: NDArray[np.uint8] = np.clip(samples >> max(0, bits_stored - 8), 0, 255).astype(np.uint8)
    return rgb


def to_srgb(rgb: NDArray[np.uint8], profile: bytes) -> NDArray[np.uint8]:
    """*rgb* as the ICC *profile* means it, in sRGB, by the profile's own intent; as it is where the profile is no use.

    Whether it was of use is said by `understands`.
    """
    if not understands(profile):
        return rgb
    managed: NDArray[np.uint8] = imagecodecs.cms_transform(
        np.ascontiguousarray(rgb), profile, _srgb(), colorspace="rgb"
    )
    return managed


@cache
def understands(profile: bytes) -> bool:
    """Whether *profile* is one of RGB that colours can be converted from."""
    try:
        imagecodecs.cms_profile_validate(profile)
        imagecodecs.cms_transform(np.zeros((1, 1, 3), np.uint8), profile, _srgb(), colorspace="rgb")
    except Exception:  # noqa: BLE001 - the codec raises its own kinds for a damaged profile
        return False
    return bool(profile)


@cache
def _srgb() -> bytes:
    profile: bytes = imagecodecs.cms_profile("srgb")
    return profile
