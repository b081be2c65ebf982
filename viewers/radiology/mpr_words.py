"""The words on a reconstruction: what it is, where it lies, how thick, what is missing, the value under the pointer."""

from __future__ import annotations

from collections.abc import Sequence

from viewers.geometry import PixelPoint
from viewers.image_text import CornerText
from viewers.radiology import stack_words
from viewers.radiology.mpr_cut import Cut
from viewers.radiology.mpr_scene import Slab
from viewers.radiology.orthogonal_planes import Orientation
from viewers.radiology.unit_words import unit_words
from viewers.radiology.volume import SeriesPixels
from viewers.radiology.windowing import Voi

_DIRECTIONS = (("L", "R"), ("P", "A"), ("H", "F"))


def corner_text(cut: Cut, orientation: Orientation, voi: Voi | None, *, inverted: bool, zoom: float) -> CornerText:
    """The four corners; *zoom* is screen pixels per pixel of the plane."""
    series, frame = cut.wish.series, cut.series.frames[0]
    name = f"MPR oblique, from {orientation.value}" if cut.wish.plane.is_oblique else f"MPR {orientation.value}"
    window = () if voi is None else (stack_words.window_text(voi, frame.display.unit),)
    return CornerText(
        top_left=(series.title,),
        top_right=(name, stack_words.position_text(frame), slab_text(cut.wish.slab), *_coarse_text(cut)),
        bottom_left=(*window, *(("Inverted",) if inverted else ())),
        bottom_right=(f"Zoom {zoom * 100:.0f} %", f"{cut.wish.plane.spacing_mm:.3g} mm/px, computed"),
    )


def slab_text(slab: Slab) -> str:
    """What a pixel's value is made of."""
    if slab.thickness_mm <= 0:
        return "Interpolated between slices"
    return f"Slab {slab.thickness_mm:.3g} mm, {slab.mode.value}"


def _coarse_text(cut: Cut) -> tuple[str, ...]:
    return ("Coarse while moving",) if cut.wish.is_coarse else ()


def notices(cut: Cut | None, pixels: SeriesPixels, expected: int | None) -> tuple[str, ...]:
    """Every sentence that must lie on the picture now; *expected* is how many images the hospital listed."""
    total, unreadable = len(pixels), pixels.unreadable_count
    waiting = total - pixels.loaded_count - unreadable if pixels.is_reading else 0
    sentences = []
    if expected is not None and expected > total:
        sentences.append(f"{total} of {expected} images here.")
    if unreadable:
        sentences.append(f"{unreadable} of {total} images cannot be shown: nothing is drawn in their place.")
    if waiting:
        sentences.append(f"Loading: {total - waiting} of {total} images; nothing is drawn between the others.")
    if cut is not None:
        # The first says that it is computed, as the corner does.
        sentences.extend(cut.series.warnings[1:])
    return tuple(sentences)


def value_text(cut: Cut, point: PixelPoint) -> str:
    """The value of the pixel at *point* of ``cut.cut.plane`` and its place in the patient; empty beside the picture."""
    column, row = int(point.column // 1), int(point.row // 1)
    values = cut.cut.values
    if not (0 <= row < values.shape[0] and 0 <= column < values.shape[1]):
        return ""
    where = place_text(cut.cut.plane.to_patient(PixelPoint(column + 0.5, row + 0.5)))
    if not cut.cut.inside[row, column]:
        return f"no image here  {where}"
    unit = unit_words(cut.wish.volume.unit)
    value = float(values[row, column])
    shown = f"{value:.0f}" if unit == "HU" or abs(value) >= 1000 else f"{value:.4g}"
    return f"{shown}{f' {unit}' if unit else ''}  {where}"


def place_text(point: Sequence[float]) -> str:
    """A patient point by its letters ("L 12.5  P 3.0  H 120.5 mm")."""
    parts = [f"{_DIRECTIONS[axis][0 if at >= 0 else 1]} {abs(at):.1f}" for axis, at in enumerate(point)]
    return f"{'  '.join(parts)} mm"
