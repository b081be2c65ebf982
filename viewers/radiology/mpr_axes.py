"""The lines of the other planes on one plane of a reconstruction: where they run, what the pointer holds. No Qt.

All positions are pixels of the plane's picture, distances in screen pixels are given with the screen's scale.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from math import atan2, degrees, hypot
from typing import Literal

from viewers.geometry import PatientPoint, PixelPoint, dot
from viewers.radiology.mpr_scene import MprScene
from viewers.radiology.orthogonal_planes import Orientation

Part = Literal["crossing", "line", "end", "face"]
"""The crossing moves all planes but the one seen, a line moves its plane, an end turns both, a face sets the slab."""

COLOURS = {Orientation.AXIAL: "#ff7878", Orientation.CORONAL: "#6edc82", Orientation.SAGITTAL: "#ffd666"}
"""Of the planes' lines wherever they are drawn, and of the bar at the edge of each plane's own view."""


@dataclass(frozen=True, slots=True)
class Axis:
    """The line of the plane ``of``: through ``crossing``, ``along`` (one pixel long); its plane moves ``across``.

    ``half_slab_px`` is where the slab's faces run beside it, 0 without a slab; ``reach_px`` how far from the crossing
    its ends are.
    """

    of: Orientation
    crossing: PixelPoint
    along: tuple[float, float]
    across: tuple[float, float]
    half_slab_px: float
    reach_px: float

    @property
    def ends(self) -> tuple[PixelPoint, PixelPoint]:
        """Where it is taken hold of to turn it."""
        (x, y), (dx, dy), reach = self.crossing, self.along, self.reach_px
        return PixelPoint(x - dx * reach, y - dy * reach), PixelPoint(x + dx * reach, y + dy * reach)

    def offsets(self, at: PixelPoint) -> tuple[float, float]:
        """How far *at* lies from the crossing along and across the line."""
        x, y = at.column - self.crossing.column, at.row - self.crossing.row
        return x * self.along[0] + y * self.along[1], x * self.across[0] + y * self.across[1]


@dataclass(frozen=True, slots=True)
class Grip:
    """What the pointer is on: which part, and of which plane's line."""

    part: Part
    of: Orientation


def axes_on(scene: MprScene, seen: Orientation, reach_px: float) -> Iterator[Axis]:
    """The two lines on the plane *seen*."""
    plane = scene.plane(seen)
    crossing = plane.to_pixel(scene.point)
    for of in Orientation:
        if of is not seen:
            normal = scene.plane(of).normal
            across = (dot(normal, plane.right), dot(normal, plane.down))
            half = scene.slab.thickness_mm / 2 / plane.spacing_mm
            yield Axis(of, crossing, (-across[1], across[0]), across, half, reach_px)


def grip_at(axes: tuple[Axis, ...], at: PixelPoint, slip_px: float) -> Grip | None:
    """What lies within *slip_px* of *at*: the crossing first, then ends, lines, and faces of the slab."""
    if not axes:
        return None
    if hypot(at.column - axes[0].crossing.column, at.row - axes[0].crossing.row) <= 1.5 * slip_px:
        return Grip("crossing", axes[0].of)
    for axis in axes:
        if any(hypot(at.column - end.column, at.row - end.row) <= 1.5 * slip_px for end in axis.ends):
            return Grip("end", axis.of)
    for axis in axes:
        if abs(axis.offsets(at)[1]) <= slip_px:
            return Grip("line", axis.of)
    for axis in axes:
        if axis.half_slab_px > 2 * slip_px and abs(abs(axis.offsets(at)[1]) - axis.half_slab_px) <= slip_px:
            return Grip("face", axis.of)
    return None


class AxisDrag:
    """One drag of a `Grip` on the plane *seen*, from *start*: what was taken hold of stays under the pointer."""

    def __init__(self, scene: MprScene, seen: Orientation, grip: Grip, start: PixelPoint) -> None:
        self._scene, self._seen, self._grip = scene, seen, grip
        self._last = start
        self._held = self._beside_crossing(start)

    def move(self, at: PixelPoint) -> None:
        """The pointer is at *at* now, in pixels of the plane seen."""
        scene, normal = self._scene, self._scene.plane(self._grip.of).normal
        away = self._beside_crossing(at)
        step = [a - h for a, h in zip(away, self._held, strict=True)]
        if self._grip.part == "crossing":
            scene.move_to(PatientPoint(*(p + s for p, s in zip(scene.point, step, strict=True))))
        elif self._grip.part == "line":
            scene.move_along(self._grip.of, dot(normal, step))
        elif self._grip.part == "face":
            scene.set_thickness(round(2 * abs(dot(normal, away)), 1))
        else:
            centre = scene.plane(self._seen).to_pixel(scene.point)
            turned = _angle(centre, at) - _angle(centre, self._last)
            scene.turn(self._seen, (turned + 180.0) % 360.0 - 180.0)
        self._last = at

    def _beside_crossing(self, at: PixelPoint) -> list[float]:
        """From where the planes cross to *at*, in mm of the patient."""
        here = self._scene.plane(self._seen).to_patient(at)
        return [a - b for a, b in zip(here, self._scene.point, strict=True)]


def _angle(centre: PixelPoint, at: PixelPoint) -> float:
    return degrees(atan2(at.row - centre.row, at.column - centre.column))
