"""The pane of elements: every DICOM element of the image shown, or what it differs in from another; search, copy."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QGuiApplication, QKeyEvent, QKeySequence
from PySide6.QtWidgets import (
    QAbstractItemView,
    QComboBox,
    QHeaderView,
    QLabel,
    QLineEdit,
    QPlainTextEdit,
    QPushButton,
    QTreeWidget,
    QTreeWidgetItem,
    QVBoxLayout,
    QWidget,
)

from workstation.reading.elements_presenter import Elements
from workstation.window.theme import colour

if TYPE_CHECKING:
    from viewers.radiology.element_differences import Difference
    from viewers.radiology.elements import ElementRow

WIDTH_PX = 500
MOST_LISTED = 1_000
"""Of what a search finds; the pane says so."""
_ROW = Qt.ItemDataRole.UserRole
_LONGEST_LINE = 400
PRIVATE = "private"


class ElementsPane(QWidget):
    """Emits wishes; what to read the page decides."""

    comparison_requested = Signal(str)
    """The key of what to compare with, as `offer` was given it; empty for nothing."""
    left = Signal()
    """Esc: the reader is done here."""

    def __init__(self) -> None:
        super().__init__()
        self.setObjectName("elements-pane")
        self.setFixedWidth(WIDTH_PX)
        self._elements: Elements | None = None
        self._title = QLabel("DICOM ELEMENTS")
        self._title.setProperty("role", "caption")
        self._image = QLabel()
        self._image.setObjectName("elements-image")
        self._image.setWordWrap(True)
        self._choice = QComboBox()
        self._choice.setObjectName("elements-comparison")
        self._choice.activated.connect(lambda at: self.comparison_requested.emit(self._choice.itemData(at)))
        self._search = QLineEdit()
        self._search.setObjectName("elements-search")
        self._search.setPlaceholderText("Search names, tags and values")
        self._search.setClearButtonEnabled(True)
        self._search.textChanged.connect(lambda _text: self._fill())
        self._tree = _ElementTree()
        self._tree.setObjectName("elements-tree")
        self._tree.itemExpanded.connect(_grow)
        self._tree.currentItemChanged.connect(lambda item: self._show_whole(item))
        self._tree.copy_requested.connect(self.copy_value)
        self._count = QLabel()
        self._count.setObjectName("elements-count")
        self._count.setProperty("role", "muted")
        self._count.setWordWrap(True)
        self._about = QLabel()
        self._about.setObjectName("elements-about")
        self._about.setProperty("role", "muted")
        self._about.setWordWrap(True)
        self._value = QPlainTextEdit()
        self._value.setObjectName("elements-value")
        self._value.setReadOnly(True)
        self._value.setFixedHeight(96)
        self._copy = QPushButton("Copy the value  Ctrl+C")
        self._copy.setObjectName("elements-copy")
        self._copy.setAutoDefault(False)
        self._copy.clicked.connect(lambda _checked=False: self.copy_value())
        layout = QVBoxLayout(self)
        layout.setContentsMargins(12, 12, 12, 10)
        layout.setSpacing(6)
        above: tuple[QWidget, ...] = (self._title, self._image, self._choice, self._search)
        below: tuple[QWidget, ...] = (self._count, self._about, self._value, self._copy)
        for part in (*above, self._tree, *below):
            layout.addWidget(part, 1 if part is self._tree else 0)
        self.hide()

    def offer(self, comparisons: Sequence[tuple[str, str]], chosen: str) -> None:
        """What can be compared with, as (key, words); *chosen* is the key of what is, empty for nothing."""
        self._choice.clear()
        for key, words in (("", "All elements of this image"), *comparisons):
            self._choice.addItem(words, key)
        self._choice.setCurrentIndex(max(0, self._choice.findData(chosen)))

    def show_elements(self, elements: Elements) -> None:
        self._elements = elements
        self._fill()

    def say(self, sentence: str) -> None:
        """There is nothing to list, because of that."""
        self.put_away()
        self._count.setText(sentence)

    def put_away(self) -> None:
        """Nothing of the image stays here."""
        self._elements = None
        self._tree.clear()
        self._image.clear()
        self._count.clear()
        self._show_whole(None)

    def focus_search(self) -> None:
        self._search.setFocus(Qt.FocusReason.ShortcutFocusReason)
        self._search.selectAll()

    def copy_value(self) -> None:
        """The whole of the chosen value that is shown."""
        if self._copy.isEnabled():
            QGuiApplication.clipboard().setText(self._value.toPlainText())

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key.Key_Escape:
            if self._search.text():
                self._search.clear()
            else:
                self.left.emit()
        else:
            super().keyPressEvent(event)

    def _fill(self) -> None:
        elements = self._elements
        if elements is None:
            return
        chosen = self._tree.chosen_place()
        open_tags, scrolled = self._tree.open_tags(), self._tree.verticalScrollBar().value()
        self._tree.clear()
        words = self._search.text().strip()
        if elements.other is None:
            self._image.setText(elements.image.title)
            self._tree.name_values("Value", is_tree=not words)
            self._list(elements, words)
        else:
            self._image.setText(f"Here: {elements.image.title}\nThere: {elements.other.title}")
            self._tree.name_values("Here", "There")
            self._compare(elements.differences, words)
        self._tree.open_again(open_tags)
        self._tree.choose(chosen)
        self._tree.verticalScrollBar().setValue(scrolled)
        self._show_whole(self._tree.currentItem())

    def _list(self, elements: Elements, words: str) -> None:
        from viewers.radiology.elements import matching

        if not words:
            self._tree.addTopLevelItems([_item(row) for row in elements.rows])
            self._count.setText(f"{len(elements.rows):,} elements; sequences open with the arrow keys.")
            return
        found = list(matching(elements.rows, words))
        self._tree.addTopLevelItems([_item(row, path) for path, row in found[:MOST_LISTED]])
        if len(found) > MOST_LISTED:
            self._count.setText(f"The first {MOST_LISTED:,} of {len(found):,} found.")
        else:
            self._count.setText(f"{len(found):,} found." if found else f"No element has “{words}”.")

    def _compare(self, differences: Sequence[Difference], words: str) -> None:
        wanted = words.casefold().split()
        found = [one for one in differences if all(word in _searched(one) for word in wanted)]
        self._tree.addTopLevelItems([_difference_item(one) for one in found[:MOST_LISTED]])
        shown = f"The first {MOST_LISTED:,} of {len(found):,}" if len(found) > MOST_LISTED else f"{len(found):,}"
        kinds = "elements differ" if not words else f"of {len(differences):,} differing elements found"
        self._count.setText(f"{shown} {kinds}. Pixels are not compared.")

    def _show_whole(self, item: QTreeWidgetItem | None) -> None:
        sides = () if item is None else item.data(0, _ROW) or ()
        rows = tuple(row for row in sides if row is not None)
        self._copy.setEnabled(bool(rows) and any(row.tag for row in rows))
        if not rows:
            self._about.clear()
            self._value.clear()
            return
        row = rows[0]
        parts = [row.tag, row.vr, row.name, PRIVATE if row.is_private else "", *(one.cut for one in rows)]
        self._about.setText(" · ".join(dict.fromkeys(part for part in parts if part)))
        values = ["not there" if side is None else side.value for side in sides]
        names = ("Here: ", "There: ") if len(values) > 1 else ("",)
        self._value.setPlainText("\n".join(name + value for name, value in zip(names, values, strict=True)))


class _ElementTree(QTreeWidget):
    copy_requested = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.setColumnCount(4)
        self.setHeaderLabels(["Tag", "Name", "Value", ""])
        self.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        self.setUniformRowHeights(True)
        self.setIndentation(14)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        header = self.header()
        header.setSectionResizeMode(QHeaderView.ResizeMode.Interactive)
        header.setStretchLastSection(True)
        self.name_values("Value", is_tree=True)

    def name_values(self, one: str, other: str = "", *, is_tree: bool = False) -> None:
        """The columns of values: one, or two to compare. *is_tree*: rows may be opened."""
        self.headerItem().setText(2, one)
        self.headerItem().setText(3, other)
        self.setColumnHidden(3, not other)
        self.setRootIsDecorated(is_tree)
        for column, width in enumerate((138 if is_tree else 104, 150, 116)):
            self.header().resizeSection(column, width)

    def chosen_place(self) -> tuple[str, ...]:
        """The tags from the top down to the current row; it is found again in the next image by them."""
        item, place = self.currentItem(), []
        while item is not None:
            place.append(_tag_of(item))
            item = item.parent()
        return tuple(reversed(place))

    def choose(self, place: tuple[str, ...]) -> None:
        item = self.invisibleRootItem()
        for tag in place:
            _grow(item)
            children = [item.child(number) for number in range(item.childCount())]
            found = next((child for child in children if child is not None and _tag_of(child) == tag), None)
            if found is None:
                return
            item = found
        if place:
            self.setCurrentItem(item)

    def open_tags(self) -> set[str]:
        items = [self.topLevelItem(number) for number in range(self.topLevelItemCount())]
        return {_tag_of(item) for item in items if item is not None and item.isExpanded()}

    def open_again(self, tags: set[str]) -> None:
        for number in range(self.topLevelItemCount()):
            item = self.topLevelItem(number)
            if item is not None and _tag_of(item) in tags:
                item.setExpanded(True)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.matches(QKeySequence.StandardKey.Copy):
            self.copy_requested.emit()
        else:
            super().keyPressEvent(event)


def _item(row: ElementRow, path: str = "") -> QTreeWidgetItem:
    name = f"{row.name}, in {path}" if path else row.name
    line = _one_line(f"{row.value}{' …' if row.cut else ''}")
    item = QTreeWidgetItem([row.tag, name, line])
    item.setToolTip(1, name)
    item.setToolTip(2, row.cut or line)
    item.setData(0, _ROW, (row,))
    _mark_private(item, row)
    if row.children:
        item.setChildIndicatorPolicy(QTreeWidgetItem.ChildIndicatorPolicy.ShowIndicator)
    return item


def _grow(item: QTreeWidgetItem) -> None:
    """The rows below, made when they are first looked at: a large header has tens of thousands."""
    rows = item.data(0, _ROW)
    if rows and rows[0] is not None and not item.childCount():
        item.addChildren([_item(child) for child in rows[0].children])


def _difference_item(one: Difference) -> QTreeWidgetItem:
    row = one.row
    name = f"{row.name}, in {one.path}" if one.path else row.name
    sides = ["not there" if side is None else _one_line(side.value) for side in (one.one, one.other)]
    item = QTreeWidgetItem([row.tag, name, *sides])
    item.setToolTip(1, name)
    item.setData(0, _ROW, (one.one, one.other))
    for column, side in ((2, one.one), (3, one.other)):
        if side is None:
            item.setForeground(column, colour("text_faint"))
        else:
            item.setToolTip(column, side.cut or _one_line(side.value))
    _mark_private(item, row)
    return item


def _mark_private(item: QTreeWidgetItem, row: ElementRow) -> None:
    if row.is_private:
        item.setForeground(0, colour("warning"))
        item.setForeground(1, colour("warning"))
        item.setToolTip(0, "A private element: its meaning is the manufacturer's.")


def _searched(one: Difference) -> str:
    sides = [side for side in (one.one, one.other) if side is not None]
    return " ".join([one.path, *(text for side in sides for text in side.texts())]).casefold()


def _one_line(text: str) -> str:
    line = " ⏎ ".join(text.splitlines())
    return line if len(line) <= _LONGEST_LINE else f"{line[:_LONGEST_LINE]} …"


def _tag_of(item: QTreeWidgetItem) -> str:
    rows = item.data(0, _ROW) or ()
    return next((row.tag for row in rows if row is not None), "")
