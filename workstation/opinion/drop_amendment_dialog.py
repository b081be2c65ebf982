"""Before an amendment is given up: what is lost with it, and what is not. It decides nothing."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QDialog, QLabel, QWidget

from workstation.window.dialog_column import accept_button, answers, leave_button, stack

WIDTH_PX = 460


class DropAmendmentDialog(QDialog):
    """Asks once. Escape and Enter keep what was written: only a deliberate choice loses it."""

    drop_requested = Signal()

    def __init__(self, parent: QWidget, kind: str, opinion_identifier: str) -> None:
        """*kind* is what would be dropped: “correction”, “addendum”."""
        super().__init__(parent)
        self.setObjectName("drop-amendment-dialog")
        self.setWindowTitle("Drop the amendment")
        self.setModal(True)
        self.keep = leave_button("drop-amendment-keep", "&Keep writing", self.reject)
        self.drop = accept_button("drop-amendment-confirm", f"&Drop the {kind}", self._drop)
        self.drop.setProperty("role", "")  # one button stands out, and it loses nothing
        self.drop.setAutoDefault(False)
        self.drop.setDefault(False)
        self.keep.setDefault(True)
        stack(
            self,
            _words(f"Drop the {kind} and what you wrote in it?", "heading"),
            _words(
                f"What you changed in the form since you opened it again, and the reason you gave, are lost. Marks "
                f"made meanwhile stay on the images. The hospital keeps opinion {opinion_identifier} as it "
                "was delivered.",
                "",
            ),
            answers(self.keep, self.drop),
        )
        self.keep.setFocus()

    def _drop(self) -> None:
        self.accept()
        self.drop_requested.emit()


def _words(text: str, role: str) -> QLabel:
    label = QLabel(text)
    label.setProperty("role", role)
    label.setTextFormat(Qt.TextFormat.PlainText)
    label.setWordWrap(True)
    label.setIndent(0)
    label.setFixedWidth(WIDTH_PX)
    return label
