"""A DICOM slide of which only some levels have come: shown, measured by its own scale, and finer in place later."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest
from pydicom.dataset import Dataset
from PySide6.QtCore import QPointF
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication

from tests.viewers.pathology.byte_sources import MemoryByteSource
from tests.viewers.pathology.test_dicom_source import RGB, instance
from viewers.annotation.annotation import SlideTarget
from viewers.errors import UnsupportedImage
from viewers.pathology.slide_source import SlideSource, open_slide
from viewers.pathology.slide_view import SlideView

pytestmark = pytest.mark.qt
FULL = np.kron(np.random.default_rng(3).integers(40, 255, (24, 32, 3), np.uint8), np.ones((32, 32, 1), np.uint8))
"""1024 × 768: squares of one colour, which stay that colour in every level."""
MM = 0.00025


def level(step: int, flavour: str = "VOLUME") -> MemoryByteSource:
    """The slide reduced by *step*, as the instance it would arrive in."""
    measures, shared = Dataset(), Dataset()
    measures.PixelSpacing = [MM * step, MM * step]
    shared.PixelMeasuresSequence = [measures]
    kind = ["ORIGINAL", "PRIMARY", flavour, "NONE"]
    content = instance(FULL[::step, ::step], tile=64, SharedFunctionalGroupsSequence=[shared], ImageType=kind)
    return MemoryByteSource(f"level{step}.dcm", content)


def so_far(*steps: int) -> SlideSource:
    return open_slide([level(step) for step in steps], is_partial=True)


@pytest.fixture
def view(qapp: QApplication) -> Iterator[SlideView]:
    view = SlideView()
    view.resize(600, 500)
    view.set_slide(so_far(8), "Biopsy", SlideTarget("a" * 64))
    view.show()
    yield view
    view.stop()
    view.deleteLater()
    QApplication.processEvents()


def let_come(view: SlideView) -> None:
    for _ in range(2000):
        if view.is_sharp:
            return
        QTest.qWait(5)
    raise AssertionError("waited in vain")


def shown(view: SlideView) -> np.ndarray:
    image = view._render(view.size())
    assert image is not None
    return np.frombuffer(image.constBits(), np.uint8).reshape(image.height(), image.width(), 4)[..., RGB].copy()


def check_middle_square(view: SlideView) -> None:
    """The square in the middle of the view has its colour, in the middle of the square."""
    assert view.slide is not None
    point, side = view.place.point_at(300, 250), view.slide.levels[0].width_px / 32
    column, row = int(point.x_px / side), int(point.y_px / side)
    at = view.image_to_view().map(QPointF((column + 0.5) * side, (row + 0.5) * side))
    np.testing.assert_allclose(shown(view)[int(at.y()), int(at.x())], FULL[row * 32, column * 32], atol=3)


def place_mm(view: SlideView, at: QPointF) -> tuple[float, float]:
    """Which place of the glass lies under *at*."""
    point, calibration = view.image_to_view().inverted()[0].map(at), view.calibration()
    assert calibration.column_mm is not None and calibration.row_mm is not None
    return point.x() * calibration.column_mm, point.y() * calibration.row_mm


def test_that_the_coarsest_level_alone_is_the_whole_slide_with_its_true_scale(view: SlideView) -> None:
    let_come(view)
    assert view.slide is not None and view.slide.levels[0].width_px == 128
    corner, far = view.image_to_view().map(QPointF(0, 0)), view.image_to_view().map(QPointF(128, 96))
    assert (far.x() - corner.x()) / view.place.zoom * MM * 8 == pytest.approx(1024 * MM)
    across = [corner.x() + (far.x() - corner.x()) * (n + 0.5) / 32 for n in range(32)]
    y = round(corner.y() + (far.y() - corner.y()) * 0.5 / 24)
    np.testing.assert_allclose(shown(view)[y, [round(x) for x in across]], FULL[16, 16::32], atol=3)


@pytest.mark.parametrize("fitted", [True, False])
def test_that_finer_levels_refine_the_field_in_place(view: SlideView, fitted: bool) -> None:
    let_come(view)
    if not fitted:
        view.zoom.by(4.0, QPointF(200, 150))
        let_come(view)
    ends = [QPointF(80, 90), QPointF(420, 333)]
    before, magnification = [place_mm(view, at) for at in ends], view.zoom.magnification
    coarse = shown(view)
    view.refine_slide(so_far(8, 2, 1), SlideTarget("b" * 64))
    assert view.slide is not None and view.slide.levels[0].width_px == 1024
    assert view.zoom.magnification == pytest.approx(magnification)
    half_px = 0.6 * MM / view.place.zoom
    for at, place in zip(ends, before, strict=True):
        assert place_mm(view, at) == pytest.approx(place, abs=half_px)
    assert not (shown(view) == 255).all(axis=-1).any()  # what is not read again yet is never glass
    let_come(view)
    inside = shown(view)[100:400, 150:450]
    assert np.abs(inside.astype(int) - coarse[100:400, 150:450]).mean() < 12  # the same squares, with sharper edges
    check_middle_square(view)


def test_that_what_is_here_already_is_shown_on_without_being_read_again(view: SlideView) -> None:
    let_come(view)
    unreadable = so_far(8, 4)
    view.refine_slide(unreadable, SlideTarget("b" * 64))
    unreadable.close()  # from now on no tile can be read
    check_middle_square(view)


def test_that_a_slide_of_which_only_the_label_came_is_not_taken_for_the_label() -> None:
    with pytest.raises(UnsupportedImage, match="opens as soon as its first level has"):
        open_slide([level(8, "LABEL")], is_partial=True)
    assert "only the label" in open_slide([level(8, "LABEL")]).warnings[0]
