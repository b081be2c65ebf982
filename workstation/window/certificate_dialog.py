"""The signing certificate that a hospital gave its reader, taken in: its file, its PIN, a passphrase for signing."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import (
    QDialog,
    QFileDialog,
    QGridLayout,
    QLabel,
    QLineEdit,
    QPushButton,
    QWidget,
)

from workstation.window.dialog_column import accept_button, answers, leave_button, stack
from workstation.window.theme import set_role

TEXT_WIDTH_PX = 540
SHORTEST_PASSPHRASE = 12


class CertificateDialog(QDialog):
    """Shows and asks; it decides only whether all is filled in."""

    import_requested = Signal(str, str, str, str)
    """File, key PIN, passphrase, file of the authority (may be empty)."""

    def __init__(self, parent: QWidget | None, reader: str) -> None:
        super().__init__(parent)
        self.setObjectName("certificate-dialog")
        self.setWindowTitle("Signing certificate")
        self.setModal(True)
        title = QLabel("Signing certificate")
        title.setProperty("role", "title")
        text = QLabel(
            f"The hospital gives {reader} a file (.p12 or .pfx) with a certificate, and the PIN that opens it. "
            "Choose a passphrase too: each signature asks for both. The file is kept encrypted, PIN and passphrase not."
        )
        self.message = QLabel()
        self.message.setObjectName("certificate-message")
        for label in (text, self.message):
            label.setTextFormat(Qt.TextFormat.PlainText)
            label.setWordWrap(True)
            label.setFixedWidth(TEXT_WIDTH_PX)
        self.message.hide()
        self.file = _line("certificate-file")
        self.pin = _line("certificate-pin", secret=True)
        self.passphrase = _line("certificate-passphrase", secret=True)
        self.again = _line("certificate-again", secret=True)
        self.authority = _line("certificate-authority")
        self.authority.setPlaceholderText("none: as the certificate file says")
        self.take = accept_button("certificate-take", "&Take it in", self._ask)
        self.cancel = leave_button("certificate-cancel", "Cancel", self.reject)
        stack(self, title, text, self._make_grid(), self.message, answers(self.cancel, self.take))
        self.file.setFocus()

    def show_busy(self) -> None:
        """The file is being opened."""
        self.take.setEnabled(False)
        self._say("Opening the certificate…", "muted")

    def show_refusal(self, sentence: str) -> None:
        """It was not taken in, and why."""
        self.take.setEnabled(True)
        self._say(sentence, "error")

    def _make_grid(self) -> QGridLayout:
        grid = QGridLayout()
        rows = (
            ("Certificate &file", self.file, "Certificates (*.p12 *.pfx)"),
            ("Key P&IN", self.pin, ""),
            ("Pass&phrase for signing", self.passphrase, ""),
            ("Passphrase &again", self.again, ""),
            ("&Authority to trust", self.authority, "Certificates (*.pem *.crt *.cer)"),
        )
        for row, (caption, entry, pattern) in enumerate(rows):
            label = QLabel(caption)
            label.setBuddy(entry)
            grid.addWidget(label, row, 0)
            grid.addWidget(entry, row, 1, 1, 1 if pattern else 2)
            if pattern:
                grid.addWidget(self._chooser(entry, pattern), row, 2)
        return grid

    def _chooser(self, entry: QLineEdit, pattern: str) -> QPushButton:
        button = QPushButton("Choose…")
        button.setAutoDefault(False)

        def choose() -> None:
            chosen, _ = QFileDialog.getOpenFileName(self, "Choose a file", "", pattern)
            if chosen:
                entry.setText(chosen)

        button.clicked.connect(choose)
        return button

    def _ask(self) -> None:
        if not Path(self.file.text().strip()).is_file():
            self._say("Please choose the file of the certificate.", "error")
            self.file.setFocus()
        elif not self.pin.text():
            self._say("Please enter the PIN that opens the file.", "error")
            self.pin.setFocus()
        elif len(self.passphrase.text()) < SHORTEST_PASSPHRASE:
            self._say(f"The passphrase needs at least {SHORTEST_PASSPHRASE} characters.", "error")
            self.passphrase.setFocus()
        elif self.passphrase.text() != self.again.text():
            self._say("The two passphrases differ.", "error")
            self.again.setFocus()
        else:
            words = self.file.text().strip(), self.pin.text(), self.passphrase.text(), self.authority.text().strip()
            self.import_requested.emit(*words)

    def _say(self, sentence: str, role: str) -> None:
        self.message.setText(sentence)
        self.message.show()
        set_role(self.message, role)


def _line(name: str, *, secret: bool = False) -> QLineEdit:
    line = QLineEdit()
    line.setObjectName(name)
    if secret:
        line.setEchoMode(QLineEdit.EchoMode.Password)
        line.setInputMethodHints(Qt.InputMethodHint.ImhSensitiveData | Qt.InputMethodHint.ImhNoPredictiveText)
    return line
