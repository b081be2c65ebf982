"""The warning before something leaves the encryption, and the question for the folder it goes to."""

from __future__ import annotations

from PySide6.QtCore import QObject, Signal
from PySide6.QtWidgets import QFileDialog, QMessageBox, QWidget

WARNING = (
    "What you export leaves the encryption: it names the patient and the findings, and anybody who can read the "
    "folder can read it. Choose a place that your hospital allows, and delete it there when it has arrived.\n\n"
    "The export is written down in the audit trail. What waits here goes on waiting."
)


class ExportQuestion(QObject):
    """Asks for one entry at a time."""

    folder_chosen = Signal(int, str)
    """The entry's number, and the folder."""

    def __init__(self, window: QWidget) -> None:
        super().__init__(window)
        self._window = window

    def ask(self, entry_id: int, what: str) -> None:
        """Warn, then ask where to; a dialog that is closed by whatever means exports nothing."""
        box = QMessageBox(QMessageBox.Icon.Warning, "Export", f"Export: {what}", parent=self._window)
        box.setObjectName("export-warning")
        box.setInformativeText(WARNING)
        choose = box.addButton("Choose a &folder…", QMessageBox.ButtonRole.AcceptRole)
        choose.setObjectName("export-choose")
        cancel = box.addButton(QMessageBox.StandardButton.Cancel)
        box.setDefaultButton(cancel)
        box.setEscapeButton(cancel)

        def answered(_result: int) -> None:
            wants = box.clickedButton() is choose
            box.deleteLater()
            if wants:
                self._choose(entry_id)

        box.finished.connect(answered)
        box.open()

    def _choose(self, entry_id: int) -> None:
        dialog = QFileDialog(self._window, "Choose a folder")
        dialog.setObjectName("export-folder")
        dialog.setFileMode(QFileDialog.FileMode.Directory)
        dialog.setOption(QFileDialog.Option.ShowDirsOnly)
        dialog.fileSelected.connect(lambda folder: self.folder_chosen.emit(entry_id, folder))
        dialog.finished.connect(dialog.deleteLater)
        dialog.open()
