from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from PySide6.QtCore import QPoint, QSize, Qt
from PySide6.QtGui import QColor, QImage, QMouseEvent, QTransform
from PySide6.QtTest import QTest

from tests.viewers.annotation.marks import FRAME, line, mark, outline
from viewers.annotation.annotation import FrameTarget, Target
from viewers.annotation.annotation_set import AnnotationSet
from viewers.annotation.painter import MARK
from viewers.calibration import Calibration, CalibrationClass
from viewers.image_view import ImageView

LEFT = Qt.MouseButton.LeftButton
CONTROL = Qt.KeyboardModifier.ControlModifier


class PlainView(ImageView):
    """A grey picture at two view pixels an image pixel."""

    def __init__(self) -> None:
        super().__init__()
        self.target: Target | None = FRAME
        self.navigated: list[str] = []
        self.grey = QColor(128, 128, 128)

    def _render(self, size_px: QSize) -> QImage | None:
        image = QImage(size_px, QImage.Format.Format_RGB32)
        image.fill(self.grey)
        return image

    def image_to_view(self) -> QTransform:
        return QTransform.fromScale(2.0, 2.0)

    def current_target(self) -> Target | None:
        return self.target

    def calibration(self) -> Calibration:
        return Calibration(CalibrationClass.PATIENT_GEOMETRY, 0.5, 0.5)

    def navigate_press(self, event: QMouseEvent) -> None:
        self.navigated.append("press")

    def navigate_release(self, event: QMouseEvent) -> None:
        self.navigated.append("release")


@pytest.fixture
def view(qapp: Any) -> Iterator[PlainView]:
    view = PlainView()
    view.resize(400, 300)
    view.annotations = AnnotationSet("Practitioner/r")
    view.show()
    yield view
    view.deleteLater()


def drag(view: ImageView, start: tuple[int, int], end: tuple[int, int]) -> None:
    QTest.mousePress(view, LEFT, pos=QPoint(*start))
    QTest.mouseMove(view, QPoint(*end))
    QTest.mouseRelease(view, LEFT, pos=QPoint(*end))


def shapes(view: ImageView) -> list[object]:
    assert view.annotations is not None
    return [m.shape for m in view.annotations.marks]


def test_that_l_and_a_drag_measure_in_image_coordinates(view: PlainView) -> None:
    QTest.keyClick(view, Qt.Key.Key_L)
    drag(view, (100, 50), (200, 150))
    assert shapes(view) == [line((50, 25), (100, 75))]
    assert view.selected_id
    assert not view.navigated


def test_that_p_and_clicks_outline_and_enter_closes(view: PlainView) -> None:
    QTest.keyClick(view, Qt.Key.Key_P)
    for x, y in ((100, 50), (200, 50), (200, 150)):
        QTest.mouseClick(view, LEFT, pos=QPoint(x, y))
    QTest.keyClick(view, Qt.Key.Key_Return)
    assert shapes(view) == [outline((50, 25), (100, 25), (100, 75))]


def test_that_a_double_click_closes_an_outline_at_its_place(view: PlainView) -> None:
    view.set_tool("polygon")
    for x, y in ((100, 50), (200, 50)):
        QTest.mouseClick(view, LEFT, pos=QPoint(x, y))
    QTest.mouseClick(view, LEFT, pos=QPoint(200, 150))
    QTest.mouseDClick(view, LEFT, pos=QPoint(200, 150))
    assert shapes(view) == [outline((50, 25), (100, 25), (100, 75))]


def test_that_escape_drops_what_is_begun_and_then_puts_the_tool_down(view: PlainView) -> None:
    view.set_tool("polygon")
    QTest.mouseClick(view, LEFT, pos=QPoint(100, 50))
    QTest.keyClick(view, Qt.Key.Key_Escape)
    assert (view.tool_name, view.is_drawing) == ("polygon", False)
    QTest.keyClick(view, Qt.Key.Key_Escape)
    assert view.tool_name is None
    assert shapes(view) == []


def test_that_undo_redo_and_delete_are_keys_of_the_view(view: PlainView) -> None:
    view.set_tool("length")
    drag(view, (100, 50), (200, 150))
    QTest.keyClick(view, Qt.Key.Key_Z, CONTROL)
    assert shapes(view) == []
    QTest.keyClick(view, Qt.Key.Key_Z, CONTROL | Qt.KeyboardModifier.ShiftModifier)
    assert len(shapes(view)) == 1
    assert view.annotations is not None
    view.select_mark(view.annotations.marks[0].annotation_id)
    QTest.keyClick(view, Qt.Key.Key_Delete)
    assert shapes(view) == []
    assert view.selected_id == ""


def test_that_without_a_tool_a_handle_is_dragged_and_the_rest_navigates(view: PlainView) -> None:
    assert view.annotations is not None
    view.annotations.add(mark(line((50, 25), (100, 75))))
    drag(view, (200, 150), (240, 150))
    assert shapes(view) == [line((50, 25), (120, 75))]
    assert not view.navigated
    drag(view, (300, 250), (320, 250))
    assert view.navigated == ["press", "release"]
    assert view.selected_id == ""


def test_that_a_shape_begun_on_one_image_is_not_finished_on_another(view: PlainView) -> None:
    view.set_tool("polygon")
    for x, y in ((100, 50), (200, 50), (200, 150)):
        QTest.mouseClick(view, LEFT, pos=QPoint(x, y))
    view.target = FrameTarget(FRAME.series_uid, "1.2.840.1.8", 1)
    QTest.mouseClick(view, LEFT, pos=QPoint(20, 20))
    QTest.keyClick(view, Qt.Key.Key_Return)
    assert shapes(view) == []


def test_that_a_signed_cases_marks_cannot_be_drawn_moved_or_deleted(view: PlainView) -> None:
    stored = mark(line((50, 25), (100, 75)))
    view.annotations = AnnotationSet("r", [stored], read_only=True)
    said: list[str] = []
    view.refused.connect(said.append)
    drag(view, (200, 150), (240, 150))
    QTest.keyClick(view, Qt.Key.Key_Delete)
    QTest.keyClick(view, Qt.Key.Key_Z, CONTROL)
    view.set_tool("length")
    drag(view, (10, 10), (50, 50))
    assert shapes(view) == [stored.shape]
    assert len(said) == 3
    assert all("signed" in sentence for sentence in said)


def test_that_without_an_image_nothing_is_drawn(view: PlainView) -> None:
    view.target = None
    view.set_tool("length")
    drag(view, (10, 10), (50, 50))
    assert shapes(view) == []


def test_that_only_marks_of_the_frame_shown_are_painted(view: PlainView) -> None:
    view.annotations = AnnotationSet("r", [mark(line((20, 100), (180, 100)))])
    assert is_marked(view, 100, 200)
    view.target = FrameTarget(FRAME.series_uid, FRAME.sop_instance_uid, 2)
    assert not is_marked(view, 100, 200)


@pytest.mark.parametrize("grey", [0, 255])
def test_that_a_mark_has_a_dark_halo_on_any_ground(view: PlainView, grey: int) -> None:
    view.grey = QColor(grey, grey, grey)
    view.annotations = AnnotationSet("r", [mark(line((20, 100), (180, 100)))])
    assert is_marked(view, 100, 200)
    assert colour_at(view, 100, 201).lightness() < 100


def test_that_a_picture_that_leaves_carries_the_patient_above_the_image(view: PlainView) -> None:
    plain = view.grab_image()
    view.patient_line = "MUSTER, ANNA · female · ID P1"
    labelled = view.grab_image()
    bar = labelled.height() - plain.height()
    assert 15 < bar < 40
    assert max(labelled.pixelColor(x, y).lightness() for x in range(10, 200) for y in range(bar)) > 150
    below = labelled.copy(0, bar, plain.width(), plain.height())
    assert below == plain, "nothing of the image is covered"


def test_that_a_long_patient_line_is_wrapped_and_never_cut(view: PlainView) -> None:
    view.patient_line = "MUSTER, ANNA · female · ID P1"
    one_line = view.grab_image().height()
    view.patient_line = (
        "MUSTER-LANGENSCHEIDT, ANNA MARIA · female · born 1960-01-01 (66 years) · ID P1 · case SO-2026-00042"
    )
    assert view.grab_image().height() > one_line + 10


def is_marked(view: PlainView, x: int, y: int) -> bool:
    """The mark's colour, give or take the antialiased edge."""
    found = colour_at(view, x, y)
    channels = ((found.red(), MARK.red()), (found.green(), MARK.green()), (found.blue(), MARK.blue()))
    return all(abs(a - b) < 40 for a, b in channels)


def colour_at(view: PlainView, x: int, y: int) -> QColor:
    ratio = view.devicePixelRatioF()
    return view.grab_image().pixelColor(round(x * ratio), round(y * ratio))


@pytest.mark.parametrize("ratio", [1.25, 1.5, 2.0])
def test_that_the_picture_is_drawn_device_pixel_for_device_pixel(
    view: PlainView, ratio: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    def stripes(size_px: QSize) -> QImage:
        image = QImage(size_px, QImage.Format.Format_RGB32)
        image.fill(QColor(0, 0, 0))
        for x in range(0, size_px.width(), 2):
            for y in range(20, 40):
                image.setPixelColor(x, y, QColor(255, 255, 255))
        return image

    monkeypatch.setattr(view, "_render", stripes)
    monkeypatch.setattr(view, "devicePixelRatioF", lambda: ratio)
    seen = view.grab_image()
    assert [seen.pixelColor(x, 30).lightness() for x in range(300, 308)] == [255, 0] * 4
