"""Where the tissue of the invented biopsy lies: needle cores, tumour, glands, vessels and the run of the fibres.

Only shapes, in level-0 pixels (top-left corner of the slide is (0, 0)); what they look like is `slide_paint`'s,
the nuclei are `slide_nuclei`'s.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]
Bytes = NDArray[np.uint8]

FIELD_STEP_PX = 8
"""Smooth fields (tissue, tumour, fibre run) are kept once per this many pixels."""


@dataclass(frozen=True, slots=True)
class Gland:
    """One gland: outer outline and lumens, each (n, 2) level-0 px; areas of the polygons in px²."""

    tumour: bool
    x_px: float
    y_px: float
    outline: Floats
    lumens: tuple[Floats, ...]
    area_px: float
    lumen_area_px: float
    epithelium_px: float


@dataclass(frozen=True, slots=True)
class Vessel:
    """A small vessel cut across: its lumen (n, 2) level-0 px, and how thick its wall is."""

    lumen: Floats
    wall_px: float


@dataclass(frozen=True, slots=True)
class Anatomy:
    """The whole section. Fields have one value per `FIELD_STEP_PX`.

    ``tissue_px``: distance to the edge of the tissue, positive inside. ``tumour``: > 0 where the tumour is.
    ``shift_x_px``, ``shift_y_px``: how far the fibres' own coordinates are displaced here.
    """

    width_px: int
    height_px: int
    tissue_px: Floats
    tumour: Floats
    shift_x_px: Floats
    shift_y_px: Floats
    glands: tuple[Gland, ...]
    vessels: tuple[Vessel, ...]

    def field_at(self, field: Floats, x_px: float, y_px: float) -> float:
        """The value of *field* nearest to a level-0 point."""
        row = min(max(int(y_px / FIELD_STEP_PX), 0), field.shape[0] - 1)
        column = min(max(int(x_px / FIELD_STEP_PX), 0), field.shape[1] - 1)
        return float(field[row, column])

    def fibre_angle(self, x_px: float, y_px: float) -> float:
        """Direction of the fibres at a level-0 point, radians from +x towards +y."""
        row = min(max(int(y_px / FIELD_STEP_PX), 1), self.shift_y_px.shape[0] - 2)
        column = min(max(int(x_px / FIELD_STEP_PX), 1), self.shift_y_px.shape[1] - 2)
        span = 2 * FIELD_STEP_PX
        across = float(self.shift_y_px[row, column + 1] - self.shift_y_px[row, column - 1]) / span
        down = 1.0 + float(self.shift_y_px[row + 1, column] - self.shift_y_px[row - 1, column]) / span
        return float(np.arctan2(-across, down))


def smooth_noise(rng: np.random.Generator, height: int, width: int, wavelength: float) -> Floats:
    """Smooth random field, mean 0 and deviation about 1, with features about *wavelength* cells wide."""
    rows, columns = int(height / wavelength) + 4, int(width / wavelength) + 4
    coarse = rng.standard_normal((rows, columns)).astype(np.float32)
    size = (int(columns * wavelength), int(rows * wavelength))
    fine = cv2.resize(coarse, size, interpolation=cv2.INTER_CUBIC)[:height, :width]
    return np.ascontiguousarray(fine / np.float32(fine.std() + 1e-6))


def polygon_area_px(points: Floats) -> float:
    """Area enclosed by a polygon (shoelace)."""
    x, y = points[:, 0].astype(float), points[:, 1].astype(float)
    return float(abs(np.dot(x, np.roll(y, -1)) - np.dot(y, np.roll(x, -1))) / 2)


def closed_curve(
    rng: np.random.Generator,
    x_px: float,
    y_px: float,
    radius_px: float,
    *,
    wobble: float,
    elongation: float,
    n: int = 72,
) -> tuple[Floats, Floats]:
    """A wobbly closed curve round a centre: its radii (n,) and its points (n, 2)."""
    angle = np.linspace(0, 2 * np.pi, n, endpoint=False)
    turned = angle - rng.uniform(0, np.pi)
    radii = radius_px / np.hypot(np.cos(turned) / elongation, np.sin(turned) * elongation)
    for harmonic in range(2, 12):
        amplitude = wobble * rng.normal() / harmonic
        radii = radii * (1 + amplitude * np.cos(harmonic * angle + rng.uniform(0, 2 * np.pi)))
    radii = np.clip(radii, radius_px * 0.45, radius_px * 1.9)
    return radii.astype(np.float32), around(x_px, y_px, radii)


def around(x_px: float, y_px: float, radii: NDArray[np.floating]) -> Floats:
    """Points at *radii* round a centre, at even angles."""
    angle = np.linspace(0, 2 * np.pi, len(radii), endpoint=False)
    return np.stack([x_px + radii * np.cos(angle), y_px + radii * np.sin(angle)], axis=1).astype(np.float32)


def lay_out(rng: np.random.Generator, width_px: int, height_px: int) -> Anatomy:
    """The section for a slide of this size: cores one above the other, the second one broken."""
    rows, columns = height_px // FIELD_STEP_PX, width_px // FIELD_STEP_PX
    y, x = np.mgrid[0:rows, 0:columns].astype(np.float32) * FIELD_STEP_PX + FIELD_STEP_PX / 2
    tissue = np.full((rows, columns), -1e4, np.float32)
    tumour = np.full((rows, columns), -1.0, np.float32)
    cores = max(1, round(height_px / 2100))
    pitch = height_px / cores
    ragged = smooth_noise(rng, rows, columns, 26) * 22 + smooth_noise(rng, rows, columns, 7) * 7
    border = 0.035 * width_px
    for core in range(cores):
        bend = 70 * np.sin(x / width_px * rng.uniform(2, 4) + rng.uniform(0, 6)) + 25 * np.sin(x / 700 + core)
        middle = pitch * (core + 0.5) + bend
        half = pitch * 0.37 + 45 * np.sin(x / 900 + 2 * core) + ragged
        slant = (y - middle) * rng.uniform(-0.35, 0.35)
        ends = np.minimum(x - border - slant, width_px - border * rng.uniform(0.9, 2.2) - x + slant) + 2 * ragged
        strip = np.minimum(half - np.abs(y - middle), ends)
        strip = np.where(ends < 320, strip - (320 - ends) ** 2 / 900 * (np.abs(y - middle) / half), strip)
        if core == 1:  # a core that broke on the way, as they do
            strip = np.minimum(strip, np.abs(x - 0.36 * width_px + slant * 1.6 + 2.5 * ragged) - 105)
        tissue = np.maximum(tissue, strip.astype(np.float32))
        if core != 0 or cores == 1:
            centre_x, reach = ((0.70, 0.25), (0.27, 0.19))[core % 2 if cores == 1 else (core - 1) % 2]
            inside = 1 - np.hypot((x - centre_x * width_px) / (reach * width_px), (y - middle) / (pitch * 0.55))
            tumour = np.maximum(tumour, inside.astype(np.float32) + smooth_noise(rng, rows, columns, 40) * 0.08)
    shift_x = smooth_noise(rng, rows, columns, 60) * 160
    shift_y = smooth_noise(rng, rows, columns, 75) * 140 + smooth_noise(rng, rows, columns, 22) * 26
    bare = Anatomy(width_px, height_px, tissue, tumour, shift_x, shift_y, (), ())
    taken: Bytes = np.zeros((height_px // 4, width_px // 4), np.uint8)
    vessels = _place_vessels(rng, bare, taken)
    glands = _place_glands(rng, bare, taken)
    return Anatomy(width_px, height_px, tissue, tumour, shift_x, shift_y, glands, vessels)


def _claim(taken: Bytes, outline: Floats, gap_px: float) -> bool:
    """Take the ground under *outline* (kept at a quarter of the scale), unless anything lies within *gap_px*."""
    quarter = outline / 4
    x0, y0 = np.floor(quarter.min(axis=0)).astype(int) - 2 - int(gap_px / 4)
    x1, y1 = np.ceil(quarter.max(axis=0)).astype(int) + 3 + int(gap_px / 4)
    if x0 < 0 or y0 < 0 or x1 > taken.shape[1] or y1 > taken.shape[0]:
        return False
    mask = np.zeros((y1 - y0, x1 - x0), np.uint8)
    points = np.round(quarter - (x0, y0)).astype(np.int32)
    cv2.fillPoly(mask, [points], 1)
    reach = mask.copy()
    cv2.polylines(reach, [points], True, 1, thickness=max(1, int(gap_px / 2)))
    window = taken[y0:y1, x0:x1]
    if np.any(window & reach):
        return False
    window |= mask
    return True


def _inside(anatomy: Anatomy, outline: Floats, margin_px: float) -> bool:
    return all(anatomy.field_at(anatomy.tissue_px, float(x), float(y)) > margin_px for x, y in outline[::3])


def _place_vessels(rng: np.random.Generator, anatomy: Anatomy, taken: Bytes) -> tuple[Vessel, ...]:
    vessels: list[Vessel] = []
    wanted = anatomy.width_px * anatomy.height_px // 1_500_000
    for _ in range(wanted * 6):
        if len(vessels) == wanted:
            break
        x, y = rng.uniform(0, anatomy.width_px), rng.uniform(0, anatomy.height_px)
        radius = float(np.clip(rng.lognormal(3.1, 0.45), 12, 75))
        _, lumen = closed_curve(rng, x, y, radius, wobble=0.06, elongation=rng.uniform(1.0, 1.6))
        if _inside(anatomy, lumen, radius) and _claim(taken, lumen, 0.6 * radius + 12):
            vessels.append(Vessel(lumen, wall_px=4 + 0.35 * radius))
    return tuple(vessels)


def _place_glands(rng: np.random.Generator, anatomy: Anatomy, taken: Bytes) -> tuple[Gland, ...]:
    """Tumour glands crowd back to back, big ones first; the others stand apart, in lobules."""
    glands: list[Gland] = []
    area = anatomy.width_px * anatomy.height_px
    tumour = np.argwhere((anatomy.tumour > 0) & (anatomy.tissue_px > 60)) * FIELD_STEP_PX
    for radius in np.sort(42 + 105 * rng.beta(1.1, 1.9, len(tumour) // 12))[::-1]:
        y, x = map(float, tumour[rng.integers(len(tumour))] + rng.uniform(0, FIELD_STEP_PX, 2))
        if not taken[int(y / 4), int(x / 4)] and anatomy.field_at(anatomy.tumour, x, y) > rng.uniform(-0.02, 0.12):
            gland = _tumour_gland(rng, x, y, float(radius))
            if _inside(anatomy, gland.outline, 14) and _claim(taken, gland.outline, 8):
                glands.append(gland)
    lobules = [(rng.uniform(0, anatomy.width_px), rng.uniform(0, anatomy.height_px)) for _ in range(area // 1_600_000)]
    for centre_x, centre_y in lobules:
        for _ in range(34):
            x, y = centre_x + rng.normal() * 260, centre_y + rng.normal() * 210
            if anatomy.field_at(anatomy.tumour, x, y) < -0.04:
                gland = _resting_gland(rng, x, y, rng.uniform(58, 112))
                if _inside(anatomy, gland.outline, 18) and _claim(taken, gland.outline, 30):
                    glands.append(gland)
    return tuple(glands)


def _resting_gland(rng: np.random.Generator, x: float, y: float, radius: float) -> Gland:
    radii, outline = closed_curve(rng, x, y, radius, wobble=0.045, elongation=rng.uniform(1.0, 1.3))
    height = rng.uniform(34, 42)
    lumen = around(x, y, np.maximum(radii - height * (1 + 0.12 * np.cos(np.arange(len(radii)) * 1.3)), 7))
    return _gland(False, x, y, outline, (lumen,), height)


def _tumour_gland(rng: np.random.Generator, x: float, y: float, radius: float) -> Gland:
    radii, outline = closed_curve(rng, x, y, radius, wobble=0.17, elongation=rng.uniform(1.0, 1.75))
    height = rng.uniform(40, 66)
    lumens: list[Floats] = []
    if radius > 95 and rng.random() < 0.45:  # fused, sieve-like
        for turn in np.arange(rng.integers(3, 6)) + rng.uniform(0, 1):
            away = radius * rng.uniform(0.36, 0.46)
            centre = (x + away * np.cos(turn * 1.35), y + away * np.sin(turn * 1.35))
            lumens.append(closed_curve(rng, *centre, rng.uniform(9, 20), wobble=0.1, elongation=rng.uniform(1, 1.5))[1])
    elif radius > 58:
        ripple = 1 + 0.25 * np.cos(np.arange(len(radii)) * rng.uniform(0.3, 0.8) + rng.uniform(0, 6))
        inner = radii - height * ripple
        if inner.min() > 3:
            lumens.append(around(x, y, inner))
        else:
            lumens.append(closed_curve(rng, x, y, radius * 0.25, wobble=0.2, elongation=rng.uniform(1.2, 2.2))[1])
    return _gland(True, x, y, outline, tuple(lumens), height)


def _gland(tumour: bool, x: float, y: float, outline: Floats, lumens: tuple[Floats, ...], height: float) -> Gland:
    lumen_area = sum(polygon_area_px(lumen) for lumen in lumens)
    return Gland(tumour, x, y, outline, lumens, polygon_area_px(outline), lumen_area, height)
