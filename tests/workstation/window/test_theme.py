"""The style sheet is whole: every name is a colour, every picture is a file, every widget class we use is styled."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from PySide6.QtGui import QIcon
from PySide6.QtWidgets import QApplication

from workstation.window.icons import GLYPHS, icon
from workstation.window.theme import COLOURS, apply_theme, style_sheet

pytestmark = pytest.mark.qt

USED_CLASSES = [
    "QPushButton",
    "QToolButton",
    "QLineEdit",
    "QTextEdit",
    "QPlainTextEdit",
    "QComboBox",
    "QSpinBox",
    "QDoubleSpinBox",
    "QDateEdit",
    "QCheckBox",
    "QRadioButton",
    "QGroupBox",
    "QTabBar",
    "QTableView",
    "QListView",
    "QTreeView",
    "QHeaderView",
    "QScrollBar",
    "QScrollArea",
    "QSplitter",
    "QMenuBar",
    "QMenu",
    "QToolTip",
    "QDialog",
    "QMessageBox",
    "QProgressBar",
    "QSlider",
    "QCalendarWidget",
]


def test_that_every_name_in_the_style_sheet_is_a_colour() -> None:
    assert "$" not in style_sheet()


def test_that_every_picture_in_the_style_sheet_exists() -> None:
    pictures = re.findall(r"url\((.+?)\)", style_sheet())
    assert pictures
    assert [p for p in pictures if not Path(p).exists()] == []


@pytest.mark.parametrize("name", USED_CLASSES)
def test_that_no_widget_class_is_left_in_default_grey(name: str) -> None:
    assert re.search(rf"\b{name}\b", style_sheet())


def test_that_colours_are_six_hexadecimal_digits() -> None:
    assert [c for c in COLOURS.values() if not re.fullmatch(r"#[0-9a-f]{6}", c)] == []


def test_that_qt_accepts_the_style_sheet(qapp: QApplication, capfd: pytest.CaptureFixture[str]) -> None:
    apply_theme(qapp)
    assert "parse" not in capfd.readouterr().err


def test_that_every_icon_can_be_drawn(qapp: QApplication) -> None:
    blank = [name for name in GLYPHS if icon(name).pixmap(24, 24).toImage().allGray() and not _has_ink(icon(name))]
    assert blank == []


def _has_ink(drawn: QIcon) -> bool:
    image = drawn.pixmap(24, 24).toImage()
    return any(image.pixelColor(x, y).alpha() > 0 for x in range(image.width()) for y in range(image.height()))
