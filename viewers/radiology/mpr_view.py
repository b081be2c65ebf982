"""The viewport of one plane of a reconstruction (MPR): scrolled along its normal, and cut anew where the planes move.

A plane is cut when it is painted, which takes milliseconds; a slab, or a very large plane, by a thread, coarse while
it is moved and fully once it rests. Every word on the picture is about the picture that is shown. What the planes share
is `mpr_scene`, lines and grips are `mpr_axes`.
"""

from __future__ import annotations

import weakref
from collections.abc import Callable
from dataclasses import replace

from PySide6.QtCore import QKeyCombination, QPointF, QRectF, QSize, Qt, QTimer, Signal
from PySide6.QtGui import (
    QColor,
    QCursor,
    QFocusEvent,
    QImage,
    QKeyEvent,
    QKeySequence,
    QMouseEvent,
    QPainter,
    QTransform,
    QWheelEvent,
)
from PySide6.QtWidgets import QWidget

from viewers.calibration import Calibration
from viewers.geometry import PatientPoint, PixelPoint
from viewers.image_text import CornerText, Letters
from viewers.image_view import SLIP_PX, ImageView
from viewers.radiology import mpr_painter, mpr_words
from viewers.radiology.display_orientation import plane_letters
from viewers.radiology.frame import Series
from viewers.radiology.latest_work import LatestWork
from viewers.radiology.mpr_axes import Axis, AxisDrag, Grip, axes_on, grip_at
from viewers.radiology.mpr_canvas import MprCanvas
from viewers.radiology.mpr_cut import Cut, CutWish, make_cut
from viewers.radiology.mpr_keys import mpr_keys
from viewers.radiology.mpr_scene import MprScene
from viewers.radiology.orthogonal_planes import Orientation
from viewers.radiology.picture import Picture
from viewers.radiology.slab import SlabGivenUp
from viewers.radiology.slice_plane import SlicePlane
from viewers.radiology.stack_controls import PanControl, TurnControl, ViewPoint, WindowControl, ZoomControl
from viewers.radiology.stack_pointer import DragMode, StackPointer
from viewers.radiology.viewport_geometry import ViewportGeometry
from viewers.radiology.voi_choice import default_voi
from viewers.radiology.windowing import Voi

NO_MARKS = "Measure on the original images; marks on reconstructions are not kept yet."
_WHEEL_NOTCH = 120
_AT_ONCE_PX = 600_000
"""Planes of up to that many pixels are cut when painted (some 10 ms); larger ones by the thread."""
_RESTS_AFTER_MS = 120
_REACH = 0.36
"""How far from the crossing the lines' ends are, of the view's shorter side."""
_CURSORS = {
    "crossing": Qt.CursorShape.SizeAllCursor,
    "line": Qt.CursorShape.OpenHandCursor,
    "end": Qt.CursorShape.PointingHandCursor,
    "face": Qt.CursorShape.SplitHCursor,
}


class PlaneScroll:
    """Along the normal, by steps that miss no voxel."""

    def __init__(self, view: MprView) -> None:
        self._view = view

    def by(self, steps: int) -> None:
        self._view.scene.scroll(self._view.orientation, steps)

    def to_start(self) -> None:
        self._view.scene.move_along(self._view.orientation, -1e6)

    def to_end(self) -> None:
        self._view.scene.move_along(self._view.orientation, 1e6)


class MprView(ImageView):
    """The plane that started as *orientation* of *scene*, which its owner keeps and closes; `stop` ends the view."""

    drag_mode_changed = Signal(str)
    scroll: PlaneScroll  # type: ignore[assignment]  # hides QWidget.scroll(dx, dy), which moves children: none here
    _cut_made = Signal(int, object)

    def __init__(
        self, scene: MprScene, orientation: Orientation, worker: LatestWork, parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self.scene = scene
        self.orientation = orientation
        self.window_level = WindowControl(self)
        self.zoom = ZoomControl(self)
        self.pan = PanControl(self)
        self.turn = TurnControl(self)
        self.scroll = PlaneScroll(self)
        self.expected_frames: int | None = None
        """How many images the hospital listed, where that is known."""
        self.drag_mode: DragMode = "scroll"
        self._worker = worker
        self._cut: Cut | None = None
        self._wished: CutWish | None = None
        self._generation = self._shown_generation = 0
        self._auto_voi: Voi | None = None
        self._geometry: ViewportGeometry | None = None
        self._plane = scene.plane(orientation)
        self._canvas = MprCanvas()
        self._pointer = StackPointer(self)
        self._drag: AxisDrag | None = None
        self._keys = mpr_keys(self)
        self._space_held = False
        self._probed_at: QPointF | None = None
        self._rest = QTimer(self)
        self._rest.setSingleShot(True)
        self._rest.setInterval(_RESTS_AFTER_MS)
        self._rest.timeout.connect(self._came_to_rest)
        self._cut_made.connect(self._take_cut, Qt.ConnectionType.QueuedConnection)
        self._is_over = False
        self._unsubscribe = scene.subscribe(self._scene_changed)
        self.empty_text = "Putting the images together…"
        self.refuse_marks(NO_MARKS)

    def stop(self) -> None:
        """Follow the scene no more, and let go of its volume."""
        self._is_over = True
        self._unsubscribe()
        self._rest.stop()
        self._generation += 1
        self._cut = self._wished = None
        self._canvas.forget()

    # What is cut ---------------------------------------------------------------------------------------------------

    @property
    def shown(self) -> Cut | None:
        """The picture shown; of where the plane was a moment ago while a thread is cutting the next."""
        self._cut_at_once()
        return self._cut

    def _scene_changed(self) -> None:
        plane = self.scene.plane(self.orientation)
        if (plane.rows, plane.columns, plane.right, plane.down) != (
            self._plane.rows, self._plane.columns, self._plane.right, self._plane.down,
        ):  # fmt: skip
            self._keep_crossing_in_place(plane)
        self._plane = plane
        self._look()
        self._probe_again()
        self.view_changed.emit()

    def _look(self) -> None:
        """Have cut what the scene wants now, unless that is what is shown or will be painted at once."""
        wish = self._wish()
        if wish is None:
            self._cut = self._wished = None
            return
        if wish.is_same_as(self._wished) or _is_light(wish):
            return
        self._wished = wish
        self._ask(replace(wish, is_coarse=True))
        self._rest.start()

    def _wish(self) -> CutWish | None:
        scene = self.scene
        if scene.volume is None or self._is_over:
            return None
        return CutWish(scene.series, scene.volume, self._plane, scene.slab)

    def _came_to_rest(self) -> None:
        if self._wished is not None and not _is_light(self._wished):
            self._ask(self._wished)

    def _ask(self, wish: CutWish) -> None:
        self._generation += 1
        generation, worker, asker, myself = self._generation, self._worker, id(self), weakref.ref(self)

        def cut() -> None:
            try:
                made = make_cut(wish, lambda: wish.is_coarse or not worker.is_pressed)
            except SlabGivenUp:
                worker.ask_again(asker, cut)
                return
            except MemoryError:
                # What is shown stays, and its words say what that is.
                return
            view = myself()
            if view is not None:
                try:
                    view._cut_made.emit(generation, made)
                except RuntimeError:
                    # The widget went between the look and the call.
                    return

        worker.ask(asker, cut, urgent=wish.is_coarse)

    def _take_cut(self, generation: int, cut: Cut) -> None:
        """What comes after a later one is dropped, as is what nobody wants any more."""
        wanted = self._wished
        if generation <= self._shown_generation or wanted is None or cut.wish.volume is not self.scene.volume:
            return
        self._shown_generation, self._cut = generation, cut
        self._probe_again()
        self.view_changed.emit()

    def _cut_at_once(self) -> None:
        """Before painting: a plane is cut here and now."""
        wish = self._wish()
        if wish is None or not _is_light(wish) or (self._cut is not None and wish.is_same_as(self._cut.wish)):
            return
        self._generation += 1
        self._shown_generation, self._wished = self._generation, wish
        self._cut = make_cut(wish)

    # State, for the controls ---------------------------------------------------------------------------------------

    @property
    def series(self) -> Series | None:
        return self.scene.series

    @property
    def is_inverted(self) -> bool:
        return self.scene.is_inverted

    def set_inverted(self, inverted: bool) -> None:
        self.scene.set_inverted(inverted)

    def set_voi(self, voi: Voi | None) -> None:
        self.scene.set_voi(voi)

    def current_picture(self) -> Picture | None:
        cut = self.shown
        return None if cut is None else cut.picture

    def current_voi(self) -> Voi | None:
        """The reader's window, else the file's, else one found on the first picture shown."""
        stated = self.scene.voi or self.scene.file_voi
        cut = self.shown
        if stated is not None or cut is None or not cut.cut.inside.any():
            return stated
        if self._auto_voi is None:
            self._auto_voi = default_voi(cut.picture.stored, cut.picture.frame.display, self.scene.series.modality)
        return self._auto_voi

    def show_as_opened(self) -> None:
        self.scene.reset()
        self.turn.reset()
        self.zoom.fit()

    def set_geometry(self, geometry: ViewportGeometry) -> None:
        self._geometry = geometry
        self.view_changed.emit()

    def geometry_now(self) -> ViewportGeometry:
        """Where the scene's plane lies at the view's present size."""
        ratio = self.devicePixelRatioF()
        width, height = max(1, round(self.width() * ratio)), max(1, round(self.height() * ratio))
        plane = self._plane
        if self._geometry is None:
            return ViewportGeometry(plane.columns, plane.rows, width, height)
        return replace(self._geometry, columns=plane.columns, rows=plane.rows, width=width, height=height)

    def _keep_crossing_in_place(self, plane: SlicePlane) -> None:
        """The plane is turned and its rectangle another: neither the scale nor the crossing moves on the screen."""
        before = self.geometry_now()
        at = before.image_to_view().map(*self._plane.to_pixel(self.scene.point))
        self._geometry = _laid(before, plane, plane.to_pixel(self.scene.point), at, before.scale)

    def _geometry_of(self, plane: SlicePlane) -> ViewportGeometry:
        """Where the pixels of *plane*, coarser ones or those of a moment ago, lie beside the scene's plane."""
        now = self.geometry_now()
        if plane == self._plane:
            return now
        at = now.image_to_view().map(*self._plane.to_pixel(self.scene.point))
        scale = now.scale * plane.spacing_mm / self._plane.spacing_mm
        return _laid(now, plane, plane.to_pixel(self.scene.point), at, scale)

    # Painting ------------------------------------------------------------------------------------------------------

    def _render(self, size_px: QSize) -> QImage | None:
        cut = self.shown
        if cut is None:
            return None
        geometry = replace(self._geometry_of(cut.cut.plane), width=size_px.width(), height=size_px.height())
        self._canvas.render(cut, geometry, self.current_voi(), inverted=self.is_inverted)
        # The image borrows the canvas, which lives as long as this view and is only written here.
        data = self._canvas.pixels.data
        return QImage(data, geometry.width, geometry.height, geometry.width * 4, QImage.Format.Format_RGB32)

    def paint_over_image(self, painter: QPainter, area: QRectF) -> None:
        cut = self.shown
        if cut is not None and not cut.cut.inside.any():
            painter.setPen(QColor(132, 141, 155))
            painter.drawText(area, int(Qt.AlignmentFlag.AlignCenter), "No image is here.")
        mpr_painter.paint_axes(painter, self._axes(), self.image_to_view(), area)
        mpr_painter.paint_own_colour(painter, area, self.orientation)

    def image_to_view(self) -> QTransform:
        affine, ratio = self.geometry_now().image_to_view(), self.devicePixelRatioF()
        return QTransform(
            affine.xx / ratio,
            affine.yx / ratio,
            affine.xy / ratio,
            affine.yy / ratio,
            affine.dx / ratio,
            affine.dy / ratio,
        )

    # What the base asks --------------------------------------------------------------------------------------------

    def current_target(self) -> None:
        """A reconstruction is no image that a mark could belong to."""
        return

    def calibration(self) -> Calibration:
        cut = self.shown
        return self.scene.series.calibration if cut is None else cut.series.calibration

    def corner_text(self) -> CornerText:
        cut = self.shown
        if cut is None:
            return CornerText()
        return mpr_words.corner_text(
            cut,
            self.orientation,
            self.current_voi(),
            inverted=self.is_inverted,
            zoom=self.geometry_now().scale,
        )

    def orientation_letters(self) -> Letters | None:
        cut = self.shown
        return None if cut is None else plane_letters(cut.cut.plane.geometry, self.geometry_now().orientation)

    def notices(self) -> tuple[str, ...]:
        return mpr_words.notices(self.shown, self.scene.pixels, self.expected_frames)

    def probe(self, position: QPointF | None) -> None:
        self._probed_at = None if position is None else QPointF(position)
        cut = self.shown
        if position is None or cut is None:
            self.value_probed.emit("")
            return
        ratio = self.devicePixelRatioF()
        affine = self._geometry_of(cut.cut.plane).image_to_view()
        at = affine.unmap(position.x() * ratio, position.y() * ratio)
        self.value_probed.emit(mpr_words.value_text(cut, PixelPoint(*at)))

    def _probe_again(self) -> None:
        if self._probed_at is not None:
            self.probe(self._probed_at)

    def patient_point_at(self, at: ViewPoint) -> PatientPoint:
        """The patient point at *at* (logical coordinates) on the scene's plane."""
        return self._plane.to_patient(self._pixel_at(at))

    # Pointer and keys ----------------------------------------------------------------------------------------------

    def _pixel_at(self, at: ViewPoint) -> PixelPoint:
        ratio = self.devicePixelRatioF()
        return PixelPoint(*self.geometry_now().image_to_view().unmap(at.x() * ratio, at.y() * ratio))

    def _axes(self) -> tuple[Axis, ...]:
        reach = _REACH * min(self.width(), self.height()) / self._logical_scale()
        return tuple(axes_on(self.scene, self.orientation, reach))

    def _logical_scale(self) -> float:
        """Logical view pixels per pixel of the plane."""
        return self.geometry_now().scale / self.devicePixelRatioF()

    def _grip_at(self, at: QPointF) -> Grip | None:
        return grip_at(self._axes(), self._pixel_at(at), SLIP_PX / self._logical_scale())

    def zoom_to_fit(self) -> None:
        self.zoom.fit()

    def zoom_to_actual(self) -> None:
        self.zoom.actual()

    def set_drag_mode(self, mode: DragMode) -> None:
        """What the left button does beside the lines."""
        if mode != self.drag_mode:
            self.drag_mode = mode
            self.drag_mode_changed.emit(mode)

    def point_at(self, at: ViewPoint) -> None:
        """All planes cross there."""
        self.scene.move_to(self.patient_point_at(at))

    def navigate_press(self, event: QMouseEvent) -> None:
        is_left = event.button() == Qt.MouseButton.LeftButton
        grip = self._grip_at(event.position()) if is_left and not self._space_held else None
        if grip is not None:
            self._drag = AxisDrag(self.scene, self.orientation, grip, self._pixel_at(event.position()))
            return
        modes: dict[Qt.MouseButton, DragMode] = {
            Qt.MouseButton.LeftButton: "pan" if self._space_held else self.drag_mode,
            Qt.MouseButton.RightButton: "window",
            Qt.MouseButton.MiddleButton: "pan",
        }
        if event.button() in modes:
            self._pointer.press(modes[event.button()], event.position())

    def navigate_move(self, event: QMouseEvent) -> None:
        if self._drag is not None:
            self._drag.move(self._pixel_at(event.position()))
            return
        if not event.buttons() and self.tool_name is None:
            grip = self._grip_at(event.position())
            self.setCursor(QCursor(Qt.CursorShape.ArrowCursor if grip is None else _CURSORS[grip.part]))
        self._pointer.move(event.position())

    def navigate_release(self, _event: QMouseEvent, /) -> None:
        self._drag = None
        self._pointer.release()

    def navigate_wheel(self, event: QWheelEvent) -> None:
        modifiers = event.modifiers()
        self._pointer.wheel(
            (event.angleDelta().y() or event.angleDelta().x()) / _WHEEL_NOTCH,
            event.position(),
            zooming=bool(modifiers & Qt.KeyboardModifier.ControlModifier),
            coarse=bool(modifiers & Qt.KeyboardModifier.ShiftModifier),
        )

    def navigate_key(self, event: QKeyEvent, /) -> bool:
        if event.key() == Qt.Key.Key_Space:
            self._space_held = True
            return True
        modifiers = event.modifiers() & ~Qt.KeyboardModifier.KeypadModifier
        name = QKeySequence(QKeyCombination(modifiers, Qt.Key(event.key()))).toString()
        command: Callable[[], None] | None = self._keys.get(name)
        if command is None:
            return False
        command()
        return True

    def keyReleaseEvent(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key.Key_Space and not event.isAutoRepeat():
            self._space_held = False
        super().keyReleaseEvent(event)

    def focusOutEvent(self, event: QFocusEvent) -> None:
        # The release goes to whoever has the focus then; a key must not stay held for ever.
        self._space_held = False
        super().focusOutEvent(event)


def _is_light(wish: CutWish) -> bool:
    """Whether it may be cut while the reader's screen waits."""
    return wish.slab.thickness_mm <= 0 and wish.plane.rows * wish.plane.columns <= _AT_ONCE_PX


def _laid(
    like: ViewportGeometry, plane: SlicePlane, pixel: PixelPoint, at: tuple[float, float], scale: float
) -> ViewportGeometry:
    """*plane* at *scale*, turned as *like*, with its *pixel* at the view's point *at*."""
    laid = replace(like, columns=plane.columns, rows=plane.rows, zoom=scale, pan_x=0.0, pan_y=0.0)
    x, y = laid.image_to_view().map(*pixel)
    return replace(laid, pan_x=at[0] - x, pan_y=at[1] - y)
