"""The value under the pointer three ways: as the modality means it, as it is stored, as the grey it is shown with; and
the uptake value of a PET where there is one."""

from __future__ import annotations

from typing import Any

from numpy.typing import NDArray

from viewers.radiology.frame import Frame
from viewers.radiology.stack_words import value_text
from viewers.radiology.suv import NoSuv, SuvScale
from viewers.radiology.windowing import Voi, is_padding, modality_values, render_grey


def probed_words(
    frame: Frame,
    stored: NDArray[Any],
    column: int,
    row: int,
    voi: Voi | None,
    *,
    inverted: bool,
    uptake: SuvScale | NoSuv | None = None,
) -> str:
    """“217 HU  (17, 5)  stored 1241 · grey 128”; empty outside the image. Colours are as they are stored."""
    plain = value_text(frame, stored, column, row)
    if not plain or stored.ndim == 3 or frame.display.palette is not None:
        return plain
    one = stored[row : row + 1, column : column + 1]
    parts = [f"stored {_number(float(one[0, 0]))}"]
    if voi is not None:
        parts.append(f"grey {int(render_grey(one, frame.display, voi, inverted=inverted)[0, 0])}")
    no_image = is_padding(one, frame.display)
    if no_image is None or not no_image.any():
        plain = _with_uptake(plain, frame, one, uptake)
    return f"{plain}  {' · '.join(parts)}"


def uptake_words(uptake: SuvScale | NoSuv | None) -> str:
    """The formula with its inputs, one a line, or why there is no uptake value; empty where nothing is known yet."""
    if uptake is None:
        return ""
    if isinstance(uptake, NoSuv):
        return f"No SUV: {uptake.reason}"
    return "\n".join((uptake.formula, *(f"{name}: {value}" for name, value in uptake.inputs)))


def _with_uptake(plain: str, frame: Frame, one: NDArray[Any], uptake: SuvScale | NoSuv | None) -> str:
    if not isinstance(uptake, SuvScale):
        return plain
    value = float(modality_values(one, frame.display)[0, 0]) * uptake.factor
    shown = f"{uptake.name} {value:.2f} g/ml"
    # Stored as SUV already (Units GML): the same number twice would look like two.
    return f"{shown}  {plain[plain.rindex('(') :]}" if frame.display.unit == "GML" else f"{shown} = {plain}"


def _number(value: float) -> str:
    return f"{value:.0f}" if value.is_integer() else f"{value:.5g}"
