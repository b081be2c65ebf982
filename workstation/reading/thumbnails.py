"""Small pictures of series and slides for the strip, made off the UI thread (QImage may be made in any thread)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from PySide6.QtCore import Qt
from PySide6.QtGui import QImage

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from viewers.pathology.slide_source import SlideSource
    from viewers.radiology.frame import Series

LARGEST_PX = 256


def series_thumbnail(series: Series) -> QImage:
    """The middle frame with the window the series opens with."""
    from viewers.radiology.colour import render_palette, render_rgb
    from viewers.radiology.decode import read_frame
    from viewers.radiology.voi_choice import default_voi
    from viewers.radiology.windowing import render_grey

    frame = series.frames[len(series.frames) // 2]
    stored = read_frame(frame)
    if frame.layout.is_colour:
        return _small(render_rgb(stored, frame.layout.bits_stored), QImage.Format.Format_RGB888)
    if frame.display.palette is not None:
        return _small(render_palette(stored, frame.display.palette), QImage.Format.Format_RGB888)
    grey = render_grey(stored, frame.display, default_voi(stored, frame.display, series.modality))
    spacing = series.calibration
    aspect = 1.0
    if spacing.row_mm is not None and spacing.column_mm is not None:
        aspect = spacing.row_mm / spacing.column_mm
    return _small(grey, QImage.Format.Format_Grayscale8, aspect)


def slide_thumbnail(source: SlideSource) -> QImage:
    """The whole slide: the file's own thumbnail, else drawn from its tiles, never from a whole level in memory."""
    from viewers.pathology.snapshot import render_slide_snapshot

    if "thumbnail" in source.associated_names:
        return _small(source.read_associated("thumbnail"), QImage.Format.Format_RGB888)
    full = source.levels[0]
    scale = min(1.0, LARGEST_PX / max(full.width_px, full.height_px))
    size = max(1, round(full.width_px * scale)), max(1, round(full.height_px * scale))
    return _small(render_slide_snapshot(source, None, size, bare=True), QImage.Format.Format_RGB888)


def _small(pixels: NDArray[Any], form: QImage.Format, aspect: float = 1.0) -> QImage:
    """*aspect*: height of a pixel over its width."""
    contiguous = pixels.copy(order="C")
    height, width = contiguous.shape[:2]
    whole = QImage(contiguous.data, width, height, contiguous.strides[0], form)
    scale = min(1.0, LARGEST_PX / max(width, height * aspect))
    small = whole.scaled(
        max(1, round(width * scale)),
        max(1, round(height * aspect * scale)),
        Qt.AspectRatioMode.IgnoreAspectRatio,
        Qt.TransformationMode.SmoothTransformation,
    )
    # `whole` only borrows the array's memory, and `scaled` to the same size would borrow it too.
    return small.copy()
