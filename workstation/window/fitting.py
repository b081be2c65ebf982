"""A dialog of fixed width, as high as its words need. Qt's own guess for wrapped words leaves holes between them."""

from __future__ import annotations

from PySide6.QtWidgets import QDialog


def fit_height(dialog: QDialog) -> None:
    """As high as what *dialog* shows needs at its width; again whenever it shows more or less."""
    layout = dialog.layout()
    if layout is not None:
        layout.activate()
        dialog.setFixedHeight(layout.totalHeightForWidth(dialog.width()))
