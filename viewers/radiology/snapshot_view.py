"""A snapshot with words: the view itself, painted without a window. Bare pictures are `snapshot`, without Qt."""

from __future__ import annotations

import os
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QCoreApplication, QSize
from PySide6.QtGui import QImage
from PySide6.QtWidgets import QApplication

from viewers.radiology.display_orientation import DisplayOrientation
from viewers.radiology.stack_view import StackView
from viewers.radiology.viewport_geometry import native_size
from viewers.radiology.volume import SeriesPixels
from viewers.radiology.windowing import Voi

_application: list[QCoreApplication] = []
"""The application made here, kept alive, where the program has none (the command line)."""


def grab_snapshot(
    pixels: SeriesPixels,
    index: int,
    voi: Voi | None,
    size: tuple[int, int] | None,
    orientation: DisplayOrientation,
    *,
    inverted: bool,
    patient_line: str,
) -> NDArray[np.uint8]:
    """(height, width, 3) RGB of the frame at *index* (from 0) as a `StackView` of that size shows it.

    Without *size* the image is at 1:1. The patient line adds a bar above. The frame must be among the read *pixels*.
    """
    if QApplication.instance() is None and not _application:
        os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
        _application.append(QApplication([]))
    layout = pixels.series.frames[index].layout
    view = StackView()
    try:
        view.setMinimumSize(1, 1)
        view.resize(QSize(*(size or native_size(layout.columns, layout.rows, orientation))))
        view.set_series(pixels.series, pixels, first_index=index)
        view.patient_line = patient_line
        view.set_voi(voi)
        view.set_inverted(inverted)
        geometry = replace(view.geometry_now(), orientation=orientation, zoom=1.0 if size is None else None)
        view.set_geometry(geometry)
        return _rgb(view.grab_image())
    finally:
        view.set_series(None)
        view.deleteLater()


def _rgb(image: QImage) -> NDArray[np.uint8]:
    image = image.convertToFormat(QImage.Format.Format_RGB32)
    data: Any = np.frombuffer(image.constBits(), np.uint8)
    bgrx = data.reshape(image.height(), image.bytesPerLine() // 4, 4)[:, : image.width()]
    return np.ascontiguousarray(bgrx[..., 2::-1])
