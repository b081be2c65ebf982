"""The viewport that shows a whole slide: pan, zoom, magnification keys, overview, scale bar. Tiles: `slide_tiles`."""

from __future__ import annotations

from PySide6.QtCore import QObject, QPointF, QRectF, QSize, QSizeF, Qt, QTimer, Signal
from PySide6.QtGui import QFont, QImage, QKeyEvent, QMouseEvent, QPainter, QResizeEvent, QTransform, QWheelEvent
from PySide6.QtWidgets import QWidget

from viewers.annotation.annotation import SlideTarget, Target
from viewers.annotation.presentation import Presentation, SlidePresentation
from viewers.calibration import Calibration, uncalibrated
from viewers.geometry import SlidePoint
from viewers.image_text import CornerText
from viewers.image_view import ImageView
from viewers.overlay_painter import MARGIN
from viewers.pathology import slide_painter
from viewers.pathology.field_picture import FieldPicture
from viewers.pathology.magnification import STEPS, field_words, magnification_lines, magnification_of, scale_bar
from viewers.pathology.slide_calibration import mpp_of
from viewers.pathology.slide_place import SlidePlace
from viewers.pathology.slide_source import SlideSource
from viewers.pathology.slide_tiles import SlideTiles
from viewers.pathology.tile_grid import Field

WHEEL_NOTCH = 1.25
KEY_PAN_SHARE = 0.2
OVERVIEW_SHARE = 0.24
LARGEST_OVERVIEW_PX = 190.0
SMALLEST_VIEW_WITH_OVERVIEW_PX = 300
SCALE_BAR_SHARE = 0.22
REPAINT_MS = 25
"""Between two paints of a field whose tiles are still coming; the last tile is painted at once."""

NO_SLIDE = uncalibrated("No slide is shown.")


class _Arrivals(QObject):
    """Carries the news of a tile from a fetching thread to the UI thread."""

    tile_arrived = Signal(int)


class SlideView(ImageView):
    """One slide. ``zoom`` and ``pan`` are facets; the picture is a field of the slide in whole device pixels."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.zoom = SlideZoom(self)
        self.pan = SlidePan(self)
        self._title = ""
        self._target: SlideTarget | None = None
        self._source: SlideSource | None = None
        self._tiles: SlideTiles | None = None
        self._arrivals: _Arrivals | None = None
        self._place = SlidePlace((1, 1), NO_SLIDE, 1.0, 1.0)
        self._drag_from: QPointF | None = None
        self._overview_drag = False
        self._shown: FieldPicture | None = None
        self._overview: FieldPicture | None = None
        self._repaint_soon = QTimer(self)
        self._repaint_soon.setSingleShot(True)
        self._repaint_soon.setInterval(REPAINT_MS)
        self._repaint_soon.timeout.connect(self.update)

    # What is shown -------------------------------------------------------------------------------------------------

    def set_slide(self, source: SlideSource | None, title: str = "", identity: SlideTarget | str | None = None) -> None:
        """Show *source*, fitted (None: nothing). *identity*: what marks belong to, or the SHA-256 of the bytes.

        The view reads from *source* on its own threads until it is given another or destroyed; closing it is the
        caller's.
        """
        self.stop()
        self._source, self._title = source, title
        self._target = SlideTarget(identity) if isinstance(identity, str) else identity
        if source is not None:
            arrivals = _Arrivals()
            arrivals.tile_arrived.connect(self._on_tile_arrived, Qt.ConnectionType.QueuedConnection)
            tiles = SlideTiles(source, lambda key: arrivals.tile_arrived.emit(key.level))
            self._arrivals, self._tiles = arrivals, tiles
            self.destroyed.connect(tiles.stop)
            full = (source.levels[0].width_px, source.levels[0].height_px)
            self._place = SlidePlace(full, source.calibration, max(self.width(), 1), max(self.height(), 1))
        self.zoom.fit()

    def refine_slide(self, source: SlideSource, identity: SlideTarget) -> None:
        """Go on with *source*, the slide shown with more of its levels: the field stays, and gets finer in place."""
        if self._tiles is None:
            return
        place, here = self._place, self._tiles.stored_tiles()
        self.set_slide(source, self._title, identity)
        self._tiles.adopt(here)
        self.go_to(place.on_finer(self._place.full_px, source.calibration))

    def stop(self) -> None:
        """End the reading threads, drop the tiles; the view is empty then."""
        tiles, self._tiles, self._arrivals, self._source = self._tiles, None, None, None
        self._shown = self._overview = None
        if tiles is not None:
            tiles.stop()

    @property
    def slide(self) -> SlideSource | None:
        return self._source

    @property
    def place(self) -> SlidePlace:
        """Which part of the slide is shown."""
        return self._place

    def go_to(self, place: SlidePlace) -> None:
        """Show that part."""
        self._place = place
        self.view_changed.emit()

    @property
    def is_sharp(self) -> bool:
        """Whether the last painted picture was made of the wanted tiles only."""
        return self._shown is not None and not self._shown.missing

    def calibration(self) -> Calibration:
        return NO_SLIDE if self._source is None else self._source.calibration

    def current_target(self) -> Target | None:
        return None if self._source is None else self._target

    def corner_text(self) -> CornerText:
        source = self._source
        if source is None:
            return CornerText()
        mpp = mpp_of(source.calibration)
        facts = [source.format_name]
        if source.objective_power is not None:
            facts.append(f"scanned at {source.objective_power:g}×")
        if mpp is not None:
            facts.append(f"{mpp[0]:.4g} µm/px" if mpp[0] == mpp[1] else f"{mpp[0]:.4g} × {mpp[1]:.4g} µm/px")
        lines = (*magnification_lines(self._place.zoom, source.calibration), self._words_for(self._place.centre))
        return CornerText(top_left=(self._title, ", ".join(facts)), bottom_left=lines)

    def notices(self) -> tuple[str, ...]:
        source = self._source
        if source is None:
            return ()
        profile = "the slide's colour profile is not applied" if source.icc_profile else "no profile, sRGB assumed"
        notices = [f"Colour not managed: {profile}."]
        if not source.calibration.is_calibrated:
            notices.append(source.calibration.note)
        notices += source.warnings
        if self._shown is not None and self._tiles is not None and self._shown.missing:
            damaged = self._tiles.count_damaged(self._shown)
            if damaged:
                notices.append(f"{damaged} parts of this field are damaged and cannot be shown.")
            if damaged < len(self._shown.missing):
                notices.append("Still loading: parts of this field are coarser than they will be.")
        return tuple(notices)

    # Geometry ------------------------------------------------------------------------------------------------------

    def field(self, size_px: QSize | None = None) -> Field:
        """The field shown, in device pixels; *size_px* defaults to the whole view."""
        ratio = self.devicePixelRatioF()
        if size_px is None:
            size_px = QSize(max(1, round(self.width() * ratio)), max(1, round(self.height() * ratio)))
        return self._place.field(size_px.width(), size_px.height(), ratio)

    def image_to_view(self) -> QTransform:
        field, ratio = self.field(), self.devicePixelRatioF()
        return QTransform(
            field.scale_x / ratio, 0.0, 0.0, field.scale_y / ratio, -field.left_px / ratio, -field.top_px / ratio
        )

    def _words_for(self, point: SlidePoint) -> str:
        mpp = mpp_of(self.calibration())
        if mpp is None:
            return f"x {point.x_px:.0f} px  y {point.y_px:.0f} px"
        return f"x {point.x_px * mpp[0] / 1000:.3f} mm  y {point.y_px * mpp[1] / 1000:.3f} mm"

    # The field of a mark -------------------------------------------------------------------------------------------

    def presentation_now(self) -> Presentation | None:
        return None if self._source is None else self._place.presentation()

    def is_shown_as(self, presentation: Presentation, /) -> bool:
        return not isinstance(presentation, SlidePresentation) or self._place.shows(presentation)

    def show_as(self, presentation: Presentation, /) -> None:
        if self._source is not None and isinstance(presentation, SlidePresentation):
            self.go_to(self._place.showing(presentation))

    def words_for(self, presentation: Presentation, /) -> str:
        return field_words(presentation, self.calibration()) if isinstance(presentation, SlidePresentation) else ""

    # Painting ------------------------------------------------------------------------------------------------------

    def _render(self, size_px: QSize) -> QImage | None:
        if self._tiles is None:
            return None
        field = self.field(size_px)
        self._refresh_overview(self._tiles)
        if self._shown is None or self._shown.field != field:
            self._shown = self._tiles.draw(field)
        elif self._shown.missing:
            self._shown = self._tiles.refine(self._shown)
        return _image_of(self._shown)

    def paint_over_image(self, painter: QPainter, area: QRectF) -> None:
        if self._tiles is None:
            return
        length, text = self._scale_bar(area)
        place = slide_painter.scale_bar_place(area, painter.font(), length, text)
        slide_painter.paint_scale_bar(painter, place, length, text)
        at = self._overview_rect()
        if at is not None and self._overview is not None:
            slide_painter.paint_overview(painter, at, _image_of(self._overview), self._shares_shown())

    def kept_places(self, area: QRectF, font: QFont, /) -> tuple[QRectF, ...]:
        if self._tiles is None:
            return ()
        bar, overview = slide_painter.scale_bar_place(area, font, *self._scale_bar(area)), self._overview_rect()
        return (bar,) if overview is None else (bar, overview)

    def _scale_bar(self, area: QRectF) -> tuple[float, str]:
        return scale_bar(self._place.zoom, self.calibration(), area.width() * SCALE_BAR_SHARE)

    def _overview_rect(self) -> QRectF | None:
        """Where the overview is drawn; None in a view too small for it, and while the view itself shows the whole."""
        too_small = min(self.width(), self.height()) < SMALLEST_VIEW_WITH_OVERVIEW_PX
        if self._source is None or too_small or self._place.is_fitted:
            return None
        width, height = self._place.full_px[0], self._place.full_px[1] * self._place.tallness
        room = min(LARGEST_OVERVIEW_PX, OVERVIEW_SHARE * min(self.width(), self.height()))
        scale = room / max(width, height)
        size = QSizeF(max(width * scale, 8.0), max(height * scale, 8.0))
        corner = QPointF(self.width() - MARGIN - 4 - size.width(), self.height() - MARGIN - 4 - size.height())
        return QRectF(corner, size)

    def _refresh_overview(self, tiles: SlideTiles) -> None:
        """Before the field: the field's fetching list takes the overview's tiles with it."""
        at = self._overview_rect()
        if at is None:
            return
        ratio = self.devicePixelRatioF()
        width, height = self._place.full_px
        size = QSizeF(at.size() * ratio).toSize().expandedTo(QSize(1, 1))
        field = Field(0, 0, size.width(), size.height(), size.width() / width, size.height() / height)
        if self._overview is None or self._overview.field != field:
            self._overview = tiles.draw_overview(field)
        elif self._overview.missing:
            self._overview = tiles.refine(self._overview)

    def _shares_shown(self) -> QRectF:
        width, height = self._place.full_px
        top_left, bottom_right = self._place.point_at(0, 0), self._place.point_at(self.width(), self.height())
        return QRectF(
            QPointF(top_left.x_px / width, top_left.y_px / height),
            QPointF(bottom_right.x_px / width, bottom_right.y_px / height),
        )

    def _on_tile_arrived(self, _level: int) -> None:
        if self._tiles is None or self._shown is None:
            return
        if self._shown.missing and self._tiles.is_complete(self._shown):
            self._repaint_soon.stop()
            self.update()
        elif not self._repaint_soon.isActive() and (self._shown.missing or self._misses_overview()):
            self._repaint_soon.start()

    def _misses_overview(self) -> bool:
        return self._overview is not None and bool(self._overview.missing)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self.go_to(self._place.resized(self.width(), self.height()))

    # Navigation ----------------------------------------------------------------------------------------------------

    def zoom_to_fit(self) -> None:
        self.zoom.fit()

    def zoom_to_actual(self) -> None:
        self.zoom.actual()

    def navigate_press(self, event: QMouseEvent) -> None:
        if self._source is None:
            return
        at = self._overview_rect()
        self._overview_drag = at is not None and at.contains(event.position())
        self._drag_from = event.position()
        if self._overview_drag:
            self._go_by_overview(event.position())
        else:
            self.setCursor(Qt.CursorShape.ClosedHandCursor)

    def navigate_move(self, event: QMouseEvent) -> None:
        if self._drag_from is None or not event.buttons():
            return
        if self._overview_drag:
            self._go_by_overview(event.position())
            return
        moved = event.position() - self._drag_from
        self._drag_from = event.position()
        self.pan.by(moved)

    def navigate_release(self, _event: QMouseEvent) -> None:
        if self._drag_from is not None and not self._overview_drag:
            self.setCursor(Qt.CursorShape.ArrowCursor if self.tool_name is None else Qt.CursorShape.CrossCursor)
        self._drag_from, self._overview_drag = None, False

    def navigate_double_click(self, event: QMouseEvent) -> None:
        if self._source is not None:
            self.zoom.by(2.0, event.position())

    def navigate_wheel(self, event: QWheelEvent) -> None:
        turned = event.angleDelta().y() or event.angleDelta().x()
        if turned and self._source is not None:
            self.zoom.by(WHEEL_NOTCH ** (turned / 120.0), event.position())

    def navigate_key(self, event: QKeyEvent, /) -> bool:
        if self._source is None:
            return False
        key, modifiers = event.key(), event.modifiers() & ~Qt.KeyboardModifier.KeypadModifier
        if modifiers == Qt.KeyboardModifier.ControlModifier and key == Qt.Key.Key_0:
            self.zoom.actual()
            return True
        if modifiers:
            return False
        step = min(self.width(), self.height()) * KEY_PAN_SHARE
        moves = {
            Qt.Key.Key_Left: QPointF(step, 0),
            Qt.Key.Key_Right: QPointF(-step, 0),
            Qt.Key.Key_Up: QPointF(0, step),
            Qt.Key.Key_Down: QPointF(0, -step),
        }
        if Qt.Key.Key_1 <= key < Qt.Key.Key_1 + len(STEPS):
            self.zoom.to_magnification(STEPS[key - Qt.Key.Key_1])
        elif key in (Qt.Key.Key_0, Qt.Key.Key_F):
            self.zoom.fit()
        elif key in (Qt.Key.Key_Plus, Qt.Key.Key_Equal):
            self.zoom.by(WHEEL_NOTCH)
        elif key == Qt.Key.Key_Minus:
            self.zoom.by(1 / WHEEL_NOTCH)
        elif key in moves:
            self.pan.by(moves[Qt.Key(key)])
        else:
            return False
        return True

    def probe(self, position: QPointF | None) -> None:
        if position is None or self._source is None:
            self.value_probed.emit("")
            return
        point = self._place.point_at(position.x(), position.y())
        width, height = self._place.full_px
        inside = 0 <= point.x_px < width and 0 <= point.y_px < height
        self.value_probed.emit(self._words_for(point) if inside else "")

    def _go_by_overview(self, position: QPointF) -> None:
        at = self._overview_rect()
        if at is not None:
            width, height = self._place.full_px
            share_x, share_y = (position.x() - at.left()) / at.width(), (position.y() - at.top()) / at.height()
            self.pan.centre_on(SlidePoint(share_x * width, share_y * height))


class SlideZoom:
    """How large the slide is shown."""

    def __init__(self, view: SlideView) -> None:
        self._view = view

    @property
    def factor(self) -> float:
        """Logical pixels per level-0 pixel, across."""
        return self._view.place.zoom

    @property
    def magnification(self) -> float | None:
        """True by the slide's MPP (40× = 0.25 µm per logical pixel); None where it is not calibrated."""
        return magnification_of(self._view.place.zoom, self._view.calibration())

    def fit(self) -> None:
        """The whole slide, centred; it stays fitted when the view changes its size."""
        self._view.go_to(self._view.place.fitted())

    def actual(self) -> None:
        """One slide pixel on one screen pixel, about the middle of the view."""
        self.by(1.0 / (self._view.devicePixelRatioF() * self.factor))

    def to_magnification(self, magnification: float) -> None:
        """That magnification about the middle of the view; within 1 % of pixel for pixel, exactly pixel for pixel."""
        self._view.go_to(self._view.place.at_magnification(magnification, self._view.devicePixelRatioF()))

    def by(self, factor: float, at: QPointF | None = None) -> None:
        """Larger by *factor*; the slide point under *at* (logical coordinates; default the middle) stays under it."""
        at = QPointF(self._view.width() / 2, self._view.height() / 2) if at is None else at
        self._view.go_to(self._view.place.enlarged(factor, at.x(), at.y()))


class SlidePan:
    """Where on the slide the view is."""

    def __init__(self, view: SlideView) -> None:
        self._view = view

    def centre_on(self, point: SlidePoint) -> None:
        self._view.go_to(self._view.place.centred_on(point))

    def by(self, moved: QPointF) -> None:
        """The picture moves by *moved* logical pixels."""
        self._view.go_to(self._view.place.panned(moved.x(), moved.y()))


def _image_of(picture: FieldPicture) -> QImage:
    """The picture's own memory as a QImage; whoever keeps the image keeps the `FieldPicture` beside it."""
    height, width = picture.pixels.shape[:2]
    return QImage(picture.pixels.data, width, height, width * 4, QImage.Format.Format_RGB32)
