"""The look: colours, font, palette and style sheet. Rules are in resources/qss, only the numbers are here.

Roles a widget may take (``widget.setProperty("role", ...)``, `set_role` also restyles a shown widget):
QLabel title, heading, caption, muted, error, warning, good, name, quote, key, pill; QPushButton primary, danger,
quiet; QFrame card, panel, strip, banner, rail, status, line, viewport (with property ``active``). Pills and banners
take ``tone`` accent, warning, danger or good; entries take ``invalid``.
"""

from __future__ import annotations

from string import Template

from PySide6.QtCore import Qt
from PySide6.QtGui import QColor, QFont, QFontDatabase, QGuiApplication, QPalette
from PySide6.QtWidgets import QApplication, QWidget

from resources import resource

COLOURS = {
    "image_ground": "#000000",
    "deep": "#0b0e11",
    "well": "#0d1114",
    "ground": "#11151a",
    "panel": "#161b21",
    "raised": "#1e252d",
    "hover": "#252d36",
    "pressed": "#2b3540",
    "line": "#232b34",
    "line_strong": "#313b46",
    "line_hover": "#4a5866",
    "text_bright": "#f2f6f9",
    "text": "#ccd5dd",
    "text_muted": "#93a0ad",
    "text_faint": "#5b6773",
    "accent": "#63c3d1",
    "accent_strong": "#2a8796",
    "accent_deep": "#20707d",
    "accent_wash": "#16323a",
    "warning": "#e6b35a",
    "warning_wash": "#352a15",
    "danger": "#f0796d",
    "danger_deep": "#8e2f28",
    "danger_wash": "#3a1c1b",
    "good": "#7ccb93",
    "good_wash": "#18301f",
}
"""Every colour of the program, by what it is for. One accent; amber warns, red blocks, green is done."""

FONT_FAMILIES = ("Inter", "Segoe UI", "SF Pro Text", "Noto Sans", "Cantarell", "Ubuntu", "DejaVu Sans")
FONT_SIZE_PX = 13


def colour(name: str) -> QColor:
    """The colour called *name* in `COLOURS`."""
    return QColor(COLOURS[name])


def apply_theme(app: QApplication) -> None:
    """Give *app* its style, palette, font and style sheet. Once, before the first widget is shown."""
    app.setStyle("Fusion")
    app.setPalette(_palette())
    app.setFont(_font())
    app.setStyleSheet(style_sheet())


def style_sheet() -> str:
    """The style sheet with its names filled in; KeyError for a name that `COLOURS` does not have."""
    text = resource("qss", "reading_room.qss").read_text(encoding="utf-8")
    icons = str(resource("icons")).replace("\\", "/")
    return Template(text).substitute(COLOURS, icons=icons)


def set_role(widget: QWidget, role: str, tone: str = "") -> None:
    """Give *widget* another role or tone and restyle it, also when it is on screen already."""
    widget.setProperty("role", role)
    widget.setProperty("tone", tone)
    widget.style().unpolish(widget)
    widget.style().polish(widget)


def _font() -> QFont:
    present = set(QFontDatabase.families())
    font = QFont(QGuiApplication.font())
    family = next((name for name in FONT_FAMILIES if name in present), None)
    if family is not None:
        font.setFamily(family)
    font.setPixelSize(FONT_SIZE_PX)
    font.setHintingPreference(QFont.HintingPreference.PreferNoHinting)
    return font


def _palette() -> QPalette:
    palette = QPalette()
    roles = {
        QPalette.ColorRole.Window: "ground",
        QPalette.ColorRole.WindowText: "text",
        QPalette.ColorRole.Base: "well",
        QPalette.ColorRole.AlternateBase: "panel",
        QPalette.ColorRole.Text: "text",
        QPalette.ColorRole.Button: "raised",
        QPalette.ColorRole.ButtonText: "text",
        QPalette.ColorRole.BrightText: "text_bright",
        QPalette.ColorRole.ToolTipBase: "raised",
        QPalette.ColorRole.ToolTipText: "text_bright",
        QPalette.ColorRole.Highlight: "accent_deep",
        QPalette.ColorRole.HighlightedText: "text_bright",
        QPalette.ColorRole.Link: "accent",
        QPalette.ColorRole.LinkVisited: "accent",
        QPalette.ColorRole.PlaceholderText: "text_faint",
        QPalette.ColorRole.Light: "line_strong",
        QPalette.ColorRole.Midlight: "line_strong",
        QPalette.ColorRole.Mid: "line",
        QPalette.ColorRole.Dark: "deep",
        QPalette.ColorRole.Shadow: "image_ground",
        QPalette.ColorRole.Accent: "accent_deep",
    }
    for role, name in roles.items():
        palette.setColor(role, colour(name))
    for role in (QPalette.ColorRole.WindowText, QPalette.ColorRole.Text, QPalette.ColorRole.ButtonText):
        palette.setColor(QPalette.ColorGroup.Disabled, role, colour("text_faint"))
    return palette


def set_high_dpi_rounding() -> None:
    """Fractional scale factors are taken as they are. Before the QApplication is made."""
    QGuiApplication.setHighDpiScaleFactorRoundingPolicy(Qt.HighDpiScaleFactorRoundingPolicy.PassThrough)
