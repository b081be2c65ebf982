"""Lengths drawn with the mouse on the real views: true where the image is calibrated, in pixels where it is not."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from math import hypot
from pathlib import Path
from typing import Any

import pytest
from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtGui import QImage
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication

from sync.demo_hospital.phantoms import PhantomPatient
from sync.demo_hospital.phantoms.ct_chest import write_ct_chest
from tests.real_data import real_data
from tests.viewers.radiology.dicom_files import ct_slice, save
from viewers.annotation.annotation import Annotation, SlideTarget
from viewers.annotation.annotation_set import AnnotationSet
from viewers.annotation.measurements import Measurement, measure
from viewers.byte_source import FileByteSource
from viewers.calibration import CalibrationClass
from viewers.image_view import ImageView
from viewers.pathology.slide_source import open_slide
from viewers.pathology.slide_view import SlideView
from viewers.radiology.display_facts import VoiWindow
from viewers.radiology.series_loader import scan_instances
from viewers.radiology.stack_view import StackView
from workstation.cli import main

pytestmark = pytest.mark.qt
PANE = (600, 740)
"""One of two panes side by side in a window of 1440 × 900, beside the series and below the patient."""
LUNG = VoiWindow(-600, 1500)
PATIENT = PhantomPatient("DEMO-1", "MUSTER^Erika", "19680514", "F", "Chest CT", "A1")


def wait_until(condition: Callable[[], bool]) -> None:
    until = time.monotonic() + 10
    while not condition():
        assert time.monotonic() < until, "waited in vain"
        QTest.qWait(5)


def shown(view: ImageView) -> ImageView:
    view.resize(*PANE)
    view.annotations = AnnotationSet("Dr Test")
    view.show()
    return view


@pytest.fixture
def stack(qapp: Any) -> Iterator[Callable[..., StackView]]:
    views: list[StackView] = []

    def show(*files: Path) -> StackView:
        view = StackView()
        views.append(view)
        shown(view)
        view.set_series(scan_instances([FileByteSource(file) for file in files]).series[0])
        assert view.pixels is not None and view.pixels.wait(10)
        QApplication.processEvents()
        return view

    yield show
    for view in views:
        view.set_series(None)
        view.deleteLater()
    QApplication.processEvents()


@pytest.fixture
def slide(qapp: Any) -> Iterator[Callable[[Path], SlideView]]:
    opened: list[tuple[SlideView, Any]] = []

    def show(file: Path) -> SlideView:
        view, source = SlideView(), open_slide([FileByteSource(file)])
        opened.append((view, source))
        shown(view)
        view.set_slide(source, "Slide", SlideTarget("ab" * 32))
        wait_until(lambda: view.is_sharp)
        return view

    yield show
    for view, source in opened:
        view.stop()
        view.deleteLater()
        source.close()
    QApplication.processEvents()


def draw_length(view: ImageView, start: QPoint, end: QPoint) -> tuple[Measurement, Annotation]:
    """Press, drag and release the left button with the length tool; what the drawn mark measures."""
    view.set_tool("length")
    QTest.mousePress(view, Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier, start)
    for step in range(1, 5):
        QTest.mouseMove(view, start + (end - start) * (step / 4))
    QTest.mouseRelease(view, Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier, end)
    assert view.annotations is not None
    (mark,) = view.annotations.marks
    (length,) = measure(mark, view.calibration())
    return length, mark


def drawn_pixels(view: ImageView, start: QPoint, end: QPoint) -> tuple[float, float]:
    """Image pixels across and down between two places of the view, by the view's own transform."""
    to_image = view.image_to_view().inverted()[0]
    a, b = to_image.map(QPointF(start)), to_image.map(QPointF(end))
    return abs(b.x() - a.x()), abs(b.y() - a.y())


START, END = QPoint(200, 300), QPoint(380, 420)


def test_that_the_nodule_s_visible_edges_measure_its_true_diameter_within_one_pixel(
    stack: Callable[..., StackView], tmp_path: Path
) -> None:
    truth = write_ct_chest(tmp_path, PATIENT, slices=9)
    view = stack(*(tmp_path / name for name in truth.files))
    assert view.series is not None
    places = [frame.geometry for frame in view.series.frames]
    assert all(places)
    nearest = min(range(len(places)), key=lambda n: abs(places[n].position[2] - truth.nodule_centre[2]))  # type: ignore[union-attr]
    view.show_frame(nearest)
    view.set_voi(LUNG)
    QApplication.processEvents()
    plane = places[nearest]
    assert plane is not None
    x = (truth.nodule_centre[0] - plane.position[0]) / plane.column_spacing_mm + 0.5
    y = (truth.nodule_centre[1] - plane.position[1]) / plane.row_spacing_mm + 0.5
    centre = view.image_to_view().map(QPointF(x, y)).toPoint()
    picture = view.grab_image()
    picture = picture.copy(0, picture.height() - view.height(), view.width(), view.height())

    # Along a row and along a column, from edge to edge as they are seen: half way between nodule and lung.
    for dx, dy in ((1, 0), (0, 1)):
        start, end = (edge(picture, centre, sign * dx, sign * dy) for sign in (-1, 1))
        view.annotations = AnnotationSet("Dr Test")
        length, _ = draw_length(view, start, end)
        assert (length.unit, length.calibration) == ("mm", CalibrationClass.PATIENT_GEOMETRY)
        assert length.value == pytest.approx(truth.nodule_diameter_mm, abs=truth.spacing_mm[2])


def edge(picture: QImage, centre: QPoint, dx: int, dy: int) -> QPoint:
    """The first place from *centre* on that is darker than half of what stands between nodule and lung."""

    def grey(at: QPoint) -> int:
        return picture.pixelColor(at).lightness()

    far = QPoint(centre.x() + 30 * dx, centre.y() + 30 * dy)
    half = (grey(centre) + grey(far)) / 2
    assert grey(centre) > grey(far) + 60, "the nodule stands out of the lung"
    at = QPoint(centre)
    while grey(at) > half:
        at += QPoint(dx, dy)
    return at


@pytest.mark.real_data
@pytest.mark.parametrize(
    ("file", "kind", "spacing_mm"),
    [
        ("ct_chest_56sl_LungDx-A0001/1-32.dcm", CalibrationClass.PATIENT_GEOMETRY, (0.841796875, 0.841796875)),
        ("highdicom_testfiles/dx_image.dcm", CalibrationClass.AT_DETECTOR, (1.201199999999, 1.2)),
    ],
)
def test_that_a_calibrated_image_is_measured_in_millimetres(
    file: str, kind: CalibrationClass, spacing_mm: tuple[float, float], stack: Callable[..., StackView]
) -> None:
    view = stack(real_data("dicom", *file.split("/")))
    across, down = drawn_pixels(view, START, END)
    length, _ = draw_length(view, START, END)
    assert (length.unit, length.calibration) == ("mm", kind)
    assert length.value == pytest.approx(hypot(across * spacing_mm[0], down * spacing_mm[1]), rel=1e-6)


@pytest.mark.real_data
@pytest.mark.parametrize(
    "file",
    [
        "pydicom_testfiles/examples_palette.dcm",
        "pydicom_testfiles/examples_rgb_color.dcm",
        "pydicom_data_singles/vlut_04.dcm",
        "xa_cine/XA_96fr_RuboDemo_fragments.dcm",
    ],
)
def test_that_a_real_image_without_spacing_is_measured_in_pixels(file: str, stack: Callable[..., StackView]) -> None:
    view = stack(real_data("dicom", *file.split("/")))
    across, down = drawn_pixels(view, START, END)
    length, _ = draw_length(view, START, END)
    assert (length.unit, length.calibration) == ("px", CalibrationClass.UNCALIBRATED)
    assert length.value == pytest.approx(hypot(across, down), rel=1e-6)
    assert "mm" not in length.text and length.note


def test_that_an_image_without_spacing_is_measured_in_pixels(stack: Callable[..., StackView], tmp_path: Path) -> None:
    made = ct_slice(0.0)
    for keyword in ("PixelSpacing", "ImagePositionPatient", "ImageOrientationPatient"):
        delattr(made, keyword)
    view = stack(save(made, tmp_path / "no-spacing.dcm").path)
    length, _ = draw_length(view, START, END)
    assert (length.unit, length.calibration) == ("px", CalibrationClass.UNCALIBRATED)


@pytest.mark.real_data
@pytest.mark.parametrize("name", ["grey10kx5k.tif", "yb10kx5k.zstd.tiff"])
def test_that_a_slide_whose_scale_is_only_a_resolution_tag_is_measured_in_pixels(
    name: str, slide: Callable[[Path], SlideView]
) -> None:
    view = slide(next(real_data("wsi", "large_image_tiffs").rglob(name)))
    across, down = drawn_pixels(view, START, END)
    length, _ = draw_length(view, START, END)
    assert (length.unit, length.calibration) == ("px", CalibrationClass.UNCALIBRATED)
    assert length.value == pytest.approx(hypot(across, down), rel=1e-6)
    assert "352." in length.note and "no calibration" in length.note


@pytest.mark.real_data
def test_that_a_scanned_slide_is_measured_by_its_micrometres_per_pixel(slide: Callable[[Path], SlideView]) -> None:
    view = slide(next(real_data("wsi", "aperio_svs").rglob("*.svs")))
    across, down = drawn_pixels(view, START, END)
    length, _ = draw_length(view, START, END)
    assert length.calibration is CalibrationClass.SLIDE_MPP
    value_um = length.value * (1000 if length.unit == "mm" else 1)
    assert value_um == pytest.approx(hypot(across, down) * 0.499, rel=1e-6)


@pytest.mark.real_data
@pytest.mark.parametrize("mpp", ["0.0499", "10.010", "352.80"])
def test_that_a_slide_of_an_impossible_scale_is_not_calibrated(
    mpp: str, tmp_path: Path, slide: Callable[[Path], SlideView]
) -> None:
    whole = next(real_data("wsi", "aperio_svs").rglob("*.svs")).read_bytes()
    assert whole.count(b"MPP = 0.4990") >= 1
    (tmp_path / "odd.svs").write_bytes(whole.replace(b"MPP = 0.4990", f"MPP = {mpp}".encode("ascii")))
    length, _ = draw_length(slide(tmp_path / "odd.svs"), START, END)
    assert (length.unit, length.calibration) == ("px", CalibrationClass.UNCALIBRATED)
    assert length.note


CLASSES = {
    "dicom/ct_chest_56sl_LungDx-A0001/1-32.dcm": "patient geometry",
    "dicom/highdicom_testfiles/dx_image.dcm": "at detector",
    "dicom/mammography/MG_GH133_fo-dicom.dcm": "at detector",
    "dicom/mammography/MG_PixelSpacing_vs_ImagerPixelSpacing_Clunie.dcm": "magnification-corrected",
    "dicom/pydicom_testfiles/examples_palette.dcm": "px",
    "dicom/pydicom_data_singles/vlut_04.dcm": "px",
    "wsi/large_image_tiffs/grey10kx5k.tif": "px",
    "wsi/aperio_svs/CMU-1-Small-Region.svs": "slide MPP",
}


@pytest.mark.real_data
@pytest.mark.parametrize("file", CLASSES)
def test_that_inspect_states_the_calibration_class_and_why(file: str, capfd: pytest.CaptureFixture[str]) -> None:
    assert main(["inspect", str(real_data(*file.split("/"))), "--json"]) == 0
    told = json.loads(capfd.readouterr().out)
    found: list[dict[str, Any]] = told["series"] + told["slides"]
    (shown_one,) = found
    assert shown_one["calibration"]["class"] == CLASSES[file]
    assert shown_one["calibration"]["note"]
    sizes = {key: value for key, value in shown_one["calibration"].items() if key not in ("class", "note")}
    assert all((value is None) == (CLASSES[file] == "px") for value in sizes.values())
