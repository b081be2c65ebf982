"""Contours filled into the voxels of a volume: a voxel belongs to a structure if its centre lies inside.

Contours of one image are joined by exclusive or, so that one inside another is a hole, as planning systems draw them
and as CLOSEDPLANAR_XOR prescribes (DICOM PS3.3 C.8.8.6). Nothing is filled between images that have no contour.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from viewers.radiology.structure_set import Structure
from viewers.radiology.volume_geometry import VolumeGeometry

_IN_PLANE = 0.1
"""How far, in steps between images, a contour's points may lie off their common plane."""


@dataclass(frozen=True, slots=True)
class FilledStructure:
    """Which voxels a structure holds, (slices, rows, columns), and how many of its contours could not be filled.

    ``beside`` counts contours that lie on none of the images, ``crossing`` those that run across images.
    """

    mask: NDArray[np.bool_]
    beside: int
    crossing: int

    @property
    def remarks(self) -> tuple[str, ...]:
        """Sentences for the reader on what is not in the mask."""
        found = []
        if self.beside:
            found.append(f"{self.beside} of its contours lie on none of these images and are left out.")
        if self.crossing:
            found.append(f"{self.crossing} of its contours run across these images and are left out.")
        return tuple(found)

    def volume_ml(self, geometry: VolumeGeometry) -> float:
        """Millilitres: voxels counted, each as large as the grid's step."""
        voxel_mm3 = abs(float(np.linalg.det(geometry.affine[:3, :3])))
        return float(np.count_nonzero(self.mask)) * voxel_mm3 / 1000


def fill_structure(structure: Structure, geometry: VolumeGeometry) -> FilledStructure:
    """The voxels of *structure* in a volume of the same frame of reference. Open contours and points hold no voxel."""
    mask = np.zeros(geometry.shape, np.bool_)
    inverse = np.linalg.inv(geometry.affine)
    places = np.array(geometry.places)
    beside = crossing = 0
    for contour in structure.contours:
        if not contour.encloses or len(contour.points) < 3:
            continue
        voxels = contour.points @ inverse[:3, :3].T + inverse[:3, 3]
        if np.ptp(voxels[:, 0]) > _IN_PLANE:
            crossing += 1
            continue
        place = float(voxels[:, 0].mean())
        nearest = int(np.abs(places - place).argmin())
        if abs(places[nearest] - place) > 0.5:
            beside += 1
            continue
        mask[nearest] ^= fill_polygon(voxels[:, [2, 1]], geometry.rows, geometry.columns)
    return FilledStructure(mask, beside, crossing)


def fill_polygon(points: NDArray[np.float64], rows: int, columns: int) -> NDArray[np.bool_]:
    """(rows, columns): pixels whose centre lies inside the closed polygon of *points*, (count, 2) as (i, j).

    A pixel's centre is at whole numbers. Even-odd; half-open along both axes, so that of two areas that share an edge
    each pixel belongs to exactly one.
    """
    a, b = points, np.roll(points, -1, axis=0)
    low, high = np.minimum(a[:, 1], b[:, 1]), np.maximum(a[:, 1], b[:, 1])
    first = np.clip(np.ceil(low), 0, rows).astype(np.intp)
    counts = np.maximum(np.clip(np.ceil(high), 0, rows).astype(np.intp) - first, 0)
    edges = np.repeat(np.arange(len(points)), counts)
    begins = np.repeat(np.cumsum(counts) - counts, counts)
    row = first[edges] + np.arange(len(edges)) - begins
    start, end = a[edges], b[edges]
    column = start[:, 0] + (row - start[:, 1]) / (end[:, 1] - start[:, 1]) * (end[:, 0] - start[:, 0])
    crossings = np.zeros((rows, columns + 1), np.int32)
    np.add.at(crossings, (row, np.clip(np.floor(column) + 1, 0, columns).astype(np.intp)), 1)
    return np.asarray(np.cumsum(crossings[:, :columns], axis=1) % 2 == 1)
