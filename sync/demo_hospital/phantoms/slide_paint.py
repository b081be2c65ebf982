"""How the invented biopsy looks: eosin and haematoxylin densities, and their colour in transmitted light.

Absorption follows Beer and Lambert: each stain takes its share of red, green and blue, and shares multiply.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

import cv2
import numpy as np
from numpy.typing import NDArray

from sync.demo_hospital.phantoms.slide_anatomy import FIELD_STEP_PX, Anatomy, Bytes, Floats, Gland, Vessel, smooth_noise

BAND_PX = 256
GLASS_RGB = (243.0, 243.0, 244.0)
HAEMATOXYLIN_RGB = (0.66, 0.74, 0.36)
EOSIN_RGB = (0.15, 0.82, 0.47)
STAIN_AT_255 = 1.75
"""Optical density (natural logarithm) of a stain value of 255."""

FIBRES_PX = 2048
GRAIN_PX = 1024


def colour_table() -> Bytes:
    """RGB (65536, 3) for haematoxylin × 256 + eosin."""
    haematoxylin, eosin = np.meshgrid(np.arange(256), np.arange(256), indexing="ij")
    channels = [
        light * np.exp(-STAIN_AT_255 / 255 * (haematoxylin * blue + eosin * pink))
        for light, blue, pink in zip(GLASS_RGB, HAEMATOXYLIN_RGB, EOSIN_RGB, strict=True)
    ]
    return np.stack(channels, axis=-1).reshape(-1, 3).round().astype(np.uint8)


def _filtered_noise(rng: np.random.Generator, along_px: float, across_px: float, side_px: int = GRAIN_PX) -> Floats:
    """Tileable noise (*side_px* squared) with streaks of the given length and thickness; deviation 1."""
    spectrum = np.fft.rfft2(rng.standard_normal((side_px, side_px), dtype=np.float32))
    v = np.fft.fftfreq(side_px)[:, None]
    u = np.fft.rfftfreq(side_px)[None, :]
    spectrum *= np.exp(-2 * np.pi**2 * (u * along_px) ** 2) * np.exp(-2 * np.pi**2 * (v * across_px) ** 2)
    noise = np.fft.irfft2(spectrum).astype(np.float32)
    return np.ascontiguousarray(noise / np.float32(noise.std()))


def fibre_texture(rng: np.random.Generator) -> Floats:
    """Collagen: bundles of fine fibres with pale clefts between them; eosin 0–255, tileable."""
    bundles = _filtered_noise(rng, 60, 9, FIBRES_PX)
    fibres = _filtered_noise(rng, 26, 1.6, FIBRES_PX)
    cleft = np.clip((_filtered_noise(rng, 34, 3.2, FIBRES_PX) + 0.35 * bundles - 1.05) * 1.6, 0, 1)
    eosin = 82 + 15 * bundles + 17 * fibres
    return np.clip(eosin * (1 - 0.8 * cleft), 6, 190).astype(np.float32)


def paint_eosin(
    rng: np.random.Generator, anatomy: Anatomy, haematoxylin: Bytes, on_progress: Callable[[float], None]
) -> Bytes:
    """Eosin map (height, width) uint8 of the whole section; cytoplasm's own haematoxylin is added in place."""
    eosin: Bytes = np.zeros((anatomy.height_px, anatomy.width_px), np.uint8)
    texture = fibre_texture(rng)
    fray = _filtered_noise(rng, 5, 3) * 5
    bands = range(0, anatomy.height_px, BAND_PX)
    for top in bands:
        eosin[top : top + BAND_PX] = _stroma(anatomy, texture, fray, top)
        on_progress(0.7 * (top + BAND_PX) / anatomy.height_px)
    cells: Bytes = np.zeros_like(eosin)
    for vessel in anatomy.vessels:
        _paint_vessel(rng, vessel, eosin)
    for gland in anatomy.glands:
        _paint_gland(rng, gland, eosin, cells)
    np.maximum(haematoxylin, cells, out=haematoxylin)
    on_progress(1.0)
    return eosin


def _stroma(anatomy: Anatomy, texture: Floats, fray: Floats, top: int) -> Bytes:
    rows = min(BAND_PX, anatomy.height_px - top)
    columns = np.arange(anatomy.width_px, dtype=np.float32)[None, :]
    lines = np.arange(top, top + rows, dtype=np.float32)[:, None]

    def band_of(field: Floats) -> Floats:
        grid_x = np.broadcast_to(((columns + 0.5) / FIELD_STEP_PX - 0.5).astype(np.float32), (rows, anatomy.width_px))
        grid_y = np.broadcast_to(((lines + 0.5) / FIELD_STEP_PX - 0.5).astype(np.float32), (rows, anatomy.width_px))
        return np.asarray(
            cv2.remap(field, grid_x, grid_y, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE), dtype=np.float32
        )

    distance = band_of(anatomy.tissue_px)
    if float(distance.max()) < -40:
        return np.zeros((rows, anatomy.width_px), np.uint8)
    u = columns + band_of(anatomy.shift_x_px)
    v = lines + band_of(anatomy.shift_y_px)
    v += 3.5 * np.sin(u / 19)  # collagen is crimped
    fibres: Floats = cv2.remap(texture, u, v, cv2.INTER_LINEAR, borderMode=cv2.BORDER_WRAP).astype(np.float32)
    lines_of_fray = np.take(fray, np.arange(top, top + rows) % GRAIN_PX, axis=0)
    distance += np.take(lines_of_fray, np.arange(anatomy.width_px) % GRAIN_PX, axis=1)
    edge = np.clip(distance / 4, 0, 1)
    fibres *= edge * (1 + 0.35 * np.exp(-np.square(distance / 14)))  # a drying rim stains deeper
    fibres *= 1 - 0.22 * np.clip(band_of(anatomy.tumour) * 6, 0, 1)  # young, loose stroma of the tumour
    return np.clip(fibres, 0, 255).astype(np.uint8)


def _fixed(points: Floats) -> NDArray[np.int32]:
    """Corner-based level-0 points as OpenCV's fixed-point pixel-centre coordinates (shift 4)."""
    return np.round((points - 0.5) * 16).astype(np.int32)


def _fill(target: Bytes, points: Floats, value: float) -> None:
    cv2.fillPoly(target, [_fixed(points)], float(value), lineType=cv2.LINE_AA, shift=4)


def _stroke(target: Bytes, points: Floats, value: float, thickness: int) -> None:
    cv2.polylines(target, [_fixed(points)], True, float(value), thickness=thickness, lineType=cv2.LINE_AA, shift=4)


def _scaled(points: Floats, x_px: float, y_px: float, by_px: float) -> Floats:
    """*points* moved away from a centre by *by_px* (towards it if negative)."""
    away = points - np.array([x_px, y_px], np.float32)
    length = np.hypot(away[:, 0], away[:, 1])[:, None]
    moved: Floats = (points + away / np.maximum(length, 1) * np.maximum(by_px, -length + 2)).astype(np.float32)
    return moved


def _paint_vessel(rng: np.random.Generator, vessel: Vessel, eosin: Bytes) -> None:
    x, y = vessel.lumen.mean(axis=0)
    for step in np.arange(vessel.wall_px, 0, -3.0):
        _stroke(eosin, _scaled(vessel.lumen, x, y, step), rng.uniform(80, 140), 3)
    _fill(eosin, vessel.lumen, 8)
    x0, y0 = vessel.lumen.min(axis=0)
    x1, y1 = vessel.lumen.max(axis=0)
    for cell_x, cell_y in rng.uniform((x0, y0), (x1, y1), (int((x1 - x0) * (y1 - y0) / 320), 2)):
        if cv2.pointPolygonTest(vessel.lumen, (float(cell_x), float(cell_y)), True) > 7:
            centre = (int(cell_x * 16), int(cell_y * 16))
            cv2.circle(eosin, centre, int(6.2 * 16), float(rng.uniform(150, 190)), -1, cv2.LINE_AA, 4)
            cv2.circle(eosin, centre, int(2.4 * 16), float(rng.uniform(120, 140)), -1, cv2.LINE_AA, 4)


def _paint_gland(rng: np.random.Generator, gland: Gland, eosin: Bytes, cells: Bytes) -> None:
    """Sheath of fibres, base, cytoplasm paler towards the lumen, cell borders, lumen with or without secretion."""
    x, y = gland.x_px, gland.y_px
    for step in (13.0, 9.5, 6.0):
        jitter = rng.normal(size=(len(gland.outline), 1)).astype(np.float32) * 0.9
        _stroke(eosin, _scaled(gland.outline, x, y, step) + jitter, rng.uniform(45, 128), 2)
    if gland.tumour and rng.random() < 0.4:  # shrinkage tears the gland off its stroma
        start, stop = sorted(rng.integers(0, len(gland.outline), 2))
        crack = _scaled(gland.outline, x, y, 4)[start:stop]
        cv2.polylines(
            eosin, [_fixed(crack)], False, 6.0, thickness=int(rng.integers(4, 9)), lineType=cv2.LINE_AA, shift=4
        )
    _stroke(eosin, _scaled(gland.outline, x, y, 1), 112, 2)
    base_eosin, base_blue = (66.0, 34.0) if gland.tumour else (58.0, 15.0)
    tint = rng.uniform(0.88, 1.12)
    for share in np.linspace(0, 0.9, 5):
        inner = _scaled(gland.outline, x, y, -gland.epithelium_px * share)
        _fill(eosin, inner, base_eosin * tint * (1 - (0.12 if gland.tumour else 0.38) * share))
        _fill(cells, inner, base_blue * tint * (1 - 0.45 * share))
    border = -gland.epithelium_px
    for index in range(0, len(gland.outline), 2 if gland.tumour else 3):
        ray = gland.outline[index : index + 1]
        ends = np.concatenate([_scaled(ray, x, y, -3), _scaled(ray, x, y, border)])
        cv2.polylines(eosin, [_fixed(ends)], False, base_eosin * 1.28, thickness=1, lineType=cv2.LINE_AA, shift=4)
    for lumen in gland.lumens:
        _fill(cells, lumen, 0)
        _fill(eosin, lumen, 3)
        secretion = rng.random()
        if secretion < 0.35:
            middle_x, middle_y = map(float, lumen.mean(axis=0))
            _fill(eosin, _scaled(lumen, middle_x, middle_y, -rng.uniform(3, 9)), rng.uniform(22, 48))
        _stroke(eosin, lumen, base_eosin * 1.2, 2)


def coloured_bands(rng: np.random.Generator, haematoxylin: Bytes, eosin: Bytes) -> Iterator[Bytes]:
    """The slide as RGB bands (``BAND_PX``, width, 3) from top to bottom, as a scanner's lens and sensor give them."""
    height, width = eosin.shape
    table = colour_table()
    grain = (_filtered_noise(rng, 1.3, 1.3) * 0.09 + _filtered_noise(rng, 5, 5) * 0.06).astype(np.float32)
    sensor = (_filtered_noise(rng, 0.5, 0.5) * 1.6).astype(np.float32)
    uneven = smooth_noise(rng, height // 64 + 2, width // 64 + 2, 12) * 0.05
    columns = np.arange(width) % GRAIN_PX
    margin = 8
    for top in range(0, height, BAND_PX):
        rows = min(BAND_PX, height - top)
        first, last = max(0, top - margin), min(height, top + rows + margin)
        keep = slice(top - first, top - first + rows)
        stains = []
        thick = cv2.resize(uneven[top // 64 : top // 64 + 5], (width, rows), interpolation=cv2.INTER_LINEAR)
        lines = np.arange(top, top + rows) % GRAIN_PX
        factor = 1 + np.take(np.take(grain, lines, axis=0), columns, axis=1) + thick
        for stain, share in ((haematoxylin, 0.7), (eosin, 1.0)):
            soft = cv2.GaussianBlur(stain[first:last], (0, 0), 0.85)[keep].astype(np.float32)
            stains.append(np.clip(soft * (1 + (factor - 1) * share), 0, 255).astype(np.uint16))
        # A nucleus shuts out most of the eosin behind it.
        pink = (stains[1] * (320 - np.minimum(stains[0], 160)) // 320).astype(np.uint16)
        rgb = table[(stains[0] << 8) | pink]
        noise = np.take(np.take(sensor, lines, axis=0), columns, axis=1)
        yield np.clip(rgb + noise[..., None], 0, 255).astype(np.uint8)
