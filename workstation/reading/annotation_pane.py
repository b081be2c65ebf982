"""The list of marks: label, measurement, where. Click or Enter goes to the mark, Delete takes it away."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import (
    QAbstractItemView,
    QHeaderView,
    QLabel,
    QPushButton,
    QStackedLayout,
    QTreeWidget,
    QTreeWidgetItem,
    QVBoxLayout,
    QWidget,
)

from viewers.annotation.annotation import Annotation
from workstation.window.theme import set_role

NO_MARKS = "No marks yet.\n\nPress L and drag along what you measure, or P and click around what you outline."
WIDE_PANE, NARROW_PANE = 320, 236
"""Its width in logical pixels; the page chooses."""
MARKS_KEPT = "Your marks are kept. They are shown again with the images."
NO_MARKS_SIGNED = "The opinion was signed without marks."


class AnnotationPane(QWidget):
    """Emits wishes; the page carries them out."""

    mark_requested = Signal(str)
    """Go to the mark with that id."""
    mark_chosen = Signal(str)
    """The mark with that id is the list's current one."""
    removal_requested = Signal(str)
    as_marked_requested = Signal()
    """Show the image as it looked when the selected mark was made."""

    def __init__(self) -> None:
        super().__init__()
        self.setFixedWidth(WIDE_PANE)
        self._title = QLabel("MARKS")
        self._title.setProperty("role", "caption")
        self._saved = QLabel()
        self._saved.setObjectName("marks-saved")
        self._saved.setProperty("role", "muted")
        self._saved.setWordWrap(True)
        self._as_marked = QPushButton()
        self._as_marked.setObjectName("marks-as-marked")
        self._as_marked.setAutoDefault(False)
        self._as_marked.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self._as_marked.clicked.connect(lambda _checked=False: self.as_marked_requested.emit())
        self._as_marked.hide()
        self._list = _MarksList()
        self._list.setObjectName("marks-list")
        self._list.itemClicked.connect(lambda entry: self._ask(entry))
        self._list.itemActivated.connect(lambda entry: self._ask(entry))
        self._list.removal_requested.connect(self.removal_requested)
        self._list.currentItemChanged.connect(lambda entry: self._choose(entry))
        self._empty = QLabel(NO_MARKS)
        self._empty.setProperty("role", "muted")
        self._empty.setWordWrap(True)
        self._empty.setAlignment(Qt.AlignmentFlag.AlignTop)
        self._empty.setContentsMargins(4, 8, 4, 0)
        stack = QWidget()
        self._stack = QStackedLayout(stack)
        self._stack.addWidget(self._empty)
        self._stack.addWidget(self._list)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(12, 12, 12, 10)
        layout.setSpacing(6)
        layout.addWidget(self._title)
        layout.addWidget(stack, 1)
        layout.addWidget(self._as_marked)
        layout.addWidget(self._saved)
        self._filling = False

    def show_marks(
        self,
        marks: Sequence[Annotation],
        describe: Callable[[Annotation], tuple[str, str]],
        *,
        selected_id: str,
        read_only: bool,
    ) -> None:
        """Fill the list anew. *describe* gives a mark's measurement and where it is, in words."""
        self._filling = True
        self._list.clear()
        for mark in marks:
            measurement, where = describe(mark)
            entry = QTreeWidgetItem([mark.label, measurement, where])
            entry.setData(0, Qt.ItemDataRole.UserRole, mark.annotation_id)
            entry.setToolTip(1, measurement)
            entry.setToolTip(2, where)
            self._list.addTopLevelItem(entry)
            if mark.annotation_id == selected_id:
                self._list.setCurrentItem(entry)
        self._filling = False
        self._title.setText(f"MARKS · {len(marks)}" if marks else "MARKS")
        self._empty.setText(NO_MARKS_SIGNED if read_only else NO_MARKS)
        self._stack.setCurrentWidget(self._list if marks else self._empty)

    def show_kept(self) -> None:
        """There may be marks, and none of them is shown: the records are withheld."""
        self._empty.setText(MARKS_KEPT)

    def select(self, annotation_id: str) -> None:
        """Mark that entry as current; none for an empty id."""
        self._filling = True
        self._list.clearSelection()
        for row in range(self._list.topLevelItemCount()):
            entry = self._list.topLevelItem(row)
            if entry is not None and entry.data(0, Qt.ItemDataRole.UserRole) == annotation_id:
                self._list.setCurrentItem(entry)
        self._filling = False

    def offer_as_marked(self, words: str) -> None:
        """Offer the look the selected mark was made in, said in *words*; empty: there is nothing to offer."""
        self._as_marked.setText(f"As when marked (M)\n{words}")
        self._as_marked.setToolTip(words)
        self._as_marked.setVisible(bool(words))

    def say(self, text: str, *, failure: bool = False) -> None:
        """How the saving stands."""
        self._saved.setText(text)
        set_role(self._saved, "error" if failure else "muted")

    def _choose(self, entry: QTreeWidgetItem | None) -> None:
        if not self._filling and entry is not None:
            self.mark_chosen.emit(entry.data(0, Qt.ItemDataRole.UserRole))

    def _ask(self, entry: QTreeWidgetItem) -> None:
        if not self._filling:
            self.mark_requested.emit(entry.data(0, Qt.ItemDataRole.UserRole))


class _MarksList(QTreeWidget):
    removal_requested = Signal(str)

    def __init__(self) -> None:
        super().__init__()
        self.setColumnCount(3)
        self.setHeaderLabels(["", "Measured", "Where"])
        self.setRootIsDecorated(False)
        self.setUniformRowHeights(True)
        self.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        self.setTextElideMode(Qt.TextElideMode.ElideRight)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        header = self.header()
        header.setStretchLastSection(True)
        header.setSectionResizeMode(0, QHeaderView.ResizeMode.ResizeToContents)
        header.setSectionResizeMode(1, QHeaderView.ResizeMode.ResizeToContents)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        entry = self.currentItem()
        if entry is not None and event.key() in (Qt.Key.Key_Delete, Qt.Key.Key_Backspace):
            self.removal_requested.emit(entry.data(0, Qt.ItemDataRole.UserRole))
            return
        if entry is not None and event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self.itemActivated.emit(entry, 0)
            return
        super().keyPressEvent(event)
