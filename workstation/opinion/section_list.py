"""The form's sections at its left, each with how much of it is still to be answered. A click goes there."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QPushButton, QVBoxLayout, QWidget

from workstation.opinion.form_state import SectionProgress
from workstation.window.icons import icon
from workstation.window.theme import COLOURS, set_role

WIDTH_PX = 264


class SectionList(QFrame):
    """One line a section: its title, and “2 left”, a tick, or nothing where nothing is demanded."""

    section_requested = Signal(str)
    """linkId."""

    def __init__(self) -> None:
        super().__init__()
        self.setObjectName("opinion-sections")
        self.setProperty("role", "rail")
        self.setFixedWidth(WIDTH_PX)
        self.setStyleSheet(
            f"QPushButton {{ text-align: left; border: none; border-radius: 6px; padding: 8px 10px;"
            f" background: transparent; color: {COLOURS['text']}; }}"
            f"QPushButton:hover {{ background: {COLOURS['hover']}; }}"
            f"QPushButton:checked {{ background: {COLOURS['accent_wash']}; color: {COLOURS['accent']}; }}"
            f"QPushButton:focus {{ border: 1px solid {COLOURS['accent']}; padding: 7px 9px; }}"
        )
        self._layout = QVBoxLayout(self)
        self._layout.setContentsMargins(10, 18, 10, 12)
        self._layout.setSpacing(2)
        caption = QLabel("SECTIONS")
        caption.setProperty("role", "caption")
        caption.setContentsMargins(10, 0, 0, 6)
        self._layout.addWidget(caption)
        self._layout.addStretch(1)
        self._lines: dict[str, _Line] = {}

    def show_sections(self, sections: Sequence[SectionProgress]) -> None:
        if tuple(self._lines) != tuple(section.link_id for section in sections):
            self._build(sections)
        for section in sections:
            self._lines[section.link_id].show_progress(section)

    def mark_current(self, link_id: str) -> None:
        for name, line in self._lines.items():
            line.button.setChecked(name == link_id)

    def _build(self, sections: Sequence[SectionProgress]) -> None:
        for line in self._lines.values():
            self._layout.removeWidget(line)
            line.hide()
            line.deleteLater()
        self._lines = {}
        for position, section in enumerate(sections, 1):
            line = _Line(section)
            line.button.clicked.connect(lambda _=False, name=section.link_id: self.section_requested.emit(name))
            self._layout.insertWidget(position, line)
            self._lines[section.link_id] = line
        if sections:
            self.mark_current(sections[0].link_id)


class _Line(QWidget):
    def __init__(self, section: SectionProgress) -> None:
        super().__init__()
        self.button = QPushButton()
        self.button.setObjectName(f"section:{section.link_id}")
        self.button.setCheckable(True)
        self.button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.button.setToolTip(section.title)
        inside = QHBoxLayout(self.button)
        inside.setContentsMargins(10, 0, 10, 0)
        self._title = section.title
        self.left = QLabel()
        self.left.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        inside.addStretch(1)
        inside.addWidget(self.left)
        across = QHBoxLayout(self)
        across.setContentsMargins(0, 0, 0, 0)
        across.addWidget(self.button)

    def show_progress(self, section: SectionProgress) -> None:
        lacking = section.required - section.answered
        if lacking:
            self.left.setText(f"{lacking} left")
            set_role(self.left, "muted")
        elif section.required or section.has_answers:
            self.left.setPixmap(icon("accept", "good").pixmap(16, 16))
        else:
            self.left.clear()
        room = WIDTH_PX - 20 - 24 - (self.left.sizeHint().width() + 8 if lacking or self.left.pixmap() else 0)
        elided = self.button.fontMetrics().elidedText(self._title, Qt.TextElideMode.ElideRight, room)
        self.button.setText(elided.replace("&", "&&"))
