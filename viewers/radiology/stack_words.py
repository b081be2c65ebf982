"""The words over a stack: corner text, warnings, the value under the pointer. The view is `stack_view`."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from viewers.calibration import Calibration
from viewers.image_place import ImagePlace
from viewers.image_text import CornerText
from viewers.radiology.colour import understands
from viewers.radiology.display_orientation import letters_of
from viewers.radiology.frame import Frame, Series
from viewers.radiology.unit_words import unit_words
from viewers.radiology.windowing import LookupTable, Voi, VoiFunction, is_padding, modality_values

_AXIS_LETTERS = (("L", "R"), ("P", "A"), ("H", "F"))


def corner_text(
    series: Series, index: int, voi: Voi | None, *, inverted: bool, zoom: float, is_whole: bool = True
) -> CornerText:
    """The four corners for one frame; *zoom* is screen pixels per image pixel, *is_whole* as `place_of` takes it."""
    frame = series.frames[index]
    study = " ".join(part for part in (_date(series.study_date), series.study_description) if part)
    words = place_of(series, index, is_whole=is_whole).words
    # On two lines: a corner is narrow, and neither number may be torn apart.
    number, _, dicom = words.partition(" (")
    place = [number[0].upper() + number[1:], f"({dicom}"]
    if frame.geometry is not None:
        place.append(position_text(frame))
    if frame.thickness_mm:
        place.append(f"Thickness {frame.thickness_mm:.3g} mm")
    side = {"R": "Right", "L": "Left", "B": "Both sides"}.get(frame.laterality, frame.laterality)
    if side or frame.view:
        place.append(f"{side} {frame.view}".strip())
    window = [colour_text(frame)] if voi is None else [window_text(voi, frame.display.unit)]
    if frame.display.supplement is not None:
        window.append(f"In the file's own colours from {frame.display.supplement.first_mapped} on")
    if inverted:
        window.append("Inverted")
    scale = f"Zoom {zoom * 100:.0f} %" + (" (reduced)" if zoom < 0.995 else "")
    return CornerText(
        top_left=tuple(part for part in (series.title, study) if part),
        top_right=tuple(place),
        bottom_left=tuple(window),
        bottom_right=(scale, calibration_text(series.calibration)),
    )


def place_of(series: Series, index: int, *, is_whole: bool = True) -> ImagePlace:
    """Which image of *series* the frame at *index* is; not *is_whole* while images of the DICOM series are missing."""
    frame = series.frames[index]
    return ImagePlace(
        image=index + 1,
        images=len(series.frames),
        instance_number=frame.instance_number,
        is_number_shared=frame.instance_number in series.shared_numbers,
        frame_number=frame.frame_number if frame.layout.frame_count > 1 else None,
        part=series.part,
        parts=series.parts,
        is_whole=is_whole,
    )


def window_text(voi: Voi, unit: str) -> str:
    """Centre, width and where they come from."""
    if isinstance(voi, LookupTable):
        return f"VOI LUT {voi.explanation}".strip()
    words_of_unit = unit_words(unit)
    shape = "" if voi.function is VoiFunction.LINEAR else f" {voi.function.value.lower().replace('_', ' ')}"
    words = f" · {voi.explanation}" if voi.explanation else ""
    centre, width = voi.numbers
    return f"C {centre}  W {width}{f' {words_of_unit}' if words_of_unit else ''}{shape}{words}"


def colour_text(frame: Frame) -> str:
    """What the colours of a picture without a window are meant in."""
    if not frame.display.icc:
        return "Colours assumed sRGB"
    return (
        "Colours by ICC profile" if understands(frame.display.icc) else "ICC profile unreadable: colours assumed sRGB"
    )


def calibration_text(calibration: Calibration) -> str:
    """Pixel size and how it is known, or px."""
    if calibration.column_mm is None or calibration.row_mm is None:
        return "Lengths in px: not calibrated"
    size = f"{calibration.column_mm:.3g}"
    if abs(calibration.column_mm - calibration.row_mm) > 1e-4:
        size = f"{size} × {calibration.row_mm:.3g}"
    return f"{size} mm/px, {calibration.kind.value}"


def notices(series: Series, waiting: int, unreadable: int, expected: int | None, error: str) -> tuple[str, ...]:
    """Every sentence that must lie on the image now.

    *waiting* frames are still being read, *unreadable* ones never will be; *expected* is how many images the hospital
    listed, where that is known.
    """
    total = len(series.frames)
    images = "image" if total == 1 else "images"
    sentences = []
    if expected is not None and expected > total:
        sentences.append(f"{total} of {expected} images here.")
    if unreadable:
        sentences.append(f"{unreadable} of {total} {images} cannot be shown.")
    if waiting:
        sentences.append(f"Loading: {total - waiting} of {total} {images}.")
    if error:
        sentences.append(error)
    return (*sentences, *series.warnings)


def value_text(frame: Frame, stored: NDArray[Any], column: int, row: int) -> str:
    """The value of one pixel in modality units with where it is; empty outside the image."""
    if not (0 <= row < stored.shape[0] and 0 <= column < stored.shape[1]):
        return ""
    where = f"({column}, {row})"
    value = stored[row, column]
    if stored.ndim == 3:
        return f"R {value[0]}  G {value[1]}  B {value[2]}  {where}"
    if frame.display.palette is not None:
        return f"index {value}  {where}"
    display = frame.display
    no_image = is_padding(np.asarray(value), display)
    if no_image is not None and no_image:
        return f"no image (padding)  {where}"
    modality = float(modality_values(np.array([value]), display)[0])
    shown = f"{modality:.0f}" if modality.is_integer() else f"{modality:.5g}"
    unit = unit_words(display.unit)
    return f"{shown}{f' {unit}' if unit else ''}  {where}"


def position_text(frame: Frame) -> str:
    """Where the image's plane crosses the patient axis it is most perpendicular to ("H 120.5 mm")."""
    plane = frame.geometry
    assert plane is not None
    normal = plane.normal
    axis = max(range(3), key=lambda part: abs(normal[part]))
    # The coordinate of the image's centre, which for oblique planes is what a reader looks at.
    across = plane.column_spacing_mm * (frame.layout.columns - 1) / 2
    down = plane.row_spacing_mm * (frame.layout.rows - 1) / 2
    centre = plane.position[axis] + plane.row_direction[axis] * across + plane.column_direction[axis] * down
    oblique = "" if abs(normal[axis]) > 0.98 else f"  oblique ({letters_of(normal)})"
    return f"{_AXIS_LETTERS[axis][0 if centre >= 0 else 1]} {abs(centre):.1f} mm{oblique}"


def _date(stated: str) -> str:
    return f"{stated[:4]}-{stated[4:6]}-{stated[6:8]}" if len(stated) == 8 and stated.isdigit() else stated
