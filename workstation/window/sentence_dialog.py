"""One sentence in a box of its own, for what happens before there is a status line to say it in."""

from __future__ import annotations

from PySide6.QtWidgets import QApplication, QMessageBox, QWidget

from workstation.window.theme import apply_theme


def show_sentence(sentence: str, parent: QWidget | None = None) -> None:
    """Show *sentence* and wait until it was read."""
    app = QApplication.instance()
    if app is None:
        app = QApplication(["readingroom"])
        apply_theme(app)
    box = QMessageBox(QMessageBox.Icon.Warning, "Reading Room", sentence, QMessageBox.StandardButton.Ok, parent)
    box.exec()
