"""An invented chest CT: ribs, spine, heart, great vessels, airways, vessel trees, liver, and one nodule of known size.

Everything is analytic, in patient millimetres (LPS), so the truth is known before a voxel exists. Contrast-enhanced
venous phase; a reader takes it for rough, not for noise.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from math import cos, pi, sin, sqrt
from pathlib import Path

import cv2
import numpy as np
import numpy.typing as npt

from sync.demo_hospital.phantoms import PhantomPatient
from sync.demo_hospital.phantoms.dicom_writing import put_pixels, save, slice_dataset, stable_uid
from sync.demo_hospital.phantoms.solids import FloatImage, SmoothField, ellipse_distance, paint

CT_IMAGE_STORAGE = "1.2.840.10008.5.1.4.1.1.2"
SIZE = 512
PIXEL_MM = 0.75
SLICE_MM = 1.25
NODULE_CENTRE = (-72.0, -18.0, 48.0)
NODULE_DIAMETER_MM = 14.0

AIR, LUNG, FAT, MUSCLE, BLOOD, HEART, LIVER, MARROW, CORTEX, DISC = -1000, -865, -105, 55, 190, 150, 115, 220, 900, 90


@dataclass(frozen=True, slots=True)
class CtTruth:
    """What is known of the CT before anybody reads it. Points in mm, LPS."""

    study_uid: str
    series_uid: str
    nodule_centre: tuple[float, float, float]
    nodule_diameter_mm: float
    nodule_slice: int
    """Zero-based, counted from the feet."""
    spacing_mm: tuple[float, float, float]
    """Between slices, rows, columns."""
    files: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Tube:
    """A round-ended straight piece of vessel, airway or bone; a cavity has an inner value."""

    start: tuple[float, float, float]
    end: tuple[float, float, float]
    radius_mm: float
    value: float
    core_value: float | None = None
    core_radius_mm: float = 0.0


def write_ct_chest(
    directory: Path, patient: PhantomPatient, on_progress: Callable[[float], None] | None = None, *, slices: int = 220
) -> CtTruth:
    """Write *slices* DICOM files into *directory*; ``on_progress`` gets 0…1. Slice 0 is nearest the feet."""
    directory.mkdir(parents=True, exist_ok=True)
    study_uid = stable_uid(patient.patient_id, "chest-ct")
    series_uid = stable_uid(study_uid, "venous")
    bottom_mm = -0.5 * (slices - 1) * SLICE_MM if slices >= 200 else NODULE_CENTRE[2] - 0.5 * (slices - 1) * SLICE_MM
    painter = _ChestPainter(bottom_mm, bottom_mm + (slices - 1) * SLICE_MM)
    names = tuple(f"ct-{k + 1:04d}.dcm" for k in range(slices))
    done = 0

    def write(k: int) -> None:
        z_mm = bottom_mm + k * SLICE_MM
        sop_uid = stable_uid(series_uid, str(k))
        # Numbered from the head, as scanners do: opposite to the order of positions.
        ds = slice_dataset(patient, CT_IMAGE_STORAGE, study_uid, series_uid, sop_uid, slices - k)
        ds.Modality = "CT"
        ds.ImageType = ["ORIGINAL", "PRIMARY", "AXIAL"]
        ds.SeriesNumber = 2
        ds.SeriesDescription = "Chest venous 1.25 mm"
        ds.BodyPartExamined = "CHEST"
        ds.ContrastBolusAgent = "Iodinated contrast"
        ds.KVP = 120
        ds.ConvolutionKernel = "STANDARD"
        ds.SliceThickness = SLICE_MM
        ds.PixelSpacing = [PIXEL_MM, PIXEL_MM]
        ds.ImageOrientationPatient = [1, 0, 0, 0, 1, 0]
        corner = -0.5 * (SIZE - 1) * PIXEL_MM
        ds.ImagePositionPatient = [round(corner, 4), round(corner, 4), round(z_mm, 4)]
        ds.SliceLocation = round(z_mm, 4)
        ds.RescaleSlope, ds.RescaleIntercept, ds.RescaleType = 1, -1024, "HU"
        ds.WindowCenter, ds.WindowWidth = [40, -600], [400, 1500]
        ds.WindowCenterWidthExplanation = ["MEDIASTINUM", "LUNG"]
        put_pixels(ds, (painter.slice_hu(k, z_mm) + 1024).astype(np.uint16), bits_stored=12)
        save(ds, directory / names[k])

    with ThreadPoolExecutor(2) as pool:
        for _ in pool.map(write, range(slices)):
            done += 1
            if on_progress:
                on_progress(done / slices)
    return CtTruth(
        study_uid=study_uid,
        series_uid=series_uid,
        nodule_centre=NODULE_CENTRE,
        nodule_diameter_mm=NODULE_DIAMETER_MM,
        nodule_slice=round((NODULE_CENTRE[2] - bottom_mm) / SLICE_MM),
        spacing_mm=(SLICE_MM, PIXEL_MM, PIXEL_MM),
        files=names,
    )


class _ChestPainter:
    """Paints one slice at a time; safe to use from several threads."""

    def __init__(self, bottom_mm: float, top_mm: float) -> None:
        axis = ((np.arange(SIZE) - 0.5 * (SIZE - 1)) * PIXEL_MM).astype(np.float32)
        self._x, self._y = axis[None, :], axis[:, None]
        rng = np.random.default_rng(20261122)
        self._outline = SmoothField(rng, 140.0)
        self._muscle = SmoothField(rng, 16.0)
        self._parenchyma = SmoothField(rng, 11.0)
        self._fissure = SmoothField(rng, 90.0)
        lungs = _lung_trees(rng)
        ribs = _ribs()
        self._tubes_by_slice: dict[int, list[Tube]] = {}
        self._bottom_mm = bottom_mm
        for tube in lungs + ribs + _great_vessels():
            low = min(tube.start[2], tube.end[2]) - tube.radius_mm - PIXEL_MM
            high = max(tube.start[2], tube.end[2]) + tube.radius_mm + PIXEL_MM
            for k in range(
                max(0, int((low - bottom_mm) / SLICE_MM)), int((min(high, top_mm) - bottom_mm) / SLICE_MM) + 2
            ):
                self._tubes_by_slice.setdefault(k, []).append(tube)

    def slice_hu(self, k: int, z: float) -> npt.NDArray[np.float32]:
        """(512, 512) float32 Hounsfield units of the slice at *z* mm, noise included."""
        x, y = self._x, self._y
        image = np.full((SIZE, SIZE), AIR, np.float32)
        shoulder = 1.0 + 0.10 * np.clip((z - 70) / 60, 0, 1)
        bulge = 3.0 * self._outline(x, y, z)
        body = ellipse_distance(x, y, 0, 0, 168 * shoulder, 116) + bulge
        paint(image, body, 40, PIXEL_MM)
        paint(image, body + 2.0, np.asarray(FAT + 8 * self._muscle(x, y, z), np.float32), PIXEL_MM)
        wall = ellipse_distance(x, y, 0, 2, 150 * shoulder, 101) + 0.6 * bulge
        paint(image, wall, np.asarray(MUSCLE + 7 * self._muscle(x, y, z), np.float32), PIXEL_MM)
        # Fat planes between the muscle layers of the chest wall.
        planes = np.abs(wall + 7 + 1.5 * self._muscle(x, y, z)) - 0.9
        paint(image, np.asarray(planes, np.float32), FAT + 40, PIXEL_MM)
        cage = ellipse_distance(x, y, 0, 0, 132, 86)
        paint(image, cage, np.asarray(MUSCLE - 5 + 8 * self._muscle(x, y, z), np.float32), PIXEL_MM)
        mediastinum = ellipse_distance(x, y, 0, 0, 60, 80)
        paint(image, mediastinum, np.asarray(FAT + 30 + 10 * self._muscle(x, y, z), np.float32), PIXEL_MM)
        self._abdomen(image, cage, z)
        self._lungs(image, z)
        self._heart(image, z)
        self._spine_and_sternum(image, z)
        self._tubes(image, k, z)
        self._nodule(image, z)
        self._table(image)
        return self._noise(image, k)

    def _lungs(self, image: FloatImage, z: float) -> None:
        x, y = self._x, self._y
        for side, top_mm, dome_mm in ((-1, 118.0, -62.0), (1, 120.0, -74.0)):
            lift = max(0.0, 1.0 - (max(0.0, z + 20) / (top_mm + 20)) ** 3)
            if lift <= 0:
                continue
            a, b = 58 * lift**0.5, 82 * lift**0.5
            centre = side * (68 - 14 * (1 - lift))
            d = ellipse_distance(x, y, centre, 6, a, b)
            # The dome of the diaphragm: below it there is liver or spleen, not lung.
            dome = dome_mm - ((x - side * 62) ** 2 / 70 + (y + 12) ** 2 / 105)
            d = np.maximum(d, np.asarray((dome - z) * 0.8, np.float32))
            d = np.maximum(d, 14 - np.asarray(side * x, np.float32) - 6 * np.cos(y / 30))
            field = self._parenchyma(x, y, z)
            value = LUNG + 0.32 * (y + 10) + 16 * field
            paint(image, np.asarray(d, np.float32), np.asarray(value, np.float32), PIXEL_MM)
            # The oblique fissure: a thin sheet from high posterior to low anterior.
            sheet = np.abs((z - 20) + 0.9 * (y - 5) * -1 + 5 * self._fissure(x, y, z)) * 0.72 - 0.35
            fissure = np.maximum(np.asarray(sheet, np.float32), np.asarray(d + 0.5, np.float32))
            paint(image, fissure, LUNG + 190, PIXEL_MM)

    def _heart(self, image: FloatImage, z: float) -> None:
        x, y = self._x, self._y
        for cx, cy, cz, rx, ry, rz, value in (
            (18, -22, -38, 62, 50, 58, 70),  # myocardium and pericardium
            (38, -22, -46, 30, 26, 36, HEART + 25),  # left ventricle
            (-2, -42, -42, 33, 20, 38, HEART),  # right ventricle
            (-26, -20, -26, 20, 24, 28, HEART),  # right atrium
            (14, 14, -12, 32, 17, 22, HEART + 20),  # left atrium
        ):
            h = 1 - ((z - cz) / rz) ** 2
            if h > 0:
                s = sqrt(h)
                d = ellipse_distance(x, y, cx, cy, rx * s, ry * s)
                paint(image, d, np.asarray(value + 6 * self._muscle(x, y, z), np.float32), PIXEL_MM)

    def _abdomen(self, image: FloatImage, cage: FloatImage, z: float) -> None:
        x, y = self._x, self._y
        inside = cage + 4
        for side, dome_mm, value in ((-1, -60.0, LIVER), (1, -72.0, LIVER + 12)):
            dome = dome_mm - ((x - side * 62) ** 2 / 70 + (y + 12) ** 2 / 105)
            half = np.maximum(inside, np.asarray((z - dome) * 0.8, np.float32))
            half = np.maximum(half, 3 - np.asarray(side * x, np.float32))
            paint(image, half, np.asarray(value + 5 * self._muscle(x, y, z), np.float32), PIXEL_MM)
        if z < -92:
            s = sqrt(max(0.0, 1 - ((z + 128) / 36) ** 2))
            stomach = ellipse_distance(x, y, 52, -28, 44 * s, 32 * s)
            paint(image, stomach, 35, PIXEL_MM)
            paint(image, np.maximum(stomach + 3, np.broadcast_to(y + 30, stomach.shape)), -960, PIXEL_MM)

    def _spine_and_sternum(self, image: FloatImage, z: float) -> None:
        x, y = self._x, self._y
        phase = (z % 24.0) / 24.0
        disc = phase > 0.80
        body = ellipse_distance(x, y, 0, 62, 17.5, 14.5)
        paint(image, body, DISC if disc else CORTEX * 0.75, PIXEL_MM)
        paint(
            image, body + 1.8, DISC if disc else np.asarray(MARROW + 25 * self._muscle(x, y, z), np.float32), PIXEL_MM
        )
        for side in (-1, 1):
            paraspinal = ellipse_distance(x, y, side * 27, 93, 21, 12)
            paint(image, paraspinal, np.asarray(MUSCLE + 9 * self._muscle(x, y, z), np.float32), PIXEL_MM)
        canal = ellipse_distance(x, y, 0, 83, 10.5, 8.5)
        ring = np.abs(canal - 3.5) - 2.8
        paint(image, np.asarray(ring, np.float32), CORTEX * (0.35 if disc else 0.62), PIXEL_MM)
        paint(image, canal, 15, PIXEL_MM)
        paint(image, ellipse_distance(x, y, 0, 83, 5.0, 4.2), 42, PIXEL_MM)
        if not disc:
            for side in (-1, 1):
                t = np.abs(y - 84 - 0.25 * (side * x - 12)) - 3.2
                process = np.maximum(t, np.abs(side * x - 22) - 13)
                paint(image, np.asarray(process, np.float32), 420, PIXEL_MM)
        spinous = np.maximum(np.abs(x) - 2.6, np.abs(y - 100) - 11)
        paint(image, np.asarray(spinous, np.float32), 460, PIXEL_MM)
        if -45 < z < 72:
            sternum = ellipse_distance(x, y, 0, -91, 17 if z > 30 else 13, 6.0)
            paint(image, sternum, 520, PIXEL_MM)
            paint(image, sternum + 1.8, MARROW * 0.7, PIXEL_MM)
        if z > 15:
            for side in (-1, 1):
                blade = np.abs((y - 74) + 0.55 * (side * x - 92)) * 0.88 - 2.4
                reach = np.abs(side * x - 92) - min(34.0, (z - 15) * 0.9)
                paint(image, np.asarray(np.maximum(blade, reach), np.float32), 560, PIXEL_MM)

    def _tubes(self, image: FloatImage, k: int, z: float) -> None:
        for tube in self._tubes_by_slice.get(k, ()):
            (x0, y0, z0), (x1, y1, z1) = tube.start, tube.end
            reach = tube.radius_mm + 2 * PIXEL_MM
            i0, i1 = (_index(min(x0, x1) - reach), _index(max(x0, x1) + reach) + 2)
            j0, j1 = (_index(min(y0, y1) - reach), _index(max(y0, y1) + reach) + 2)
            i0, j0 = max(0, i0), max(0, j0)
            view = image[j0:j1, i0:i1]
            if view.size == 0:
                continue
            x, y = self._x[:, i0:i1], self._y[j0:j1]
            dx, dy, dz = x1 - x0, y1 - y0, z1 - z0
            length2 = dx * dx + dy * dy + dz * dz or 1e-6
            t = np.clip(((x - x0) * dx + (y - y0) * dy + (z - z0) * dz) / length2, 0.0, 1.0)
            distance = np.sqrt((x - x0 - t * dx) ** 2 + (y - y0 - t * dy) ** 2 + (z - z0 - t * dz) ** 2)
            paint(view, np.asarray(distance - tube.radius_mm, np.float32), tube.value, PIXEL_MM)
            if tube.core_value is not None:
                paint(view, np.asarray(distance - tube.core_radius_mm, np.float32), tube.core_value, PIXEL_MM)

    def _nodule(self, image: FloatImage, z: float) -> None:
        cx, cy, cz = NODULE_CENTRE
        distance = np.sqrt((self._x - cx) ** 2 + (self._y - cy) ** 2 + (z - cz) ** 2) - NODULE_DIAMETER_MM / 2
        paint(image, np.asarray(distance, np.float32), 42, PIXEL_MM)

    def _table(self, image: FloatImage) -> None:
        sag = self._y - 138 + (self._x / 46) ** 2
        paint(image, np.asarray(np.maximum(np.abs(sag) - 2.0, np.abs(self._x) - 178), np.float32), -350, PIXEL_MM)

    def _noise(self, image: FloatImage, k: int) -> npt.NDArray[np.float32]:
        rng = np.random.default_rng((20261122, k))
        grain = cv2.GaussianBlur(rng.standard_normal((SIZE, SIZE), dtype=np.float32), (0, 0), 0.75)
        noisy = cv2.GaussianBlur(image, (0, 0), 0.45) + 42.0 * grain
        return np.clip(np.rint(noisy), -1024, 3071)


def _index(mm: float) -> int:
    return int(mm / PIXEL_MM + 0.5 * (SIZE - 1))


def _ribs() -> list[Tube]:
    """Twelve pairs, each an arc from the spine round to the front, falling as it goes."""
    tubes = []
    for number in range(12):
        head_mm = 118 - number * 22.0
        size = min(1.0, 0.62 + 0.09 * number) if number < 5 else 1.0
        last = 0.78 * pi if number < 10 else 0.45 * pi
        for side in (-1, 1):
            points = []
            for step in range(25):
                angle = 0.12 + step / 24 * last
                across = side * (6 + 134 * size * sin(angle))
                back = 2 + 91 * cos(angle) * (1.0 if size == 1 else 0.5 + 0.5 * size)
                points.append((across, back, head_mm - 44 * size * (1 - cos(angle)) * 0.62))
            for start, end in itertools.pairwise(points):
                tubes.append(Tube(start, end, 5.2, CORTEX * 0.72, MARROW, 3.3))
    return tubes


def _great_vessels() -> list[Tube]:
    """Aorta with its arch, caval veins, pulmonary trunk and arteries, trachea and main bronchi."""
    arch = [
        (-12 + 38 * 0.5 * (1 - cos(a)) * 1.0, -24 + 70 * (a / pi), 62 + 16 * sin(a)) for a in np.linspace(0, pi, 14)
    ]
    aorta = [
        (-10.0, -20.0, 6.0),
        (-14.0, -26.0, 34.0),
        *arch,
        (24.0, 47.0, 20.0),
        (20.0, 46.0, -70.0),
        (6.0, 44.0, -140.0),
    ]
    tubes = [Tube(a, b, 12.5, BLOOD) for a, b in itertools.pairwise(aorta)]
    veins = [(-30.0, -16.0, 100.0), (-30.0, -14.0, 30.0), (-28.0, -14.0, -8.0)]
    tubes += [Tube(a, b, 8.5, BLOOD - 20) for a, b in itertools.pairwise(veins)]
    tubes.append(Tube((-26.0, -2.0, -60.0), (-26.0, 6.0, -140.0), 11.0, BLOOD - 30))
    trunk = [(16.0, -34.0, 0.0), (18.0, -24.0, 22.0), (14.0, -8.0, 32.0)]
    tubes += [Tube(a, b, 12.5, BLOOD - 10) for a, b in itertools.pairwise(trunk)]
    tubes += [
        Tube((14.0, -8.0, 30.0), (-38.0, 4.0, 22.0), 9.0, BLOOD - 10),
        Tube((14.0, -8.0, 32.0), (44.0, 8.0, 26.0), 9.5, BLOOD - 10),
    ]
    airway = [
        Tube((0.0, 8.0, 140.0), (0.0, 14.0, 44.0), 9.6, 35, -990, 8.2),
        Tube((-4.0, 14.0, 42.0), (-38.0, 16.0, 18.0), 7.4, 35, -985, 6.0),
        Tube((4.0, 14.0, 42.0), (42.0, 18.0, 12.0), 7.0, 35, -985, 5.6),
        # The lumina again, last, so that one wall does not cross another's air.
        Tube((0.0, 8.0, 140.0), (0.0, 14.0, 44.0), 8.2, -990),
        Tube((-2.0, 14.0, 43.0), (-38.0, 16.0, 18.0), 6.0, -985),
    ]
    return [*tubes, Tube((4.0, 30.0, 140.0), (4.0, 32.0, -110.0), 6.0, 50), *airway]


def _lung_trees(rng: np.random.Generator) -> list[Tube]:
    """Arteries and airways branching from each hilum until they are thinner than a pixel."""
    tubes: list[Tube] = []

    def inside(p: npt.NDArray[np.float64], side: int) -> bool:
        lift = max(0.0, 1.0 - (max(0.0, p[2] + 20) / 138) ** 3)
        if lift <= 0 or side * p[0] < 20:
            return False
        a, b = 55 * lift**0.5, 79 * lift**0.5
        centre = side * (68 - 14 * (1 - lift))
        dome = -62 - ((p[0] - side * 62) ** 2 / 70 + (p[1] + 12) ** 2 / 105)
        return bool(((p[0] - centre) / a) ** 2 + ((p[1] - 6) / b) ** 2 < 0.97 and p[2] > dome + 3)

    def grow(p: npt.NDArray[np.float64], d: npt.NDArray[np.float64], r: float, side: int, airway: bool) -> None:
        if r < (1.1 if airway else 0.42):
            return
        length = (3.4 + 4.4 * r) * rng.uniform(0.8, 1.3)
        end = p + d * length
        if not inside(end, side):
            # Turn back toward the middle of the lung once; a vessel that still leaves it has reached the pleura.
            d = d + 1.1 * (np.array([side * 66.0, 6.0, p[2] * 0.6]) - p) / 60
            d /= np.linalg.norm(d)
            end = p + d * length
            if not inside(end, side):
                return
        nodule = np.linalg.norm(end - np.array(NODULE_CENTRE))
        if nodule < NODULE_DIAMETER_MM / 2 + r + 2.0:
            return
        start_xyz, end_xyz = (float(p[0]), float(p[1]), float(p[2])), (float(end[0]), float(end[1]), float(end[2]))
        if airway:
            tubes.append(Tube(start_xyz, end_xyz, r + 0.9, -120, -975, r))
        else:
            tubes.append(Tube(start_xyz, end_xyz, r, 90 + 30 * min(r, 3.0)))
        for share, turn in ((0.86, 0.38), (0.70, 0.62)):
            bend = rng.normal(size=3)
            bend -= bend.dot(d) * d
            bend /= np.linalg.norm(bend)
            new = d + turn * bend * rng.uniform(0.7, 1.3)
            # Away from the hilum, toward the pleura.
            new += 0.12 * np.array([side * 0.6, 0.2 * np.sign(end[1]), 0.25 * np.sign(end[2])])
            grow(end, new / np.linalg.norm(new), r * share * rng.uniform(0.93, 1.02), side, airway)

    for side in (-1, 1):
        hilum = np.array([side * 38.0, 6.0, 20.0])
        for direction in (
            (0.5, -0.3, 0.9), (0.9, -0.5, 0.3), (0.8, 0.5, 0.5), (0.9, 0.1, -0.3),
            (0.5, -0.6, -0.7), (0.4, 0.5, -0.9), (0.7, 0.8, -0.4), (0.3, 0.1, -1.0),
            (0.2, -0.8, 0.5), (0.6, 0.2, 0.8), (0.9, -0.3, -0.1), (0.2, 0.9, 0.3), (0.6, -0.7, -0.3),
        ):  # fmt: skip
            d = np.array([side * direction[0], direction[1], direction[2]])
            d /= np.linalg.norm(d)
            grow(hilum, d, rng.uniform(3.6, 4.6), side, airway=False)
            grow(hilum + np.array([0, 5.0, -3.0]), d, rng.uniform(2.2, 2.9), side, airway=True)
    return tubes
