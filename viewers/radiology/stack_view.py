"""The viewport of one series: a stack of frames to scroll, window, zoom, pan, turn and mark.

Paints from our own buffer and never waits: a frame that is not here yet says so and appears when it arrives. Pixels
come from `volume`, painting is `picture`, words are `stack_words`, what the reader may do is `stack_controls`, by
which keys and drags `stack_keys` and `stack_pointer`.
"""

from __future__ import annotations

import weakref
from collections.abc import Callable
from dataclasses import replace
from math import ceil, floor

from PySide6.QtCore import QKeyCombination, QPointF, QRectF, QSize, Qt, QTimer, Signal
from PySide6.QtGui import (
    QColor,
    QFocusEvent,
    QHideEvent,
    QImage,
    QKeyEvent,
    QKeySequence,
    QMouseEvent,
    QPainter,
    QTransform,
    QWheelEvent,
)
from PySide6.QtWidgets import QWidget

from viewers.annotation.annotation import FrameTarget
from viewers.annotation.presentation import FramePresentation, Presentation
from viewers.annotation.tools.tool import PointerEvent
from viewers.calibration import Calibration, uncalibrated
from viewers.geometry import PixelPoint
from viewers.image_text import CornerText, Letters
from viewers.image_view import ImageView
from viewers.radiology import (
    fusion_painter,
    fusion_words,
    histogram_painter,
    link_painter,
    magnifier_painter,
    outline_painter,
    stack_words,
)
from viewers.radiology.display_orientation import letters
from viewers.radiology.frame import Frame, Series
from viewers.radiology.marked_window import marked_voi, marked_words, presentation_of
from viewers.radiology.picture import Picture
from viewers.radiology.probed_value import probed_words
from viewers.radiology.stack_canvas import StackCanvas
from viewers.radiology.stack_cine import CineControl
from viewers.radiology.stack_controls import (
    FuseControl,
    OutlineControl,
    PanControl,
    ScrollControl,
    TurnControl,
    ViewPoint,
    WindowControl,
    ZoomControl,
)
from viewers.radiology.stack_histogram import Place, StackHistogram
from viewers.radiology.stack_jump import JumpControl
from viewers.radiology.stack_keys import stack_keys
from viewers.radiology.stack_magnifier import StackMagnifier
from viewers.radiology.stack_own_windows import OwnWindowControl
from viewers.radiology.stack_pointer import DragMode, StackPointer
from viewers.radiology.stack_sharing import SharedPlace
from viewers.radiology.stack_true_size import TrueSizeControl
from viewers.radiology.suv import NoSuv, SuvScale
from viewers.radiology.viewport_geometry import ViewportGeometry
from viewers.radiology.voi_choice import default_voi, file_voi
from viewers.radiology.volume import SeriesPixels
from viewers.radiology.windowing import Voi

_WHEEL_NOTCH = 120
_NOTICE_INTERVAL_MS = 150


class StackView(ImageView):
    """One series. ``window_level``, ``scroll``, ``zoom``, ``pan`` and ``turn`` are what can be done to it."""

    frame_changed = Signal(int)
    """The index of the frame now shown (from 0, in display order)."""
    drag_mode_changed = Signal(str)
    """What the left button does without a tool, a `DragMode`."""
    point_chosen = Signal(object)
    """The `PatientPoint` that the reader points at, in this series' frame of reference."""
    scroll: ScrollControl  # type: ignore[assignment]  # hides QWidget.scroll(dx, dy), which moves children: none here
    _frame_arrived = Signal(int, int)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.window_level = WindowControl(self)
        self.scroll = ScrollControl(self)
        self.zoom = ZoomControl(self)
        self.pan = PanControl(self)
        self.turn = TurnControl(self)
        self.fuse = FuseControl(self)
        self.outlined = OutlineControl(self)
        self.shared = SharedPlace(self)
        self.cine = CineControl(self)
        self.magnifier = StackMagnifier(self)
        self.jump = JumpControl(self)
        self.histogram = StackHistogram(self)
        self.own_windows = OwnWindowControl(self)
        self.true_size = TrueSizeControl(self)
        self.expected_frames: int | None = None
        """How many images the hospital listed, where that is known: fewer here is said on the image."""
        self.is_whole_series = True
        """Set to False while images of the DICOM series are not here."""
        self.uptake: SuvScale | NoSuv | None = None
        """Of a PET: how its values become SUV, or why they do not; None until that is known (`set_uptake`)."""
        self.drag_mode: DragMode = "scroll"
        self._series: Series | None = None
        self._pixels: SeriesPixels | None = None
        self._release: Callable[[], None] | None = None
        self._generation = 0
        self._index = 0
        self._voi: Voi | None = None
        self._auto_voi: Voi | None = None
        self._inverted = False
        self._geometry: ViewportGeometry | None = None
        self._picture: tuple[int, Picture] | None = None
        self._canvas = StackCanvas()
        self._pointer = StackPointer(self)
        self._keys = stack_keys(self)
        self._space_held = False
        self._probed_at: QPointF | None = None
        self._cine_timer = QTimer(self)
        self._cine_timer.setSingleShot(True)
        self._cine_timer.setTimerType(Qt.TimerType.PreciseTimer)
        self._cine_timer.timeout.connect(self._cine_due)
        self._notice_timer = QTimer(self)
        self._notice_timer.setSingleShot(True)
        self._notice_timer.setInterval(_NOTICE_INTERVAL_MS)
        self._notice_timer.timeout.connect(self.update)
        self._frame_arrived.connect(self._on_frame_arrived, Qt.ConnectionType.QueuedConnection)

    # The series ----------------------------------------------------------------------------------------------------

    @property
    def series(self) -> Series | None:
        return self._series

    @property
    def pixels(self) -> SeriesPixels | None:
        return self._pixels

    @property
    def frame_index(self) -> int:
        return self._index

    @property
    def frame_count(self) -> int:
        return 0 if self._series is None else len(self._series.frames)

    def set_series(
        self, series: Series | None, pixels: SeriesPixels | None = None, first_index: int | None = None
    ) -> None:
        """Show *series* from its middle (or *first_index*), with a fresh window, zoom and turn; None empties the view.

        Without *pixels* the view reads them itself and stops reading when it shows something else; given ones are
        their owner's to start and to stop.
        """
        self.cine.forget()
        self.magnifier.hold(False)
        self.jump.leave()
        self.uptake = None
        self._let_go()
        self.set_tool(None)
        self._generation += 1
        self._series, self._pixels = series, None
        self.shared.clear()
        self.fuse.put(None)
        self.outlined.put(None)
        self._voi = self._auto_voi = None
        self._inverted = False
        self._geometry = self._picture = None
        self._canvas.forget()
        self.expected_frames = None
        self.is_whole_series = True
        self._index = 0
        if series is not None:
            self._index = len(series.frames) // 2 if first_index is None else first_index
            self._index = min(max(self._index, 0), len(series.frames) - 1)
            self._hold(pixels or SeriesPixels(series), owned=pixels is None)
        self.view_changed.emit()
        if series is not None:
            self.frame_changed.emit(self._index)

    def extend_series(self, series: Series) -> None:
        """Go on with *series*, the one shown as it is now that more of its images are here.

        Frame, window, zoom, turn and what is begun with a tool stay; frames that were read are not read again. The view
        reads the others itself.
        """
        shown, before = self._frame(), self._pixels
        if shown is None:
            self.set_series(series)
            return
        self.cine.stop()
        self.uptake = None
        self._let_go()
        self._generation += 1
        self.outlined.put(None)  # they were laid out on the images there were
        place = (shown.sop_instance_uid, shown.frame_number)
        places = [(frame.sop_instance_uid, frame.frame_number) for frame in series.frames]
        self._series, self._picture = series, None
        self._index = places.index(place) if place in places else min(self._index, len(places) - 1)
        self._hold(SeriesPixels(series, before), owned=True)
        self.view_changed.emit()
        self.frame_changed.emit(self._index)

    def _hold(self, pixels: SeriesPixels, *, owned: bool) -> None:
        generation, myself = self._generation, weakref.ref(self)

        def arrived(index: int) -> None:
            view = myself()
            if view is not None:
                try:
                    view._frame_arrived.emit(generation, index)
                except RuntimeError:
                    # The widget went between the look and the call; its pixels are being let go.
                    return

        unsubscribe = pixels.subscribe(arrived)

        def release() -> None:
            unsubscribe()
            if owned:
                pixels.stop(wait=False)

        self._pixels, self._release = pixels, release
        self.destroyed.connect(release)
        if owned:
            pixels.start(self._index)

    def _let_go(self) -> None:
        if self._release is not None:
            self.destroyed.disconnect(self._release)
            self._release()
            self._release = None

    def _on_frame_arrived(self, generation: int, index: int) -> None:
        if generation != self._generation:
            return
        if index == self._index:
            self.view_changed.emit()
            if self._probed_at is not None:
                self.probe(self._probed_at)
        elif not self._notice_timer.isActive():
            self._notice_timer.start()

    # State, for the controls -----------------------------------------------------------------------------------------

    @property
    def is_inverted(self) -> bool:
        return self._inverted

    def set_inverted(self, inverted: bool) -> None:
        self._inverted = inverted
        self.view_changed.emit()

    def set_voi(self, voi: Voi | None) -> None:
        """The reader's window for the whole series; None for what each file says."""
        self._voi = voi
        self.view_changed.emit()

    def set_uptake(self, uptake: SuvScale | NoSuv) -> None:
        """What is known now of the values of the PET shown."""
        self.uptake = uptake
        self.probe(self._probed_at)

    def show_frame(self, index: int) -> None:
        """The frame at *index*, or the nearest there is."""
        index = min(max(index, 0), max(0, self.frame_count - 1))
        if self._series is None or index == self._index:
            return
        self._index = index
        if self._pixels is not None:
            self._pixels.centre_on(index)
        self.frame_changed.emit(index)
        self.view_changed.emit()
        if self._probed_at is not None:
            self.probe(self._probed_at)

    @property
    def is_seen(self) -> bool:
        """Whether it stands on a page in front, in a window that is not minimised."""
        return self.isVisible() and not self.window().isMinimized()

    def cine_changed(self) -> None:
        """Playing began, ended or goes on otherwise."""
        self._cine_timer.stop()
        self._cine_due()
        self.view_changed.emit()

    def _cine_due(self) -> None:
        left_s = self.cine.tick()
        if left_s is not None and not self._cine_timer.isActive():
            self._cine_timer.start(max(1, ceil(left_s * 1000)))

    def hideEvent(self, event: QHideEvent) -> None:
        self.cine.stop()
        super().hideEvent(event)

    def show_as_opened(self) -> None:
        """The window, turn and zoom the series opened with."""
        self._inverted, self._voi = False, None
        self.turn.reset()
        self.zoom.fit()

    def set_geometry(self, geometry: ViewportGeometry) -> None:
        if self._series is not None:
            self._geometry = geometry
            self.view_changed.emit()

    def geometry_now(self) -> ViewportGeometry:
        """Where the image lies at the view's present size."""
        ratio = self.devicePixelRatioF()
        return self._geometry_for(max(1, round(self.width() * ratio)), max(1, round(self.height() * ratio)))

    def _geometry_for(self, width: int, height: int) -> ViewportGeometry:
        frame = self._frame()
        columns, rows = (frame.layout.columns, frame.layout.rows) if frame is not None else (1, 1)
        aspect = frame.pixel_aspect if frame is not None else 1.0
        if self._geometry is None:
            return ViewportGeometry(columns, rows, width, height, aspect)
        return replace(self._geometry, columns=columns, rows=rows, width=width, height=height, aspect=aspect)

    @property
    def current_frame(self) -> Frame | None:
        """The frame shown, decoded or not."""
        return self._frame()

    def _frame(self) -> Frame | None:
        return None if self._series is None else self._series.frames[self._index]

    def current_picture(self) -> Picture | None:
        """The frame shown, decoded; None while it is not here."""
        frame = self._frame()
        if frame is None or self._pixels is None:
            return None
        if self._picture is None or self._picture[0] != self._index:
            stored = self._pixels.find_frame(self._index)
            if stored is None:
                return None
            self._picture = (self._index, Picture(frame, stored))
        return self._picture[1]

    def current_voi(self) -> Voi | None:
        """The reader's window, else the file's for this frame, else one found on the first frame shown."""
        picture = self.current_picture()
        if picture is None or not picture.is_grey or self._series is None:
            return None
        stated = self._voi or file_voi(picture.frame.display)
        if stated is not None:
            return stated
        if self._auto_voi is None:
            # One window for the whole stack: a window per frame would flicker while scrolling.
            self._auto_voi = default_voi(picture.stored, picture.frame.display, self._series.modality)
        return self._auto_voi

    # Painting ------------------------------------------------------------------------------------------------------

    def _render(self, size_px: QSize) -> QImage | None:
        if self._series is None:
            return None
        geometry = self._geometry_for(size_px.width(), size_px.height())
        canvas = self._canvas.render(
            self.current_picture(), geometry, self.current_voi(), inverted=self._inverted, fusion=self.fuse.fusion
        )
        # The image borrows the canvas, which lives as long as this view and is only written here.
        return QImage(canvas.data, geometry.width, geometry.height, geometry.width * 4, QImage.Format.Format_RGB32)

    def paint_over_image(self, painter: QPainter, area: QRectF) -> None:
        if self.outlined.outlines is not None:
            here = self.outlined.outlines.at(self._index)
            outline_painter.paint_outlines(painter, here, self.image_to_view())
            outline_painter.paint_names(painter, area, self.outlined.outlines, here)
        link_painter.paint_shared(painter, self.shared, self.image_to_view())
        if self.fuse.fusion is not None:
            fusion_painter.paint_legend(painter, area, self.fuse.fusion)
        self.cine.painted(self._index)
        place, frame = self._histogram_place(), self._frame()
        if place is not None and frame is not None:
            histogram_painter.paint_histogram(painter, place, self.histogram.ends(), frame.display.unit)
        magnified = self.magnifier.find(self._probed_at)
        if magnified is not None:
            magnifier_painter.paint_magnified(painter, magnified)
        if self.jump.words:
            magnifier_painter.paint_typed(painter, area, self.jump.words)
        if self._pixels is None or self.current_picture() is not None:
            return
        words = "This image cannot be shown." if self._error() else f"Loading image {self._index + 1}…"
        painter.setPen(QColor(132, 141, 155))
        painter.drawText(area, int(Qt.AlignmentFlag.AlignCenter), words)

    def _histogram_place(self) -> Place | None:
        return self.histogram.place(self.width(), self.height())

    def _error(self) -> str:
        return "" if self._pixels is None else self._pixels.find_error(self._index)

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

    # The window of a mark ------------------------------------------------------------------------------------------

    def presentation_now(self) -> Presentation | None:
        picture = self.current_picture()
        if picture is None:
            return None
        return presentation_of(self.current_voi(), picture.frame.display, inverted=self._inverted)

    def is_shown_as(self, presentation: Presentation, /) -> bool:
        now = self.presentation_now()
        if not isinstance(presentation, FramePresentation) or not isinstance(now, FramePresentation):
            return True
        return replace(now, explanation="") == replace(presentation, explanation="")

    def show_as(self, presentation: Presentation, /) -> None:
        frame = self._frame()
        if frame is not None and isinstance(presentation, FramePresentation):
            self._voi = marked_voi(presentation, frame.display) or self._voi
            self.set_inverted(presentation.inverted)

    def words_for(self, presentation: Presentation, /) -> str:
        frame = self._frame()
        if frame is None or not isinstance(presentation, FramePresentation):
            return ""
        voi = marked_voi(presentation, frame.display)
        if voi is not None:
            return marked_words(voi, frame.display.unit, inverted=presentation.inverted)
        is_colour = presentation.centre is None and presentation.voi_lut is None
        return ("Inverted" if presentation.inverted else "Not inverted") if is_colour else ""

    # What the base asks --------------------------------------------------------------------------------------------

    def current_target(self) -> FrameTarget | None:
        frame = self._frame()
        if frame is None or self._series is None:
            return None
        return FrameTarget(self._series.series_uid, frame.sop_instance_uid, frame.frame_number)

    def calibration(self) -> Calibration:
        return uncalibrated("No image is shown.") if self._series is None else self._series.calibration

    def corner_text(self) -> CornerText:
        if self._series is None:
            return CornerText()
        scale = self.geometry_now().scale
        words = stack_words.corner_text(
            self._series,
            self._index,
            self.current_voi(),
            inverted=self._inverted,
            zoom=scale,
            is_whole=self.is_whole_series,
        )
        shared = (self.shared.words,) if self.shared.words else ()
        fused = () if self.fuse.fusion is None else fusion_words.fusion_lines(self.fuse.fusion)
        playing = (self.cine.words,) if self.cine.words else ()
        scaled = tuple(part for part in (self.true_size.words, self.shared.scale_words) if part)
        return replace(
            words,
            top_right=(*words.top_right, *shared),
            bottom_left=(*fused, *playing, *words.bottom_left),
            bottom_right=(*scaled, *words.bottom_right),
        )

    def orientation_letters(self) -> Letters | None:
        frame = self._frame()
        return None if frame is None else letters(frame, self.geometry_now().orientation)

    def notices(self) -> tuple[str, ...]:
        if self._series is None or self._pixels is None:
            return ()
        pixels = self._pixels
        waiting = len(self._series.frames) - pixels.loaded_count - pixels.unreadable_count if pixels.is_reading else 0
        own = stack_words.notices(self._series, waiting, pixels.unreadable_count, self.expected_frames, self._error())
        frame, fusion = self._frame(), self.fuse.fusion
        fused = () if frame is None or fusion is None else fusion_words.notices(fusion, covers=fusion.covers(frame))
        shared = tuple(filter(None, (self.shared.notice, self.shared.scale_notice)))
        return (*shared, *fused, *self.outlined.notices(), *own)

    def probe(self, position: QPointF | None) -> None:
        self._probed_at = None if position is None else QPointF(position)
        if self.magnifier.is_held:
            self.update()
        picture = self.current_picture()
        if position is None or picture is None:
            self.value_probed.emit("")
            return
        ratio = self.devicePixelRatioF()
        affine = self.geometry_now().image_to_view()
        column, row = affine.unmap(position.x() * ratio, position.y() * ratio)
        at = floor(column), floor(row)
        fusion = self.fuse.fusion
        over = None if fusion is None else fusion.find_value(picture.frame, PixelPoint(column, row))
        if fusion is not None and over is not None:
            under = stack_words.value_text(picture.frame, picture.stored, *at)
            words = f"{fusion_words.value_words(fusion, over)}  over  {under}"
        else:
            words = probed_words(
                picture.frame, picture.stored, *at, self.current_voi(), inverted=self._inverted, uptake=self.uptake
            )
        self.value_probed.emit(words)

    # Pointer and keys ----------------------------------------------------------------------------------------------

    def zoom_to_fit(self) -> None:
        self.zoom.fit()

    def zoom_to_actual(self) -> None:
        self.zoom.actual()

    def set_drag_mode(self, mode: DragMode) -> None:
        """What the left button does without a tool."""
        if mode != self.drag_mode:
            self.drag_mode = mode
            self.drag_mode_changed.emit(mode)

    def point_at(self, at: ViewPoint) -> None:
        """The reader points at that place: ``point_chosen`` says where it is in the patient."""
        point = self.shared.find_point_at(at)
        if point is not None:
            self.point_chosen.emit(point)

    def _drawing_pointer(self, event: QMouseEvent) -> PointerEvent | None:
        # What stands over the image is pressed, not the marks below it.
        place = self._histogram_place()
        over = self.histogram.is_grasped or (place is not None and place.contains(event.position()))
        return None if over else super()._drawing_pointer(event)

    def navigate_press(self, event: QMouseEvent) -> None:
        if event.button() == Qt.MouseButton.LeftButton and self.histogram.press(
            event.position(), self._histogram_place()
        ):
            return
        modes: dict[Qt.MouseButton, DragMode] = {
            Qt.MouseButton.LeftButton: "pan" if self._space_held else self.drag_mode,
            Qt.MouseButton.RightButton: "window",
            Qt.MouseButton.MiddleButton: "pan",
        }
        if event.button() in modes:
            self._pointer.press(modes[event.button()], event.position())

    def navigate_move(self, event: QMouseEvent) -> None:
        if not self.histogram.move(event.position(), self._histogram_place()):
            self._pointer.move(event.position())

    def navigate_release(self, _event: QMouseEvent, /) -> None:
        self.histogram.release()
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
        if event.key() == Qt.Key.Key_Z and not event.modifiers():
            self.magnifier.hold(True)
            return True
        self.jump.leave()
        command = self._keys.get(_key_name(event))
        if command is None:
            return False
        command()
        return True

    def _command(self, event: QKeyEvent) -> Callable[[], None] | None:
        # A number that is typed has its keys before tools and menus.
        return self.jump.command(_key_name(event)) or super()._command(event)

    def keyReleaseEvent(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key.Key_Space and not event.isAutoRepeat():
            self._space_held = False
        if event.key() == Qt.Key.Key_Z and not event.isAutoRepeat():
            self.magnifier.hold(False)
        super().keyReleaseEvent(event)

    def focusOutEvent(self, event: QFocusEvent) -> None:
        # The release goes to whoever has the focus then; a key must not stay held for ever.
        self._space_held = False
        self.magnifier.hold(False)
        self.jump.leave()
        super().focusOutEvent(event)


def _key_name(event: QKeyEvent) -> str:
    """As the table of keys has it; the keypad's keys are called as the others."""
    modifiers = event.modifiers() & ~Qt.KeyboardModifier.KeypadModifier
    return QKeySequence(QKeyCombination(modifiers, Qt.Key(event.key()))).toString()
