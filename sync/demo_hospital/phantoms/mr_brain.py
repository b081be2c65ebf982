"""An invented oblique T1-weighted brain MR after contrast: scalp, skull, folded cortex, ventricles, one lesion.

Analytic, in patient millimetres (LPS); the slices are double-oblique, so that nothing about orientation comes for free.
"""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from math import cos, radians, sin
from pathlib import Path

import cv2
import numpy as np
import numpy.typing as npt

from sync.demo_hospital.phantoms import PhantomPatient
from sync.demo_hospital.phantoms.dicom_writing import put_pixels, save, slice_dataset, stable_uid
from sync.demo_hospital.phantoms.solids import FloatImage, SmoothField, paint

MR_IMAGE_STORAGE = "1.2.840.10008.5.1.4.1.1.4"
SIZE = 256
PIXEL_MM = 0.9375
SLICE_MM = 1.5
SLICES = 104
TILT_DEG, TURN_DEG = 12.0, 4.0
LESION_CENTRE = (32.0, -14.0, 28.0)
LESION_DIAMETER_MM = 20.0

FAT, SKULL, CSF, GREY, WHITE, MUSCLE, RIM, NECROSIS = 820, 60, 110, 330, 450, 260, 760, 190


@dataclass(frozen=True, slots=True)
class MrTruth:
    """What is known of the MR before anybody reads it. Points in mm, LPS."""

    study_uid: str
    series_uid: str
    lesion_centre: tuple[float, float, float]
    lesion_diameter_mm: float
    row_direction: tuple[float, float, float]
    column_direction: tuple[float, float, float]
    spacing_mm: tuple[float, float, float]
    """Between slices, rows, columns."""
    files: tuple[str, ...]


def write_mr_brain(
    directory: Path, patient: PhantomPatient, on_progress: Callable[[float], None] | None = None
) -> MrTruth:
    """Write the slices as DICOM files into *directory*; ``on_progress`` gets 0…1."""
    directory.mkdir(parents=True, exist_ok=True)
    study_uid = stable_uid(patient.patient_id, "brain-mr")
    series_uid = stable_uid(study_uid, "t1-gd")
    row, column, normal = _oblique_axes()
    painter = _BrainPainter()
    names = tuple(f"mr-{k + 1:04d}.dcm" for k in range(SLICES))
    half = 0.5 * (SIZE - 1) * PIXEL_MM
    done = 0

    def write(k: int) -> None:
        along = (k - 0.5 * (SLICES - 1)) * SLICE_MM + 8.0
        corner = normal * along - row * half - column * half
        sop_uid = stable_uid(series_uid, str(k))
        ds = slice_dataset(patient, MR_IMAGE_STORAGE, study_uid, series_uid, sop_uid, k + 1)
        ds.Modality = "MR"
        ds.ImageType = ["ORIGINAL", "PRIMARY", "M", "NONE"]
        ds.SeriesNumber = 5
        ds.SeriesDescription = "T1 3D post Gd oblique"
        ds.BodyPartExamined = "BRAIN"
        ds.ScanningSequence, ds.SequenceVariant, ds.ScanOptions = "GR", "SP", ""
        ds.MRAcquisitionType = "3D"
        ds.RepetitionTime, ds.EchoTime, ds.InversionTime, ds.EchoTrainLength = 2000, 3.1, 900, 1
        ds.MagneticFieldStrength = 3
        ds.ContrastBolusAgent = "Gadolinium"
        ds.SliceThickness = ds.SpacingBetweenSlices = SLICE_MM
        ds.PixelSpacing = [PIXEL_MM, PIXEL_MM]
        ds.ImageOrientationPatient = [round(float(v), 8) for v in (*row, *column)]
        ds.ImagePositionPatient = [round(float(v), 5) for v in corner]
        ds.WindowCenter, ds.WindowWidth = 380, 760
        put_pixels(ds, painter.slice_signal(k, corner, row, column), bits_stored=12)
        save(ds, directory / names[k])

    with ThreadPoolExecutor(2) as pool:
        for _ in pool.map(write, range(SLICES)):
            done += 1
            if on_progress:
                on_progress(done / SLICES)
    return MrTruth(
        study_uid=study_uid,
        series_uid=series_uid,
        lesion_centre=LESION_CENTRE,
        lesion_diameter_mm=LESION_DIAMETER_MM,
        row_direction=(float(row[0]), float(row[1]), float(row[2])),
        column_direction=(float(column[0]), float(column[1]), float(column[2])),
        spacing_mm=(SLICE_MM, PIXEL_MM, PIXEL_MM),
        files=names,
    )


Vector = npt.NDArray[np.float64]


def _oblique_axes() -> tuple[Vector, Vector, Vector]:
    """Axial axes tilted about the left-right axis, then turned about the head-foot axis."""
    tilt, turn = radians(TILT_DEG), radians(TURN_DEG)
    turning = np.array([[cos(turn), -sin(turn), 0], [sin(turn), cos(turn), 0], [0, 0, 1]])
    tilting = np.array([[1, 0, 0], [0, cos(tilt), -sin(tilt)], [0, sin(tilt), cos(tilt)]])
    row, column, normal = (turning @ tilting).T
    return row, column, normal


class _BrainPainter:
    def __init__(self) -> None:
        rng = np.random.default_rng(20261123)
        self._gyri = SmoothField(rng, 15.0, 16)
        self._gyri_fine = SmoothField(rng, 9.0, 14)
        self._patchy = SmoothField(rng, 26.0)
        self._shading = SmoothField(rng, 320.0)

    def slice_signal(self, k: int, corner: Vector, row: Vector, column: Vector) -> npt.NDArray[np.uint16]:
        """(256, 256) uint16 signal of the plane through *corner* (centre of the first pixel, mm LPS)."""
        steps = (np.arange(SIZE) * PIXEL_MM).astype(np.float32)
        across, down = steps[None, :], steps[:, None]
        x, y, z = (np.asarray(corner[a] + across * row[a] + down * column[a], np.float32) for a in range(3))
        image = np.full((SIZE, SIZE), 8, np.float32)
        head = _ellipsoid(x, y, z, (0, 4, 10), (78, 98, 96))
        neck = np.maximum(np.sqrt(x**2 + (y - 22) ** 2) - 56, z + 40)
        skin = np.minimum(head, np.asarray(neck, np.float32))
        paint(image, skin, FAT, PIXEL_MM)
        paint(image, skin + 5.5, MUSCLE * 0.8, PIXEL_MM)
        face = np.maximum(skin + 6, np.asarray(z + 30, np.float32))
        paint(image, face, np.asarray(MUSCLE + 70 * self._patchy(x, y, z), np.float32), PIXEL_MM)
        paint(image, np.maximum(head + 7.5, -z - 48), SKULL, PIXEL_MM)
        paint(image, np.maximum(head + 9.5, -z - 46), FAT * 0.45, PIXEL_MM)
        paint(image, np.maximum(head + 11.5, -z - 44), SKULL, PIXEL_MM)
        self._brain(image, x, y, z, np.maximum(head + 13.5, np.asarray(-z - 38, np.float32)))
        for side in (-1, 1):
            orbit = _ellipsoid(x, y, z, (side * 31, -62, -22), (12.5, 12.5, 12.5))
            paint(image, np.maximum(orbit - 6, skin + 4), FAT * 0.8, PIXEL_MM)
            paint(image, np.maximum(orbit, skin + 3), 150, PIXEL_MM)
        sinus = _ellipsoid(x, y, z, (0, -66, -34), (13, 11, 15))
        paint(image, sinus, 12, PIXEL_MM)
        return self._scan(image, x, y, z, k)

    def _brain(self, image: FloatImage, x: FloatImage, y: FloatImage, z: FloatImage, inner: FloatImage) -> None:
        paint(image, inner, CSF, PIXEL_MM)
        fold = self._gyri(x, y, z) + 0.35 * self._gyri_fine(x, y, z)
        # A sulcus runs where the field crosses zero; the cortical ribbon follows it down into the white matter.
        surface = inner + 1.2 + 13.0 * np.exp(-((fold / 0.26) ** 2))
        ribbon = inner + 4.4 + 14.0 * np.exp(-((fold / 0.95) ** 2))
        # The fissure between the hemispheres ends at the corpus callosum.
        callosum = np.clip(36 - z, 0, 6) * np.clip(1 - (np.abs(y - 2) - 40) / 8, 0, 1)
        midline = 1.3 - np.abs(x) - callosum
        surface = np.asarray(np.maximum(surface, midline), np.float32)
        ribbon = np.asarray(np.maximum(ribbon, midline + 3.0), np.float32)
        paint(image, surface, GREY, PIXEL_MM)
        paint(image, ribbon, np.asarray(WHITE + 9 * self._patchy(x, y, z), np.float32), PIXEL_MM)
        for side in (-1, 1):
            thalamus = _ellipsoid(x, y, z, (side * 11, 8, 14), (8.5, 14, 9))
            paint(image, thalamus, GREY + 35, PIXEL_MM)
            lentiform = _ellipsoid(x, y, z, (side * 25, -2, 14), (7, 16, 10))
            paint(image, lentiform, GREY + 25, PIXEL_MM)
            caudate = _ellipsoid(x, y, z, (side * 15, -20, 20), (5, 9, 9))
            paint(image, caudate, GREY + 15, PIXEL_MM)
            frontal = _ellipsoid(x, y, z, (side * 9, -20, 24), (5.5, 20, 9))
            body = _ellipsoid(x, y, z, (side * 13, 10, 32), (6, 28, 8))
            occipital = _ellipsoid(x, y, z, (side * 24, 38, 18), (6, 18, 9))
            paint(image, np.minimum(np.minimum(frontal, body), occipital), CSF, PIXEL_MM)
            cerebellum = _ellipsoid(x, y, z, (side * 22, 50, -28), (28, 26, 22))
            stripes = np.sin(0.9 * (z + 0.3 * y) + 1.2 * self._gyri(x, y, z))
            paint(image, np.maximum(cerebellum, inner), np.asarray(GREY + 40 + 38 * stripes, np.float32), PIXEL_MM)
        third = _ellipsoid(x, y, z, (0, 4, 12), (2.2, 13, 10))
        paint(image, third, CSF, PIXEL_MM)
        stem = np.maximum(np.sqrt((x / 1.1) ** 2 + (y - 18) ** 2) - 11, np.abs(z + 30) - 34)
        paint(image, np.asarray(stem, np.float32), WHITE - 30, PIXEL_MM)
        self._lesion(image, x, y, z)

    def _lesion(self, image: FloatImage, x: FloatImage, y: FloatImage, z: FloatImage) -> None:
        cx, cy, cz = LESION_CENTRE
        distance = np.sqrt((x - cx) ** 2 + (y - cy) ** 2 + (z - cz) ** 2) - LESION_DIAMETER_MM / 2
        oedema = np.asarray(distance - 9 - 3.5 * self._patchy(x, y, z), np.float32)
        paint(image, oedema, 285, PIXEL_MM * 4)
        paint(image, np.asarray(distance, np.float32), RIM, PIXEL_MM)
        core = np.asarray(distance + 4.2 + 0.8 * self._gyri_fine(x, y, z), np.float32)
        paint(image, core, NECROSIS, PIXEL_MM)

    def _scan(self, image: FloatImage, x: FloatImage, y: FloatImage, z: FloatImage, k: int) -> npt.NDArray[np.uint16]:
        """Coil shading and Rician noise, as a magnitude image has."""
        rng = np.random.default_rng((20261123, k))
        shaded = cv2.GaussianBlur(image, (0, 0), 0.55) * (1 + 0.09 * self._shading(x, y, z))
        real = shaded + 11 * rng.standard_normal(image.shape, dtype=np.float32)
        imaginary = 11 * rng.standard_normal(image.shape, dtype=np.float32)
        magnitude = np.sqrt(real**2 + imaginary**2)
        return np.asarray(np.clip(np.rint(magnitude), 0, 4095), np.uint16)


def _ellipsoid(
    x: FloatImage, y: FloatImage, z: FloatImage, centre: tuple[float, float, float], radii: tuple[float, float, float]
) -> FloatImage:
    """Approximate signed distance (mm) to an ellipsoid; exact on its surface."""
    scaled = np.sqrt(sum(((p - c) / r) ** 2 for p, c, r in zip((x, y, z), centre, radii, strict=True)))
    return np.asarray((scaled - 1.0) * min(radii), np.float32)
