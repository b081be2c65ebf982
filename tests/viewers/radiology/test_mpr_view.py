"""What a plane of a reconstruction shows, by a formula in patient space, and what hands and keys do to it."""

from __future__ import annotations

import gc
import weakref
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtGui import QKeyEvent, QKeySequence
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication

from tests.viewers.radiology.phantom_volumes import grid, series_from
from viewers.errors import UnsupportedImage
from viewers.geometry import PatientPoint, dot
from viewers.image_text import Letters
from viewers.radiology.display_facts import VoiFunction, VoiWindow
from viewers.radiology.latest_work import LatestWork
from viewers.radiology.mpr_canvas import OUTSIDE_BGR, grey_table
from viewers.radiology.mpr_keys import MPR_KEYS, mpr_keys
from viewers.radiology.mpr_scene import MprScene
from viewers.radiology.mpr_view import NO_MARKS, MprView
from viewers.radiology.orthogonal_planes import Orientation
from viewers.radiology.slab import SlabMode
from viewers.radiology.stack_keys import LARGER
from viewers.radiology.volume import SeriesPixels
from viewers.radiology.windowing import render_grey

pytestmark = pytest.mark.qt
AXIAL, CORONAL, SAGITTAL = Orientation.AXIAL, Orientation.CORONAL, Orientation.SAGITTAL
GRID = grid((30, 40, 44), (2.0, 1.0, 1.0), tilt_degrees=8.0, centre=(11.0, -7.0, 120.0))


def ramp(points: np.ndarray) -> np.ndarray:
    """Linear, so that interpolation between voxels is exact anywhere."""
    return np.asarray((points - np.array([11.0, -7.0, 120.0])) @ np.array([3.0, -2.0, 4.0]))


@pytest.fixture(scope="module")
def pixels() -> SeriesPixels:
    read = SeriesPixels(series_from(GRID, ramp))
    for index in range(len(read)):
        read.read_frame(index)
    return read


class Mpr:
    """Three views of one scene, shown."""

    def __init__(self, pixels: SeriesPixels) -> None:
        self.worker = LatestWork("test")
        self.scene = MprScene(pixels.series, pixels)
        self.scene.take_volume(self.scene.build_volume())
        self.views = {o: MprView(self.scene, o, self.worker) for o in Orientation}
        self.values: list[str] = []
        for view in self.views.values():
            view.resize(400, 300)
            view.show()
            view.value_probed.connect(self.values.append)
        QApplication.processEvents()

    def value_at(self, view: MprView, at: QPointF) -> str:
        view.probe(at)
        return self.values[-1]

    def drag(self, view: MprView, start: QPointF, by: QPoint) -> None:
        first = start.toPoint()
        QTest.mousePress(view, Qt.MouseButton.LeftButton, pos=first)
        for part in (1, 2):
            QTest.mouseMove(view, first + by * part / 2)
        QTest.mouseRelease(view, Qt.MouseButton.LeftButton, pos=first + by)

    def at_rest(self) -> None:
        """Every slab is there in full."""
        for _ in range(400):
            shown = [view.shown for view in self.views.values()]
            if all(s is not None and not s.wish.is_coarse and s.wish.slab == self.scene.slab for s in shown):
                return
            QTest.qWait(5)
        raise AssertionError("no full slab came")

    def close(self) -> None:
        self.worker.close()
        for view in self.views.values():
            view.stop()
            view.deleteLater()
        self.views.clear()
        QApplication.sendPostedEvents(None, 0)
        QApplication.processEvents()


@pytest.fixture
def mpr(qapp: Any, pixels: SeriesPixels) -> Iterator[Mpr]:
    shown = Mpr(pixels)
    yield shown
    shown.close()


def place_of(mpr: Mpr, view: MprView, of: Orientation, part: str) -> QPointF:
    """Where on *view* that part of the line of plane *of* lies: a third of the way to its end, or the end."""
    axis = next(axis for axis in view._axes() if axis.of is of)
    end = axis.ends[1]
    share = 1.0 if part == "end" else 0.4
    column = axis.crossing.column + (end.column - axis.crossing.column) * share
    row = axis.crossing.row + (end.row - axis.crossing.row) * share
    return view.image_to_view().map(QPointF(column, row))


@pytest.mark.parametrize("turned", [False, True])
@pytest.mark.parametrize("orientation", list(Orientation))
def test_that_a_pixel_of_the_view_has_the_value_of_its_place_in_the_patient(
    mpr: Mpr, orientation: Orientation, turned: bool
) -> None:
    if turned:
        mpr.scene.turn(CORONAL, 21.0)
        mpr.scene.turn(AXIAL, -34.0)
        QApplication.processEvents()
    view = mpr.views[orientation]
    view.turn.by(1)
    view.turn.flip_horizontally()
    looked = 0
    for dx, dy in ((0, 0), (31, -22), (-40, 17), (12, 45)):
        said = mpr.value_at(view, QPointF(200 + dx, 150 + dy))
        value, letters = said.split(" HU  ")
        sides = letters.removesuffix(" mm").split("  ")
        point = [float(side[2:]) * (1 if side[0] in "LPH" else -1) for side in sides]
        # Places are said to a tenth of a millimetre, values to a whole unit.
        assert abs(float(value) - ramp(np.array(point))) <= 0.5 + 0.05 * 9 + 0.1
        beside = view.patient_point_at(QPointF(200 + dx, 150 + dy))
        assert np.abs(np.subtract(beside, point)).max() <= view.scene.plane(orientation).spacing_mm
        looked += 1
    assert looked == 4


def test_that_what_is_painted_is_the_windowed_value_of_the_place_in_the_patient(mpr: Mpr) -> None:
    mpr.scene.turn(SAGITTAL, 25.0)
    mpr.scene.set_voi(VoiWindow.make(0.0, 400.0, VoiFunction.LINEAR_EXACT))
    view = mpr.views[CORONAL]
    QApplication.processEvents()
    image = view._render(view.size())
    assert image is not None
    for x, y in ((215, 138), (180, 170), (235, 160)):
        value = ramp(np.array(view.patient_point_at(QPointF(x + 0.5, y + 0.5))))
        expected = (value / 400.0 + 0.5) * 255
        assert abs(image.pixelColor(x, y).red() - expected) <= 1.0


@pytest.mark.parametrize("inverted", [False, True])
@pytest.mark.parametrize("function", list(VoiFunction))
def test_that_grey_is_what_every_image_gets(mpr: Mpr, function: VoiFunction, inverted: bool) -> None:
    cut = mpr.views[SAGITTAL].shown
    assert cut is not None
    window = VoiWindow.make(-3.0, 237.0, function)
    quick = grey_table(cut, window, inverted=inverted).apply(cut.picture.stored)
    exact = render_grey(cut.picture.stored, cut.picture.frame.display, window, inverted=inverted)
    inside = cut.cut.inside
    assert np.abs(quick[inside].astype(int) - exact[inside]).max() <= 1 and len(np.unique(exact[inside])) > 100


def test_that_letters_follow_the_plane_and_how_it_is_turned_on_the_screen(mpr: Mpr) -> None:
    assert mpr.views[AXIAL].orientation_letters() == Letters(left="R", right="L", top="A", bottom="P")
    assert mpr.views[CORONAL].orientation_letters() == Letters(left="R", right="L", top="H", bottom="F")
    assert mpr.views[SAGITTAL].orientation_letters() == Letters(left="A", right="P", top="H", bottom="F")
    mpr.views[SAGITTAL].turn.flip_horizontally()
    assert mpr.views[SAGITTAL].orientation_letters() == Letters(left="P", right="A", top="H", bottom="F")
    mpr.scene.turn(CORONAL, 30.0)
    QApplication.processEvents()
    # Clockwise seen from the front: the axial plane's left edge, the patient's right, goes up.
    assert mpr.views[AXIAL].orientation_letters() == Letters(left="RH", right="LF", top="A", bottom="P")


@pytest.mark.parametrize("flipped", [False, True])
def test_that_dragging_a_line_moves_its_plane_by_as_many_millimetres(mpr: Mpr, flipped: bool) -> None:
    view = mpr.views[CORONAL]
    if flipped:
        view.turn.flip_vertically()
    mm_per_px = view.scene.plane(CORONAL).spacing_mm / view.zoom.factor
    before = mpr.scene.point
    mpr.drag(view, place_of(mpr, view, AXIAL, "line"), QPoint(4, 24))
    moved = np.subtract(mpr.scene.point, before)
    # Downwards on the screen is to the feet, unless it is flipped; the drag to the side is no part of it.
    assert moved == pytest.approx([0.0, 0.0, 24 * mm_per_px * (1 if flipped else -1)], abs=1e-6)


def test_that_dragging_the_crossing_moves_both_other_planes(mpr: Mpr) -> None:
    view = mpr.views[AXIAL]
    mm_per_px = view.scene.plane(AXIAL).spacing_mm / view.zoom.factor
    before = mpr.scene.point
    crossing = view.image_to_view().map(QPointF(*view.scene.plane(AXIAL).to_pixel(before)))
    mpr.drag(view, crossing, QPoint(20, -10))
    assert np.subtract(mpr.scene.point, before) == pytest.approx([20 * mm_per_px, -10 * mm_per_px, 0.0], abs=1e-6)


def test_that_dragging_an_end_turns_the_other_planes_about_the_crossing_which_stays(mpr: Mpr) -> None:
    view = mpr.views[CORONAL]
    end = place_of(mpr, view, AXIAL, "end")
    crossing = view.image_to_view().map(QPointF(*view.scene.plane(CORONAL).to_pixel(mpr.scene.point)))
    kept = [v.image_to_view().map(QPointF(*v.scene.plane(o).to_pixel(mpr.scene.point))) for o, v in mpr.views.items()]
    before = {o: mpr.scene.plane(o) for o in Orientation}
    mpr.drag(view, end, QPoint(0, 40))
    angle = np.degrees(np.arctan2(end.toPoint().y() + 40 - crossing.y(), end.toPoint().x() - crossing.x()))
    angle -= np.degrees(np.arctan2(end.toPoint().y() - crossing.y(), end.toPoint().x() - crossing.x()))
    after = {o: mpr.scene.plane(o) for o in Orientation}
    assert after[CORONAL] == before[CORONAL]
    for turned in (AXIAL, SAGITTAL):
        cosine = dot(after[turned].normal, before[turned].normal)
        assert np.degrees(np.arccos(cosine)) == pytest.approx(abs(angle), abs=1e-6)
    assert dot(after[AXIAL].normal, after[SAGITTAL].normal) == pytest.approx(0.0, abs=1e-9)
    now = [v.image_to_view().map(QPointF(*v.scene.plane(o).to_pixel(mpr.scene.point))) for o, v in mpr.views.items()]
    assert all(abs(a.x() - b.x()) < 1e-6 and abs(a.y() - b.y()) < 1e-6 for a, b in zip(kept, now, strict=True))
    words = mpr.views[AXIAL].corner_text().top_right
    assert words[0] == "MPR oblique, from axial" and "oblique (" in words[1]


def test_that_scrolling_goes_by_what_misses_no_voxel_and_stops_at_the_ends(mpr: Mpr) -> None:
    axial, coronal = mpr.views[AXIAL], mpr.views[CORONAL]
    z = mpr.scene.point.z_mm
    QTest.keyClick(axial, Qt.Key.Key_Down)
    assert mpr.scene.point.z_mm == pytest.approx(z + 2.0)
    y = mpr.scene.point.y_mm
    QTest.keyClick(coronal, Qt.Key.Key_Up)
    assert abs(mpr.scene.point.y_mm - y) == pytest.approx(1.0)
    QTest.keyClick(axial, Qt.Key.Key_End)
    assert mpr.scene.point.z_mm == pytest.approx(120.0 + 29.0)
    QTest.keyClick(axial, Qt.Key.Key_PageDown)
    assert mpr.scene.point.z_mm == pytest.approx(120.0 + 29.0)


def test_that_the_window_is_that_of_all_planes(mpr: Mpr) -> None:
    QTest.keyClick(mpr.views[AXIAL], Qt.Key.Key_2)
    words = [view.corner_text().bottom_left for view in mpr.views.values()]
    assert words[0] == words[1] == words[2] and words[0][0].startswith("C ")
    QTest.keyClick(mpr.views[CORONAL], Qt.Key.Key_I)
    assert all(view.corner_text().bottom_left[-1] == "Inverted" for view in mpr.views.values())


def test_that_where_there_is_no_image_it_is_tinted_and_the_probe_says_so(mpr: Mpr) -> None:
    view = mpr.views[SAGITTAL]
    view.zoom.by(0.9)
    corner = mpr.scene.plane(SAGITTAL).to_pixel(PatientPoint(11.0, -7.0 + 23.0, 120.0 - 28.0))
    at = view.image_to_view().map(QPointF(*corner))
    assert mpr.value_at(view, at).startswith("no image here  L ")
    for inverted in (False, True):
        mpr.scene.set_inverted(inverted)
        mpr.scene.set_voi(VoiWindow.make(0.0, 1.5, VoiFunction.LINEAR_EXACT))
        image = view._render(view.size())
        assert image is not None
        colour = image.pixelColor(at.toPoint())
        assert (colour.blue(), colour.green(), colour.red()) == OUTSIDE_BGR
    assert "Gantry tilt of 8.0° corrected in this reconstruction." in view.notices()


def test_that_a_slab_names_its_thickness_and_mode_and_comes_in_full_when_it_rests(mpr: Mpr) -> None:
    view = mpr.views[AXIAL]
    assert view.corner_text().top_right == ("MPR axial", "H 120.0 mm", "Interpolated between slices")
    QTest.keyClick(view, Qt.Key.Key_B)
    mpr.at_rest()
    assert view.corner_text().top_right[2] == "Slab 10 mm, MIP"
    at = QPointF(200.5, 150.5)
    thick = float(mpr.value_at(view, at).split(" HU")[0])
    point = np.array(view.patient_point_at(at))
    # Of a ramp of 4 a millimetre along z, the brightest through ± 5 mm lies 20 above the middle.
    assert abs(thick - ramp(point) - 20.0) <= 3.0
    QTest.keyClick(view, Qt.Key.Key_B)
    QTest.keyClick(view, Qt.Key.Key_BracketRight)
    mpr.at_rest()
    assert mpr.scene.slab.mode is SlabMode.MINIMUM and view.corner_text().top_right[2] == "Slab 15 mm, MinIP"
    for _ in range(4):
        QTest.keyClick(view, Qt.Key.Key_BracketLeft)
    assert mpr.scene.slab.thickness_mm == 0.0


def test_that_a_slab_of_a_moment_ago_never_takes_the_place_of_a_later_picture(mpr: Mpr) -> None:
    view = mpr.views[AXIAL]
    mpr.scene.set_thickness(10.0)
    mpr.at_rest()
    stale = view.shown
    assert stale is not None
    mpr.scene.set_thickness(0.0)
    QApplication.processEvents()
    now = view.shown
    view._take_cut(1, stale)
    assert view.shown is now and now is not stale


def test_that_marks_are_refused_with_the_reason(mpr: Mpr) -> None:
    refused: list[str] = []
    view = mpr.views[AXIAL]
    view.refused.connect(refused.append)
    view.set_tool("length")
    QTest.mouseClick(view, Qt.MouseButton.LeftButton, pos=QPoint(120, 80))
    assert refused == [NO_MARKS]


def test_that_images_still_to_come_leave_a_hole_and_are_counted(qapp: Any) -> None:
    series = series_from(grid((6, 20, 20), (2.0, 1.0, 1.0)), ramp)
    some = SeriesPixels(series)
    for index in (0, 1, 2):
        some.read_frame(index)
    mpr = Mpr(some)
    view = mpr.views[CORONAL]
    shown = view.shown
    assert shown is not None
    by_row = shown.cut.inside.any(axis=1)
    assert not by_row.all() and by_row.any()
    some.start()
    assert some.wait(10)
    mpr.scene.take_volume(mpr.scene.build_volume())
    QApplication.processEvents()
    assert view.shown is not None and view.shown.cut.inside.all()
    mpr.close()


def test_that_what_is_no_volume_says_why(qapp: Any) -> None:
    series = series_from(grid((1, 20, 20)), ramp)
    with pytest.raises(UnsupportedImage, match="cannot be shown as a volume: it is a single image"):
        MprScene(series, SeriesPixels(series))


def test_that_every_key_of_a_plane_is_in_its_table_and_is_answered(mpr: Mpr) -> None:
    view = mpr.views[AXIAL]
    assert set(mpr_keys(view)) - set(LARGER[1:]) == set(MPR_KEYS) - {"Space"}
    for name in MPR_KEYS:
        combination = QKeySequence(name)[0]
        event = QKeyEvent(QKeyEvent.Type.KeyPress, combination.key(), combination.keyboardModifiers())
        assert view.navigate_key(event), name


def test_that_a_closed_reconstruction_holds_nothing(qapp: Any) -> None:
    read = SeriesPixels(series_from(grid((6, 20, 20)), ramp))
    for index in range(len(read)):
        read.read_frame(index)
    mpr = Mpr(read)
    mpr.scene.set_thickness(5.0)
    mpr.at_rest()
    assert mpr.scene.volume is not None
    volume = weakref.ref(mpr.scene.volume.values)
    mpr.close()
    del mpr, read
    gc.collect()
    for _ in range(50):
        if volume() is None:
            break
        QTest.qWait(5)
        gc.collect()
    assert volume() is None
