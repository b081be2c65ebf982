"""The marks chosen as key images, as pictures for the report: the image around the mark, the mark, whose it is.

Qt paints here on images only, never on the screen, so this may run off the UI thread.
"""

from __future__ import annotations

from typing import Any

from PySide6.QtCore import QBuffer, QByteArray, QIODevice, QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QFont, QImage, QPainter, QTransform

from sync.records.answer import Reference, answer_from_json
from sync.records.case import Case
from sync.records.opinion import FrozenOpinion, Json
from sync.store.database import Store
from viewers.annotation.annotation import Annotation, FrameTarget, SlideTarget
from viewers.annotation.measurements import measure
from viewers.annotation.painter import paint_mark
from viewers.annotation.presentation import FramePresentation, SlidePresentation
from viewers.errors import ViewerError
from viewers.overlay_painter import MARGIN, paint_letters, paint_text
from viewers.pathology.plain_file import Lend, lend_nothing
from viewers.radiology.display_orientation import DisplayOrientation, letters
from viewers.radiology.frame import Frame
from viewers.radiology.marked_window import marked_words
from workstation.opinion.form_state import KEY_IMAGES
from workstation.opinion.marked_images import MarkedImages
from workstation.opinion.marked_region import region_around, region_as_marked
from workstation.opinion.marks_export import MARK_SYSTEM, MarkShelf, read_marks
from workstation.opinion.report import KeyImage

WIDTH_PX = 840
LARGEST_HEIGHT_PX = 840
BAR_HEIGHT_PX = 34
ORIENTATION_UNKNOWN = "Orientation unknown."


def draw_key_images(
    store: Store, case: Case, frozen: FrozenOpinion, *, lend: Lend = lend_nothing
) -> tuple[KeyImage, ...]:
    """One picture for each mark the opinion cites as a key image, in its order."""
    marks = {mark.annotation_id: mark for file in frozen.marks for mark in read_marks(file)}
    images, shelf = MarkedImages(store, case, lend), MarkShelf(store, case, lend)
    drawn = []
    for reference in _cited(frozen.response.get("item", [])):
        mark = marks.get(reference.identifier_value)
        if mark is None:
            drawn.append(KeyImage(b"", f"{reference.display}: this mark is not among those of this opinion."))
            continue
        caption = f"{shelf.words(mark)} · {shelf.calibration_of(mark.target).kind.value}"
        try:
            content, look = _draw(images, shelf, mark, case)
            drawn.append(KeyImage(content, f"{caption} · {look}" if look else caption))
        except ViewerError as error:
            drawn.append(KeyImage(b"", f"{caption}: no picture. {error}"))
    return tuple(drawn)


def _cited(items: list[Json]) -> list[Reference]:
    found = []
    for item in items:
        if item["linkId"] == KEY_IMAGES:
            answers = [answer_from_json(part) for part in item.get("answer", [])]
            found += [answer.value for answer in answers if answer and isinstance(answer.value, Reference)]
        found += _cited(item.get("item", []))
    return [reference for reference in found if reference.identifier_system == MARK_SYSTEM]


def _draw(images: MarkedImages, shelf: MarkShelf, mark: Annotation, case: Case) -> tuple[bytes, str]:
    """A PNG, and at which window or field it is drawn, in words; empty where there is nothing to say."""
    if isinstance(mark.target, FrameTarget):
        picture, to_picture, look = _frame_picture(images, mark.target, mark)
    else:
        picture, to_picture, look = _slide_picture(images, mark.target, mark)
    page = QImage(picture.width(), picture.height() + BAR_HEIGHT_PX, QImage.Format.Format_RGB32)
    page.fill(QColor(12, 15, 20))
    painter = QPainter(page)
    font = QFont("DejaVu Sans")
    font.setPixelSize(16)
    painter.setFont(font)
    painter.setPen(QColor(235, 240, 244))
    line = QRectF(12, 0, picture.width() - 24, BAR_HEIGHT_PX)
    words = painter.fontMetrics().elidedText(_patient_line(case), Qt.TextElideMode.ElideMiddle, int(line.width()))
    painter.drawText(line, Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft, words)
    painter.translate(0, BAR_HEIGHT_PX)
    painter.drawImage(0, 0, picture)
    measured = [m.text for m in measure(mark, shelf.calibration_of(mark.target))]
    within = QRectF(0, 0, picture.width(), picture.height())
    paint_mark(painter, mark.shape, to_picture, [mark.label, *measured], within=within)
    painter.end()
    content = QByteArray()
    buffer = QBuffer(content)
    buffer.open(QIODevice.OpenModeFlag.WriteOnly)
    page.save(buffer, "PNG")  # type: ignore[call-overload]
    return bytes(content.data()), look


def _frame_picture(images: MarkedImages, target: FrameTarget, mark: Annotation) -> tuple[QImage, QTransform, str]:
    """The whole frame at the window the mark was made in, in words too, its pixels as broad and as high as they are.

    With the patient's directions at its edges, or the sentence that they are not known. A mark that has no window of
    its own is drawn at the one the image opens with.
    """
    from viewers.radiology.snapshot import render_as_marked

    found = images.get_frame(target)
    series, frame = found.series, found.series.frames[found.index]
    marked = mark.presentation if isinstance(mark.presentation, FramePresentation) else None
    pixels, voi, is_as_marked = render_as_marked(series, found.index + 1, marked)
    height, width = pixels.shape[:2]
    calibration = series.calibration
    tall = 1.0
    if calibration.column_mm and calibration.row_mm:
        tall = calibration.row_mm / calibration.column_mm
    scale = min(WIDTH_PX / width, LARGEST_HEIGHT_PX / (height * tall))
    to_picture = QTransform.fromScale(scale, scale * tall)
    picture = _scaled(_image_of(pixels), round(width * scale), round(height * scale * tall), to_picture)
    _paint_directions(picture, frame)
    inverted = is_as_marked and marked is not None and marked.inverted
    if voi is None:
        return picture, to_picture, "Inverted, as when marked" if inverted else ""
    when = "as when marked" if is_as_marked else "as the image opens"
    return picture, to_picture, f"{marked_words(voi, frame.display.unit, inverted=inverted)}, {when}"


def _paint_directions(picture: QImage, frame: Frame) -> None:
    area = QRectF(0, 0, picture.width(), picture.height())
    painter = QPainter(picture)
    font = QFont("DejaVu Sans")
    font.setPixelSize(20)
    font.setBold(True)
    painter.setFont(font)
    known = letters(frame, DisplayOrientation())
    if known is None:
        paint_text(painter, QPointF(MARGIN, MARGIN + painter.fontMetrics().ascent()), ORIENTATION_UNKNOWN)
    else:
        paint_letters(painter, area, known)
    painter.end()


def _slide_picture(images: MarkedImages, target: SlideTarget, mark: Annotation) -> tuple[QImage, QTransform, str]:
    """The field the mark was made in; where it is not known, or the mark is lost in it, the region around the mark.

    In words: which of both it is, and the field the mark was made in.
    """
    from viewers.pathology.magnification import field_words
    from viewers.pathology.snapshot import render_slide_snapshot

    with images.open_slide(target) as slide:
        full_px = (slide.levels[0].width_px, slide.levels[0].height_px)
        region, look = region_around(mark.shape, full_px), ""
        if isinstance(mark.presentation, SlidePresentation):
            as_marked = region_as_marked(mark.shape, mark.presentation, full_px)
            words = field_words(mark.presentation, slide.calibration)
            look = f"Drawn closer than when marked ({words})" if as_marked is None else f"{words}, as when marked"
            region = region if as_marked is None else as_marked
        left, top, width, height = region
        scale = WIDTH_PX / max(width, height)
        size = (max(1, round(width * scale)), max(1, round(height * scale)))
        pixels = render_slide_snapshot(slide, region, size, bare=True)
    to_picture = QTransform.fromTranslate(-left, -top) * QTransform.fromScale(size[0] / width, size[1] / height)
    return _image_of(pixels), to_picture, look


def _image_of(pixels: Any) -> QImage:
    """(height, width) grey or (height, width, 3) RGB as an image that owns its memory."""
    height, width = pixels.shape[:2]
    if pixels.ndim == 2:
        return QImage(pixels.tobytes(), width, height, width, QImage.Format.Format_Grayscale8).copy()
    return QImage(pixels.tobytes(), width, height, width * 3, QImage.Format.Format_RGB888).copy()


def _scaled(image: QImage, width: int, height: int, to_picture: QTransform) -> QImage:
    """Drawn through the very transform that places the mark, so that the two cannot drift apart."""
    scaled = QImage(max(1, width), max(1, height), QImage.Format.Format_RGB32)
    scaled.fill(QColor(0, 0, 0))
    painter = QPainter(scaled)
    painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
    painter.setTransform(to_picture)
    painter.drawImage(0, 0, image)
    painter.end()
    return scaled


def _patient_line(case: Case) -> str:
    patient = case.patient
    born = f"born {patient.birth_date.isoformat()}" if patient.birth_date else "birth date unknown"
    identifier = f"ID {patient.patient_id}" if patient.patient_id else "ID missing"
    return f"{patient.display_name} · {patient.sex} · {born} · {identifier} · {case.case_id}"
