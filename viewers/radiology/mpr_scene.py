"""What the views of one reconstruction share: its volume, where its three planes cross and how they are turned, slab
and window. No Qt: who shows it subscribes.

The planes stay perpendicular to each other; turning two of them once makes them oblique, twice double-oblique.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np

from viewers.geometry import Direction, PatientPoint, dot, unit
from viewers.radiology.frame import Series
from viewers.radiology.orthogonal_planes import Orientation, orthogonal_plane, plane_over
from viewers.radiology.slab import SlabMode
from viewers.radiology.slice_plane import SlicePlane
from viewers.radiology.voi_choice import file_voi
from viewers.radiology.volume import SeriesPixels
from viewers.radiology.volume_geometry import VolumeGeometry, VoxelPoint, volume_geometry
from viewers.radiology.voxel_volume import VoxelVolume, volume_of
from viewers.radiology.windowing import Voi

THICKNESSES_MM = (0.0, 3.0, 5.0, 10.0, 15.0, 20.0, 30.0, 50.0)
"""What the keys go through; dragging sets any."""
_THICKEST_MM = 200.0
_NOWHERE_MM = 1e-9


@dataclass(frozen=True, slots=True)
class Slab:
    """How thick the planes are, and what becomes of the values through them; 0 mm is a plane without thickness."""

    thickness_mm: float = 0.0
    mode: SlabMode = SlabMode.MAXIMUM


class MprScene:
    """One series as three planes through one point. UI thread only, but for `build_volume`."""

    def __init__(self, series: Series, pixels: SeriesPixels, at: PatientPoint | None = None) -> None:
        """The planes cross at *at*, by default in the volume's middle. Raises UnsupportedImage where the series is no
        volume."""
        self.series = series
        self.pixels = pixels
        self.geometry = volume_geometry(series)
        self.volume: VoxelVolume | None = None
        """What of it is here; None until the first is built."""
        self.slab = Slab()
        self.voi: Voi | None = None
        """The window of all planes; None for the file's."""
        self.is_inverted = False
        self._listeners: list[Callable[[], None]] = []
        self._directions: dict[Orientation, tuple[Direction, Direction]] = {}
        self._planes: dict[Orientation, SlicePlane] = {}
        self._opened_at = self.geometry.centre if at is None else at
        self.point = self._opened_at
        self._straighten()

    def subscribe(self, listener: Callable[[], None]) -> Callable[[], None]:
        """Call *listener* after every change; returns what ends it."""
        self._listeners.append(listener)
        return lambda: self._listeners.remove(listener) if listener in self._listeners else None

    # The volume ----------------------------------------------------------------------------------------------------

    def build_volume(self) -> VoxelVolume:
        """Of what is loaded by now, for `take_volume`. From any thread: it may have to compute every voxel."""
        return volume_of(self.pixels, self.geometry)

    def take_volume(self, volume: VoxelVolume) -> None:
        self.volume = volume
        self._changed()

    def extend(self, series: Series, pixels: SeriesPixels) -> None:
        """Go on with *series*, the same with more of its images. Raises UnsupportedImage where it is no volume now."""
        geometry = volume_geometry(series)
        self.series, self.pixels, self.geometry, self.volume = series, pixels, geometry, None
        self._planes.clear()
        self._changed()

    @property
    def file_voi(self) -> Voi | None:
        """The first window that the series' middle image states."""
        return file_voi(self.series.frames[len(self.series.frames) // 2].display)

    # Planes --------------------------------------------------------------------------------------------------------

    def plane(self, orientation: Orientation) -> SlicePlane:
        """The plane that started as *orientation*: large enough for all of the volume, pixels of its finest spacing."""
        if orientation not in self._planes:
            self._planes[orientation] = plane_over(self.geometry, self.point, *self._directions[orientation])
        return self._planes[orientation]

    def step_mm(self, orientation: Orientation) -> float:
        """How far apart parallel planes lie that miss no voxel."""
        inverse = np.linalg.inv(self.geometry.affine)[:3, :3]
        return float(1.0 / np.abs(inverse @ np.array(self.plane(orientation).normal)).max())

    def scroll(self, orientation: Orientation, steps: float) -> None:
        """Along the plane's normal, positive away from who looks at it."""
        self.move_along(orientation, steps * self.step_mm(orientation))

    def move_along(self, orientation: Orientation, by_mm: float) -> None:
        """The plane along its normal; stops where the volume ends."""
        self.move_to(_shifted(self.point, self.plane(orientation).normal, by_mm))

    def move_to(self, point: PatientPoint) -> None:
        """All planes through *point*, or as near to it as the volume reaches."""
        near = point
        for orientation in Orientation:
            normal = self.plane(orientation).normal
            depths = [dot(normal, corner) for corner in self.geometry.corners]
            depth = dot(normal, near)
            near = _shifted(near, normal, min(max(depth, min(depths)), max(depths)) - depth)
        if near != self.point:
            step = [a - b for a, b in zip(near, self.point, strict=True)]
            self.point = near
            # A plane that the point moved in is the same one still, and need not be cut anew for a rounding error.
            self._planes = {o: p for o, p in self._planes.items() if abs(dot(p.normal, step)) < _NOWHERE_MM}
            self._changed()

    def turn(self, seen: Orientation, degrees: float) -> None:
        """The other two planes around the line of sight on *seen*, clockwise as that is stored (unflipped)."""
        axis = self.plane(seen).normal
        for orientation in Orientation:
            if orientation is not seen:
                turned = self.plane(orientation).turned(axis, degrees, self.point)
                self._directions[orientation] = (turned.right, turned.down)
        self._planes.clear()
        self._changed()

    def reset(self) -> None:
        """Planes, slab, window as they opened."""
        self.point, self.slab, self.voi, self.is_inverted = self._opened_at, Slab(), None, False
        self._straighten()
        self._changed()

    def _straighten(self) -> None:
        for orientation in Orientation:
            plane = orthogonal_plane(self.geometry, orientation)
            self._directions[orientation] = (plane.right, plane.down)
        self._planes.clear()

    # Slab and window -----------------------------------------------------------------------------------------------

    def set_thickness(self, thickness_mm: float) -> None:
        self.slab = replace(self.slab, thickness_mm=min(max(thickness_mm, 0.0), _THICKEST_MM))
        self._changed()

    def thicker(self, steps: int) -> None:
        """To the next thickness of `THICKNESSES_MM` in that direction."""
        now = self.slab.thickness_mm
        onward = [t for t in THICKNESSES_MM if (t > now if steps > 0 else t < now)]
        if onward:
            self.set_thickness(onward[0] if steps > 0 else onward[-1])

    def next_mode(self) -> None:
        """MIP, MinIP, mean, and MIP again; a plane without thickness gets one, so that the mode is seen."""
        modes = list(SlabMode)
        if self.slab.thickness_mm == 0:
            self.slab = replace(self.slab, thickness_mm=10.0)
        else:
            self.slab = replace(self.slab, mode=modes[(modes.index(self.slab.mode) + 1) % len(modes)])
        self._changed()

    def set_voi(self, voi: Voi | None) -> None:
        self.voi = voi
        self._changed()

    def set_inverted(self, inverted: bool) -> None:
        self.is_inverted = inverted
        self._changed()

    def _changed(self) -> None:
        for listener in list(self._listeners):
            listener()


def middle_of_image(geometry: VolumeGeometry, index: int) -> PatientPoint:
    """The centre of the voxel in the middle of the image at *index*: planes through it lie on voxels."""
    return geometry.to_patient(VoxelPoint(geometry.places[index], geometry.rows // 2, geometry.columns // 2))


def _shifted(point: PatientPoint, direction: Sequence[float], by_mm: float) -> PatientPoint:
    x, y, z = (p + d * by_mm for p, d in zip(point, unit(direction), strict=True))
    return PatientPoint(x, y, z)
