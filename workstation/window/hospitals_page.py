"""The hospitals of this computer: open one, add one by its address and a sign-in, remove one. The first page ever."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QKeySequence, QShortcut
from PySide6.QtWidgets import (
    QFileDialog,
    QFrame,
    QGridLayout,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QListWidget,
    QListWidgetItem,
    QMessageBox,
    QPushButton,
    QScrollArea,
    QVBoxLayout,
    QWidget,
)

from workstation.hospital_list import HospitalAddress, KnownHospital
from workstation.window.browser_pane import BrowserPane
from workstation.window.theme import set_role

COLUMN_WIDTH_PX = 600
ROW_HEIGHT_PX = 46
LONGEST_LIST = 5


class HospitalsPage(QScrollArea):
    """Shows and asks; it decides nothing."""

    open_requested = Signal(str)
    """The profile's name."""
    add_requested = Signal(object)
    """A `HospitalAddress`."""
    remove_requested = Signal(str)
    """The profile's name; the user has confirmed it."""
    cancel_requested = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("page-hospitals")
        self.setWidgetResizable(True)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self._hospitals: tuple[KnownHospital, ...] = ()
        self.pane = BrowserPane()
        self.pane.hide()
        self.pane.cancelled.connect(self.cancel_requested)
        inner = QWidget()
        across = QHBoxLayout(inner)
        across.addStretch(1)
        middle = QWidget()
        middle.setFixedWidth(COLUMN_WIDTH_PX)
        across.addWidget(middle)
        across.addStretch(1)
        column = QVBoxLayout(middle)
        column.setSpacing(14)
        column.addStretch(2)
        title = QLabel("Reading Room")
        title.setProperty("role", "title")
        column.addWidget(title)
        self._lead = QLabel()
        self._lead.setObjectName("hospitals-lead")
        self._lead.setProperty("role", "muted")
        self._lead.setWordWrap(True)
        column.addWidget(self._lead)
        column.addWidget(self._make_list())
        column.addWidget(self._make_form())
        column.addWidget(self.pane)
        self.message = QLabel()
        self.message.setObjectName("hospitals-message")
        self.message.setTextFormat(Qt.TextFormat.PlainText)
        self.message.setWordWrap(True)
        self.message.setMinimumHeight(40)
        self.message.setAlignment(Qt.AlignmentFlag.AlignTop)
        column.addWidget(self.message)
        column.addStretch(3)
        self.setWidget(inner)
        # The menu is covered while this page is shown, and its keys with it.
        QShortcut(QKeySequence("Ctrl+Q"), self, lambda: self.window().close())
        self.show_hospitals(())

    def show_hospitals(self, hospitals: Sequence[KnownHospital]) -> None:
        """The list as it is now; the first can be opened with Enter at once."""
        self._hospitals = tuple(hospitals)
        self._list.clear()
        for hospital in self._hospitals:
            words = f"{hospital.reader}, {hospital.host}" if not hospital.problem else hospital.problem
            item = QListWidgetItem(f"{hospital.hospital_name}\n{words}")
            item.setData(Qt.ItemDataRole.UserRole, hospital.profile_name)
            item.setToolTip(words)
            self._list.addItem(item)
        shown = min(len(self._hospitals), LONGEST_LIST)
        self._list.setFixedHeight(shown * ROW_HEIGHT_PX + 4)
        self._known.setVisible(bool(self._hospitals))
        self._heading.setText("Another hospital" if self._hospitals else "Add your hospital")
        self._lead.setText(
            "Open a hospital, or add another one."
            if self._hospitals
            else "Which hospital sends you cases? Its IT department tells you the address. You sign in there once, in "
            "your browser; Reading Room never sees your password."
        )
        if self._hospitals:
            self._list.setCurrentRow(0)
        self._refresh_buttons()
        self._focus()

    def show_looking(self) -> None:
        """A wish to add a hospital is under way."""
        self._set_busy(True)
        self.message.clear()
        self.pane.show_looking()

    def show_waiting(self, address: str) -> None:
        """Somebody is signing in in the browser, at *address*."""
        self.pane.show_waiting(address)

    def show_form(self) -> None:
        """Nothing is under way (any more)."""
        self._set_busy(False)
        self._focus()

    def show_sentence(self, sentence: str, *, failure: bool = True) -> None:
        """What came of it; the form is there again, as it was filled in."""
        self._set_busy(False)
        self.message.setText(sentence)
        set_role(self.message, "error" if failure else "good")
        if failure:
            self.address.setFocus()
            self.address.selectAll()

    def _make_list(self) -> QWidget:
        self._known = QWidget()
        column = QVBoxLayout(self._known)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(8)
        self._list = QListWidget()
        self._list.setObjectName("hospitals-list")
        self._list.setAccessibleName("Hospitals")
        self._list.setStyleSheet(f"QListWidget::item {{ height: {ROW_HEIGHT_PX - 8}px; padding: 4px 10px; }}")
        self._list.itemActivated.connect(lambda _item: self._ask_open())
        self._list.currentRowChanged.connect(lambda _row: self._refresh_buttons())
        self.open = QPushButton("&Open")
        self.open.setObjectName("hospitals-open")
        self.open.setProperty("role", "primary")
        self.open.clicked.connect(self._ask_open)
        self.remove = QPushButton("&Remove…")
        self.remove.setObjectName("hospitals-remove")
        self.remove.clicked.connect(self._ask_remove)
        row = QHBoxLayout()
        row.addStretch(1)
        row.addWidget(self.remove)
        row.addWidget(self.open)
        column.addWidget(self._list)
        column.addLayout(row)
        return self._known

    def _make_form(self) -> QWidget:
        self._form = QFrame()
        self._form.setProperty("role", "card")
        column = QVBoxLayout(self._form)
        column.setContentsMargins(20, 10, 20, 18)
        column.setSpacing(10)
        self._heading = QLabel()
        self._heading.setProperty("role", "heading")
        self._heading.setIndent(0)
        column.addWidget(self._heading)
        self.address = _line("hospitals-address", "Address of the hospital", "for example fhir.hospital.org/r4")
        self.proceed = QPushButton("&Continue")
        self.proceed.setObjectName("hospitals-continue")
        self.proceed.setProperty("role", "primary")
        self.proceed.clicked.connect(self._ask_add)
        row = QHBoxLayout()
        row.addWidget(self.address, 1)
        row.addWidget(self.proceed)
        column.addLayout(row)
        self.more = QPushButton("&More settings")
        self.more.setObjectName("hospitals-more")
        self.more.setProperty("role", "quiet")
        self.more.setStyleSheet("QPushButton { padding-left: 2px; padding-right: 2px; }")
        self.more.setCheckable(True)
        self.more.toggled.connect(self._show_more)
        column.addWidget(self.more, 0, Qt.AlignmentFlag.AlignLeft)
        column.addWidget(self._make_details())
        for entry in (self.address, self.client_id, self.ca_file, self.pin):
            entry.returnPressed.connect(self._ask_add)
            entry.textEdited.connect(lambda _text: self.message.clear())
        return self._form

    def _make_details(self) -> QWidget:
        self._details = QWidget()
        grid = QGridLayout(self._details)
        grid.setContentsMargins(0, 0, 0, 0)
        self.client_id = _line("hospitals-client", "Client ID", "reading-room")
        self.ca_file = _line("hospitals-ca", "Certificate file of the hospital's authority", "none: the system's own")
        self.pin = _line("hospitals-pin", "Pin of the server's key", "sha256/…")
        browse = QPushButton("Choose…")
        browse.setObjectName("hospitals-ca-choose")
        browse.clicked.connect(self._choose_file)
        for row, (caption, entry) in enumerate(
            (("Client I&D", self.client_id), ("Certificate &file", self.ca_file), ("&Pin", self.pin))
        ):
            label = QLabel(caption)
            label.setBuddy(entry)
            grid.addWidget(label, row, 0)
            grid.addWidget(entry, row, 1, 1, 1 if entry is self.ca_file else 2)
        grid.addWidget(browse, 1, 2)
        self._details.hide()
        return self._details

    def _show_more(self, shown: bool) -> None:
        self._details.setVisible(shown)
        if shown:
            self.client_id.setFocus()

    def _choose_file(self) -> None:
        chosen, _ = QFileDialog.getOpenFileName(
            self, "The hospital's authority", "", "Certificates (*.pem *.crt *.cer)"
        )
        if chosen:
            self.ca_file.setText(chosen)

    def _current(self) -> KnownHospital | None:
        row = self._list.currentRow()
        return self._hospitals[row] if 0 <= row < len(self._hospitals) else None

    def _refresh_buttons(self) -> None:
        current = self._current()
        self.open.setEnabled(current is not None and not current.problem)
        self.remove.setEnabled(current is not None)

    def _ask_open(self) -> None:
        current = self._current()
        if current is not None and not current.problem:
            self.open_requested.emit(current.profile_name)

    def _ask_remove(self) -> None:
        current = self._current()
        if current is None:
            return
        box = QMessageBox(
            QMessageBox.Icon.Warning,
            "Remove a hospital",
            f"Remove {current.hospital_name} from this computer?",
            QMessageBox.StandardButton.Cancel,
            self,
        )
        box.setInformativeText(
            "Its cases, your marks and drafts, and whatever has not been sent yet are deleted here and cannot be "
            "brought back. What the hospital has received stays there."
        )
        remove = box.addButton("Remove", QMessageBox.ButtonRole.DestructiveRole)
        box.setDefaultButton(QMessageBox.StandardButton.Cancel)
        box.buttonClicked.connect(
            lambda button: self.remove_requested.emit(current.profile_name) if button is remove else None
        )
        box.open()

    def _ask_add(self) -> None:
        if not self.address.text().strip():
            self.show_sentence("Please enter the address of the hospital.")
            return
        self.add_requested.emit(
            HospitalAddress(self.address.text(), self.client_id.text(), self.ca_file.text(), self.pin.text())
        )

    def _set_busy(self, busy: bool) -> None:
        self.pane.setVisible(busy)
        self._form.setVisible(not busy)
        self._known.setVisible(not busy and bool(self._hospitals))

    def _focus(self) -> None:
        (self._list if self._hospitals else self.address).setFocus(Qt.FocusReason.OtherFocusReason)


def _line(name: str, accessible: str, placeholder: str) -> QLineEdit:
    line = QLineEdit()
    line.setObjectName(name)
    line.setAccessibleName(accessible)
    line.setPlaceholderText(placeholder)
    return line
