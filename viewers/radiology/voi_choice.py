"""Which window an image is shown with: the file's own, one from its values, or a named preset.

Applying a window is `windowing`; presets come from `resources/window_presets.json`.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from enum import Enum
from functools import cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from resources import resource
from viewers.errors import OutOfRange
from viewers.radiology.display_facts import DisplayFacts, VoiFunction, VoiWindow
from viewers.radiology.windowing import Voi, is_padding, modality_values

_TAIL_PERCENT = 0.5
_MOST_SAMPLES = 1 << 18


class WindowSource(Enum):
    """Where a preset's window comes from."""

    FIXED = "fixed"
    FILE = "file"
    AUTO = "auto"
    MINMAX = "minmax"


@dataclass(frozen=True, slots=True)
class WindowPreset:
    """A named window for one modality; ``centre`` and ``width`` are given for FIXED ones, in *unit*."""

    name: str
    source: WindowSource
    centre: float = 0.0
    width: float = 1.0
    width_factor: float = 1.0


@cache
def _all_presets() -> dict[str, tuple[WindowPreset, ...]]:
    document = json.loads(resource("window_presets.json").read_text(encoding="utf-8"))
    return {
        key: tuple(
            WindowPreset(
                entry["name"],
                WindowSource(entry.get("source", "fixed")),
                entry.get("centre", 0.0),
                entry.get("width", 1.0),
                entry.get("width_factor", 1.0),
            )
            for entry in entries
        )
        for key, entries in document["presets"].items()
    }


def presets_for(modality: str, unit: str) -> tuple[WindowPreset, ...]:
    """Up to nine presets, in the order of the number keys. Fixed windows are offered only for values in their unit."""
    every = _all_presets()
    return every.get(f"{modality} {unit}".strip(), every["any"])


def find_preset(name: str, modality: str, unit: str) -> WindowPreset:
    """The preset of that name, whatever its case. Raises OutOfRange with the names there are."""
    presets = presets_for(modality, unit)
    for preset in presets:
        if preset.name.casefold() == name.strip().casefold():
            return preset
    names = ", ".join(preset.name for preset in presets)
    raise OutOfRange(f"There is no window preset named {name} for {modality or 'this image'}; there are: {names}.")


def preset_voi(preset: WindowPreset, stored: NDArray[Any], display: DisplayFacts) -> Voi:
    """The window a preset means for this image."""
    if preset.source is WindowSource.FIXED:
        return VoiWindow.make(preset.centre, preset.width, explanation=preset.name)
    if preset.source is WindowSource.FILE:
        return file_voi(display) or auto_window(stored, display)
    if preset.source is WindowSource.MINMAX:
        return minmax_window(stored, display)
    auto = auto_window(stored, display)
    return VoiWindow.make(auto.centre, auto.width * preset.width_factor, explanation=preset.name)


def file_voi(display: DisplayFacts) -> Voi | None:
    """The first VOI the file states: its VOI LUT, else its first window (PS3.3 C.11.2)."""
    if display.voi_luts:
        return display.voi_luts[0]
    return display.windows[0] if display.windows else None


def default_voi(stored: NDArray[Any], display: DisplayFacts, modality: str) -> Voi:
    """What an image opens with: the file's VOI, else soft tissue for CT in HU, else a window from its values."""
    stated = file_voi(display)
    if stated is not None:
        return stated
    if modality == "CT" and display.unit == "HU":
        return preset_voi(presets_for("CT", "HU")[0], stored, display)
    return auto_window(stored, display)


def minmax_window(stored: NDArray[Any], display: DisplayFacts) -> VoiWindow:
    """The window from the smallest to the largest modality value, padding left out; both ends fully black and white."""
    values = _without_padding(stored, display)
    ends = modality_values(np.array([values.min(), values.max()]), display) if values.size else np.zeros(2)
    if display.modality_lut is not None:
        # A table need not be monotonic: the ends of its outputs are not the outputs of the ends.
        mapped = modality_values(values, display)
        ends = np.array([mapped.min(), mapped.max()])
    return _spanning(float(min(ends)), float(max(ends)), "min–max", whole=_is_whole(stored, display))


def auto_window(stored: NDArray[Any], display: DisplayFacts) -> VoiWindow:
    """A window over the bulk of the values: 0.5 % at either end is left to black and white."""
    mapped = shown_values(stored, display)
    low, high = np.percentile(mapped, (_TAIL_PERCENT, 100 - _TAIL_PERCENT))
    if high <= low:
        low, high = mapped.min(), mapped.max()
    return _spanning(float(low), float(high), "auto", whole=_is_whole(stored, display))


def shown_values(stored: NDArray[Any], display: DisplayFacts) -> NDArray[np.float64]:
    """Modality values of an image, padding left out, in no order; of a large one an even choice. Never empty."""
    values = _without_padding(stored, display).ravel()
    if values.size > _MOST_SAMPLES:
        values = values[:: values.size // _MOST_SAMPLES]
    return modality_values(values, display) if values.size else np.zeros(1)


def _is_whole(stored: NDArray[Any], display: DisplayFacts) -> bool:
    """Whether modality values are whole numbers, which the LINEAR function assumes."""
    return display.modality_lut is not None or (stored.dtype.kind != "f" and display.slope == int(display.slope))


def _spanning(low: float, high: float, explanation: str, *, whole: bool) -> VoiWindow:
    """The window that maps *low* to black and *high* to white exactly (PS3.3 C.11.2.1.2.1, C.11.2.1.3.2)."""
    if whole:
        return VoiWindow.make((low + high + 1) / 2, high - low + 1, explanation=explanation)
    return VoiWindow.make((low + high) / 2, high - low, VoiFunction.LINEAR_EXACT, explanation)


def _without_padding(stored: NDArray[Any], display: DisplayFacts) -> NDArray[Any]:
    values = stored[np.isfinite(stored)] if stored.dtype.kind == "f" else stored
    padded = is_padding(values, display)
    if padded is None:
        return values
    kept = values[~padded]
    return kept if kept.size else values
