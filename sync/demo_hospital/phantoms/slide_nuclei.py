"""The nuclei of the invented biopsy: what each kind looks like, where each one lies, and its area in pixels.

Nuclei never overlap, so counts and areas are true by construction.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from sync.demo_hospital.phantoms.slide_anatomy import Anatomy, Bytes, Floats, Gland, around, smooth_noise

TURNS = 24
VARIANTS = 16


@dataclass(frozen=True, slots=True)
class NucleusKind:
    """Typical size in level-0 px (0.5 µm) and haematoxylin (0–255) of one kind of nucleus."""

    name: str
    length_px: float
    breadth_px: float
    spread: float
    stain: float
    chromatin: float
    nucleoli: int


EPITHELIUM = NucleusKind("epithelium", 17, 11.5, 0.10, 128, 0.16, 0)
TUMOUR = NucleusKind("tumour", 21, 15.5, 0.23, 128, 0.28, 2)
LYMPHOCYTE = NucleusKind("lymphocyte", 13, 12, 0.08, 178, 0.14, 0)
FIBROBLAST = NucleusKind("fibroblast", 25, 6.5, 0.20, 132, 0.12, 0)
KINDS = (EPITHELIUM, TUMOUR, LYMPHOCYTE, FIBROBLAST)


@dataclass(frozen=True, slots=True)
class Nucleus:
    """One nucleus: kind, centre in level-0 px, area in px²."""

    kind: str
    x_px: float
    y_px: float
    area_px: int


@dataclass(frozen=True, slots=True)
class Stamp:
    """One nucleus: ``stain`` (n, n) uint8 haematoxylin, ``mask`` its own pixels, ``reach`` with a gap round it."""

    stain: Bytes
    mask: NDArray[np.bool_]
    reach: NDArray[np.bool_]
    area_px: int


def make_stamps(rng: np.random.Generator) -> dict[str, list[list[Stamp]]]:
    """Per kind, per variant, one stamp per turn (``TURNS`` of them make half a circle)."""
    return {
        kind.name: [[_stamp(rng, kind, scale, turn) for turn in range(TURNS)] for scale in _scales(rng, kind)]
        for kind in KINDS
    }


def _scales(rng: np.random.Generator, kind: NucleusKind) -> list[tuple[float, float]]:
    return [(1 + kind.spread * rng.normal(), 1 + kind.spread * rng.normal()) for _ in range(VARIANTS)]


def _stamp(rng: np.random.Generator, kind: NucleusKind, scale: tuple[float, float], turn: int) -> Stamp:
    long, short = kind.length_px / 2 * max(scale[0], 0.6), kind.breadth_px / 2 * max(scale[1], 0.6)
    half = int(max(long, short) * 1.15) + 4
    y, x = np.mgrid[-half : half + 1, -half : half + 1].astype(np.float32)
    angle = np.pi * turn / TURNS
    along, across = x * np.cos(angle) + y * np.sin(angle), -x * np.sin(angle) + y * np.cos(angle)
    bearing = np.arctan2(across / short, along / long)
    wobble = 1 + kind.spread * 0.35 * (
        np.cos(2 * bearing + rng.uniform(0, 6)) + np.cos(3 * bearing + rng.uniform(0, 6))
    )
    distance = np.hypot(along / long, across / short) / wobble
    edge_px = (distance - 1) * min(long, short)
    size = 2 * half + 1
    grains = smooth_noise(rng, size, size, 3.2) * kind.chromatin
    rim = np.exp(-((edge_px + 1.6) ** 2) / 3.0) * 0.24
    density = kind.stain * rng.uniform(0.85, 1.12) * (1 + grains + rim)
    for _ in range(rng.integers(0, kind.nucleoli + 1) if kind.nucleoli else 0):
        spot = np.hypot(along - rng.normal() * long * 0.3, across - rng.normal() * short * 0.3)
        density += 85 * np.exp(-(spot**2) / 4.5)
    density = np.clip(density, 60, 250) * np.clip(0.5 - edge_px, 0, 1)
    mask = edge_px <= 0
    reach = cv2.dilate(mask.astype(np.uint8), np.ones((3, 3), np.uint8)).astype(bool)
    return Stamp(density.astype(np.uint8), mask, reach, int(mask.sum()))


class NucleusField:
    """Haematoxylin map of the whole slide (height, width) uint8 with the nuclei placed so far."""

    def __init__(self, rng: np.random.Generator, anatomy: Anatomy) -> None:
        self._rng = rng
        self._anatomy = anatomy
        self._stamps = make_stamps(rng)
        shape = (anatomy.height_px, anatomy.width_px)
        self.haematoxylin: Bytes = np.zeros(shape, np.uint8)
        self._taken = np.zeros(shape, np.bool_)
        self.nuclei: list[Nucleus] = []

    def fill(self) -> None:
        """Place every nucleus: glands first, then lymphocytes, then what runs along the fibres."""
        for gland in self._anatomy.glands:
            self._line(gland)
        closed = self._taken.view(np.uint8)
        for gland in self._anatomy.glands:  # nothing of the stroma enters a gland or a vessel
            cv2.fillPoly(closed, [np.round(gland.outline - 0.5).astype(np.int32)], 1)
            cv2.polylines(closed, [np.round(gland.outline - 0.5).astype(np.int32)], True, 1, thickness=5)
        for vessel in self._anatomy.vessels:
            cv2.fillPoly(closed, [np.round(vessel.lumen - 0.5).astype(np.int32)], 1)
            self._lining(vessel.lumen)
        self._lymphocytes()
        self._fibroblasts()

    def _put(self, kind: NucleusKind, x_px: float, y_px: float, angle: float) -> bool:
        turn = round(angle / np.pi * TURNS) % TURNS
        stamp = self._stamps[kind.name][self._rng.integers(VARIANTS)][turn]
        half = stamp.stain.shape[0] // 2
        column, row = int(x_px), int(y_px)
        x0, y0, x1, y1 = column - half, row - half, column + half + 1, row + half + 1
        if x0 < 0 or y0 < 0 or x1 > self._anatomy.width_px or y1 > self._anatomy.height_px:
            return False
        if np.any(self._taken[y0:y1, x0:x1] & stamp.reach):
            return False
        self._taken[y0:y1, x0:x1] |= stamp.mask
        window = self.haematoxylin[y0:y1, x0:x1]
        np.maximum(window, stamp.stain, out=window)
        self.nuclei.append(Nucleus(kind.name, column + 0.5, row + 0.5, stamp.area_px))
        return True

    def _line(self, gland: Gland) -> None:
        """Resting epithelium: one row near the base. Tumour: crowded uneven rows of larger nuclei, inwards."""
        rng = self._rng
        closed = self._taken.view(np.uint8)
        for lumen in gland.lumens:  # lumens stay empty
            edge = np.round(lumen - 0.5).astype(np.int32)
            cv2.fillPoly(closed, [edge], 1)
            cv2.polylines(closed, [edge], True, 1, thickness=7)
        radii = np.hypot(gland.outline[:, 0] - gland.x_px, gland.outline[:, 1] - gland.y_px)
        if not gland.tumour:
            self._row(EPITHELIUM, gland, radii - 13, pitch_px=13.8, jitter_px=1.9, sway=0.17)
            return
        pleomorphism = rng.uniform(0.7, 1.35)
        for depth in np.arange(13, float(radii.max()) * 0.9, 18.5):
            self._row(TUMOUR, gland, radii - depth, pitch_px=17.5, jitter_px=3.4 * pleomorphism, sway=0.5)

    def _row(
        self, kind: NucleusKind, gland: Gland, radii: Floats, *, pitch_px: float, jitter_px: float, sway: float
    ) -> None:
        """Nuclei along the curve at *radii* round the gland's centre, turned outwards give or take *sway* radians."""
        rng = self._rng
        path = around(gland.x_px, gland.y_px, np.maximum(radii, 0))
        path = path[radii > 5]
        if len(path) < 3:
            return
        steps = np.hypot(*(np.roll(path, -1, axis=0) - path).T)
        corner = np.concatenate([[0], np.cumsum(steps)])
        ring = np.concatenate([path, path[:1]])
        wanted = np.arange(0, corner[-1] - pitch_px / 2, pitch_px)
        along = np.interp(wanted, corner, ring[:, 0]), np.interp(wanted, corner, ring[:, 1])
        for x, y in np.stack(along, axis=1) + rng.normal(size=(len(wanted), 2)) * jitter_px:
            outward = np.arctan2(y - gland.y_px, x - gland.x_px)
            self._put(kind, float(x), float(y), float(outward + rng.normal() * sway))

    def _lining(self, lumen: Floats) -> None:
        for index in range(0, len(lumen), 9):
            run = lumen[(index + 1) % len(lumen)] - lumen[index - 1]
            outward = np.array([run[1], -run[0]]) / (np.hypot(*run) + 1e-6)
            x, y = lumen[index] + outward * 7
            self._put(FIBROBLAST, float(x), float(y), float(np.arctan2(run[1], run[0])))

    def _lymphocytes(self) -> None:
        rng, anatomy = self._rng, self._anatomy
        area = anatomy.width_px * anatomy.height_px
        for _ in range(area // 2_600_000):
            x, y = rng.uniform(0, anatomy.width_px), rng.uniform(0, anatomy.height_px)
            if anatomy.field_at(anatomy.tissue_px, x, y) < 120:
                continue
            spread = rng.uniform(60, 170)
            for dx, dy in rng.normal(size=(int(spread * 2.6), 2)) * spread:
                self._scatter(LYMPHOCYTE, x + dx, y + dy * 0.7)
        for x, y in rng.uniform(0, 1, (area // 9_000, 2)) * (anatomy.width_px, anatomy.height_px):
            self._scatter(LYMPHOCYTE, x, y)

    def _fibroblasts(self) -> None:
        anatomy = self._anatomy
        wanted = anatomy.width_px * anatomy.height_px // 2_300
        for x, y in self._rng.uniform(0, 1, (wanted, 2)) * (anatomy.width_px, anatomy.height_px):
            self._scatter(FIBROBLAST, x, y)

    def _scatter(self, kind: NucleusKind, x: float, y: float) -> None:
        if self._anatomy.field_at(self._anatomy.tissue_px, x, y) > 24:
            self._put(kind, x, y, self._anatomy.fibre_angle(x, y) + self._rng.normal() * 0.2)
