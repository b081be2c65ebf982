"""The opinion form: any questionnaire of the supported subset as cards in one calm column. Draws a `FormState`."""

from __future__ import annotations

from itertools import pairwise

from PySide6.QtCore import Qt, QTimer, Signal
from PySide6.QtWidgets import QFrame, QHBoxLayout, QScrollArea, QSizePolicy, QVBoxLayout, QWidget

from sync.records.questionnaire_response import ItemPath
from workstation.opinion.form_state import FormState
from workstation.opinion.question_box import ItemBox, Wishes
from workstation.window.theme import COLOURS

COLUMN_WIDTH_PX = 900


class QuestionnaireForm(QScrollArea):
    """Sends what the reader wants; what becomes of it comes back through `show_state`."""

    answer_requested = Signal(object, object)
    """ItemPath, Answer | None."""
    answers_requested = Signal(object, object)
    """ItemPath, tuple[Answer, ...]: all answers of a ticked list."""
    add_requested = Signal(object)
    """ItemPath of the repeating item."""
    remove_requested = Signal(object)
    """ItemPath of the row."""
    take_mark_requested = Signal(object, object)
    """ItemPath of a measurement, LengthMark."""
    section_entered = Signal(str)
    """linkId of the section that is now at the top of the view."""

    def __init__(self) -> None:
        super().__init__()
        self.setObjectName("opinion-form")
        self.setWidgetResizable(True)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        # Inside a card everything is transparent; what takes an answer is a well again.
        self.setStyleSheet(
            f'QFrame[role="group"] {{ border: 1px solid {COLOURS["line_strong"]}; border-radius: 6px; }}'
            f"QLineEdit, QPlainTextEdit, QComboBox {{ background: {COLOURS['well']}; }}"
            f"QRadioButton:checked:disabled, QCheckBox:checked:disabled {{ color: {COLOURS['text_bright']}; }}"
            f"QComboBox:disabled {{ color: {COLOURS['text']}; background: {COLOURS['panel']}; }}"
            f"QLineEdit:read-only, QPlainTextEdit:read-only {{ background: {COLOURS['panel']}; }}"
        )
        self._state: FormState | None = None
        self._boxes: list[ItemBox] = []
        self._cards: dict[str, QFrame] = {}
        self._wishes = Wishes(
            self.answer_requested.emit,
            self.answers_requested.emit,
            self.add_requested.emit,
            self.remove_requested.emit,
            self.take_mark_requested.emit,
        )
        self.verticalScrollBar().valueChanged.connect(self._on_scrolled)

    def show_state(self, state: FormState) -> None:
        """Draw *state*. Widgets stay while their item does, so that the place of the cursor stays too."""
        page = self._build(state) if self._state is None or self._state.form != state.form else None
        self._state = state
        changed = False
        for box, node in zip(self._boxes, state.response.nodes, strict=True):
            changed |= box.draw(node, state)
            card = self._cards[node.link_id]
            shown = state.is_enabled(box.path) and not node.item.hidden
            if card.isHidden() is shown:
                card.setVisible(shown)
        if page is not None:
            # Filled before it is shown: a page that grows in sight is drawn squeezed until its layout has caught up.
            self.setWidget(page)
            self.section_entered.emit(state.form.items[0].link_id if state.form.items else "")
        if changed:
            self._order_keys()

    def clear(self) -> None:
        """Show nothing."""
        self._state = None
        self._boxes, self._cards = [], {}
        self.setWidget(QWidget())

    def jump_to(self, path: ItemPath) -> None:
        """Scroll to the item at *path* and put the cursor there."""
        box = self._find(path)
        if box is None:
            return
        target = box.target_of(path[-1][1])
        # Geometry of rows that were just added is known after the next layout.
        QTimer.singleShot(0, self, lambda: self._scroll_to(box, target))

    def jump_to_section(self, link_id: str) -> None:
        """Scroll so that the section's card stands at the top."""
        card = self._cards.get(link_id)
        if card is not None:
            self.verticalScrollBar().setValue(max(0, card.y() - 8))

    def find_half_typed(self) -> ItemPath | None:
        """The first shown field whose text is no answer yet, e.g. half a date."""
        for top in self._boxes:
            for box in top.walk():
                for row in box.rows:
                    if row.editor is not None and row.isVisibleTo(self) and row.editor.half_typed():
                        return row.path
        return None

    def _scroll_to(self, box: ItemBox, target: QWidget | None) -> None:
        self.ensureWidgetVisible(box, 0, 60)
        if target is not None:
            self.ensureWidgetVisible(target, 0, 60)
            target.setFocus(Qt.FocusReason.OtherFocusReason)

    def _build(self, state: FormState) -> QWidget:
        self.clear()
        page = QWidget()
        across = QHBoxLayout(page)
        across.setContentsMargins(24, 20, 24, 20)
        column = QWidget()
        column.setMaximumWidth(COLUMN_WIDTH_PX)
        column.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Preferred)
        down = QVBoxLayout(column)
        down.setContentsMargins(0, 0, 0, 0)
        down.setSpacing(16)
        for item in state.form.items:
            card = QFrame()
            card.setProperty("role", "card")
            inside = QVBoxLayout(card)
            inside.setContentsMargins(20, 14, 20, 18)
            box = ItemBox(item, ((item.link_id, 0),), state, self._wishes, heading=True)
            inside.addWidget(box)
            down.addWidget(card)
            self._boxes.append(box)
            self._cards[item.link_id] = card
        down.addStretch(1)
        across.addStretch(1)
        across.addWidget(column, 100)
        across.addStretch(1)
        return page

    def _find(self, path: ItemPath) -> ItemBox | None:
        wanted = (*path[:-1], (path[-1][0], 0))
        for top in self._boxes:
            for box in top.walk():
                if box.path == wanted:
                    return box
        return None

    def _order_keys(self) -> None:
        """Tab goes down the page, whatever was added when."""
        stops = [widget for box in self._boxes for widget in box.focus_widgets()]
        for before, after in pairwise(stops):
            QWidget.setTabOrder(before, after)

    def _on_scrolled(self, value: int) -> None:
        above = [name for name, card in self._cards.items() if not card.isHidden() and card.y() <= value + 60]
        if above:
            self.section_entered.emit(above[-1])
