"""Colours that DICOM states as CIELab (PS3.3 C.10.7.1.1), for the screen."""

from __future__ import annotations

from collections.abc import Sequence

_D50 = (0.96422, 1.0, 0.82521)
_TO_LINEAR_SRGB = (
    (3.1338561, -1.6168667, -0.4906146),
    (-0.9787684, 1.9161415, 0.0334540),
    (0.0719453, -0.2289914, 1.4052427),
)
"""From XYZ by D50, as the profile connection space has it; Bradford adaptation to D65 included."""
_STEP = 6 / 29


def srgb_of(stored: Sequence[float]) -> tuple[int, int, int] | None:
    """(red, green, blue) 0…255 of the three stored values of 16 bits; None where they are not that."""
    if len(stored) != 3 or not all(0 <= part <= 0xFFFF for part in stored):
        return None
    lightness = stored[0] / 0xFFFF * 100
    a, b = (part / 0xFFFF * 255 - 128 for part in stored[1:])
    middle = (lightness + 16) / 116
    xyz = [white * _unfolded(at) for white, at in zip(_D50, (middle + a / 500, middle, middle - b / 200), strict=True)]
    red, green, blue = (sum(k * part for k, part in zip(row, xyz, strict=True)) for row in _TO_LINEAR_SRGB)
    return (_companded(red), _companded(green), _companded(blue))


def _unfolded(value: float) -> float:
    return value**3 if value > _STEP else 3 * _STEP * _STEP * (value - 4 / 29)


def _companded(linear: float) -> int:
    linear = min(1.0, max(0.0, linear))
    shown = 12.92 * linear if linear <= 0.0031308 else 1.055 * linear ** (1 / 2.4) - 0.055
    return round(shown * 255)
