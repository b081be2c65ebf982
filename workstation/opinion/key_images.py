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
from viewers.annotation.shapes import bounds_of
from viewers.errors import ViewerError
from viewers.overlay_painter import MARGIN, paint_letters, paint_text
from viewers.radiology.display_orientation import DisplayOrientation, letters
from viewers.radiology.frame import Frame
from viewers.radiology.stack_words import window_text
from workstation.opinion.form_state import KEY_IMAGES
from workstation.opinion.marked_images import MarkedImages
from workstation.opinion.marks_export import MARK_SYSTEM, MarkShelf, read_marks
from workstation.opinion.report import KeyImage

WIDTH_PX = 840
LARGEST_HEIGHT_PX = 840
BAR_HEIGHT_PX = 34
SLIDE_MARGIN = 0.6
"""How much of a slide is shown around a mark, as a share of the mark's size, on each side."""
SMALLEST_REGION_PX = 400
ORIENTATION_UNKNOWN = "Orientation unknown."


def draw_key_images(store: Store, case: Case, frozen: FrozenOpinion) -> tuple[KeyImage, ...]:
    """One picture for each mark the opinion cites as a key image, in its order."""
    marks = {mark.annotation_id: mark for file in frozen.marks for mark in read_marks(file)}
    images, shelf = MarkedImages(store, case), MarkShelf(store, case)
    drawn = []
    for reference in _cited(frozen.response.get("item", [])):
        mark = marks.get(reference.identifier_value)
        if mark is None:
            drawn.append(KeyImage(b"", f"{reference.display}: this mark is not among those of this opinion."))
            continue
        caption = f"{shelf.words(mark)} · {shelf.calibration_of(mark.target).kind.value}"
        try:
            caption += _image_number(images, mark)
            content, window = _draw(images, shelf, mark, case)
            drawn.append(KeyImage(content, f"{caption} · drawn at {window}" if window else caption))
        except ViewerError as error:
            drawn.append(KeyImage(b"", f"{caption}: no picture. {error}"))
    return tuple(drawn)


def _image_number(images: MarkedImages, mark: Annotation) -> str:
    """` · DICOM instance number 110`, by which the hospital finds the image again (0020,0013), and the frame's.

    Called by its full name, because a viewport counts images in display order, which may run the other way.
    """
    if not isinstance(mark.target, FrameTarget):
        return ""
    series, number = images.get_series(mark.target)
    instance = series.frames[number - 1].instance_number
    words = "" if instance is None else f" · DICOM instance number {instance}"
    return words if len(series.frames) == 1 else f"{words} · frame {mark.target.frame_number}"


def _cited(items: list[Json]) -> list[Reference]:
    found = []
    for item in items:
        if item["linkId"] == KEY_IMAGES:
            answers = [answer_from_json(part) for part in item.get("answer", [])]
            found += [answer.value for answer in answers if answer and isinstance(answer.value, Reference)]
        found += _cited(item.get("item", []))
    return [reference for reference in found if reference.identifier_system == MARK_SYSTEM]


def _draw(images: MarkedImages, shelf: MarkShelf, mark: Annotation, case: Case) -> tuple[bytes, str]:
    """A PNG, and the window it is drawn at in words; empty where there is none."""
    window = ""
    if isinstance(mark.target, FrameTarget):
        picture, to_picture, window = _frame_picture(images, mark.target)
    else:
        picture, to_picture = _slide_picture(images, mark.target, mark)
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
    return bytes(content.data()), window


def _frame_picture(images: MarkedImages, target: FrameTarget) -> tuple[QImage, QTransform, str]:
    """The whole frame at the window it opens with, in words too, its pixels as broad and as high as they are.

    With the patient's directions at its edges, or the sentence that they are not known.
    """
    from viewers.radiology.snapshot import render_as_opened

    series, number = images.get_series(target)
    frame = series.frames[number - 1]
    pixels, voi = render_as_opened(series, number)
    height, width = pixels.shape[:2]
    calibration = series.calibration
    tall = 1.0
    if calibration.column_mm and calibration.row_mm:
        tall = calibration.row_mm / calibration.column_mm
    scale = min(WIDTH_PX / width, LARGEST_HEIGHT_PX / (height * tall))
    to_picture = QTransform.fromScale(scale, scale * tall)
    picture = _scaled(_image_of(pixels), round(width * scale), round(height * scale * tall), to_picture)
    _paint_directions(picture, frame)
    return picture, to_picture, "" if voi is None else window_text(voi, frame.display.unit)


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


def _slide_picture(images: MarkedImages, target: SlideTarget, mark: Annotation) -> tuple[QImage, QTransform]:
    """The region around the mark, so that it fills about half of the picture."""
    from viewers.pathology.snapshot import render_slide_snapshot

    with images.open_slide(target) as slide:
        level, bounds = slide.levels[0], bounds_of(mark.shape)
        across = max(bounds.right - bounds.left, bounds.bottom - bounds.top)
        side = max(across * (1 + 2 * SLIDE_MARGIN), SMALLEST_REGION_PX)
        width, height = (int(min(side, whole)) for whole in (level.width_px, level.height_px))
        left = _clamped((bounds.left + bounds.right - width) / 2, level.width_px - width)
        top = _clamped((bounds.top + bounds.bottom - height) / 2, level.height_px - height)
        scale = WIDTH_PX / max(width, height)
        size = (max(1, round(width * scale)), max(1, round(height * scale)))
        pixels = render_slide_snapshot(slide, (left, top, width, height), size, bare=True)
    to_picture = QTransform.fromTranslate(-left, -top) * QTransform.fromScale(size[0] / width, size[1] / height)
    return _image_of(pixels), to_picture


def _clamped(value: float, largest: int) -> int:
    return int(min(max(value, 0), max(largest, 0)))


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
