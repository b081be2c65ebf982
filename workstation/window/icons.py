"""The icons, by what they mean here. Drawn as vectors by QtAwesome, so sharp at any pixel ratio."""

from __future__ import annotations

import os
from collections.abc import Callable
from functools import lru_cache
from typing import TYPE_CHECKING

from workstation.window.theme import COLOURS

if TYPE_CHECKING:
    from PySide6.QtGui import QIcon

GLYPHS = {
    "worklist": "mdi6.format-list-bulleted",
    "case": "mdi6.folder-account-outline",
    "images": "mdi6.image-multiple-outline",
    "opinion": "mdi6.file-sign",
    "sync": "mdi6.sync",
    "offline": "mdi6.cloud-off-outline",
    "outbox": "mdi6.tray-arrow-up",
    "transfers": "mdi6.tray-arrow-down",
    "pause": "mdi6.pause",
    "search": "mdi6.magnify",
    "accept": "mdi6.check",
    "warning": "mdi6.alert-outline",
    "blocked": "mdi6.alert-octagon-outline",
    "missing": "mdi6.file-question-outline",
    "consent": "mdi6.file-certificate-outline",
    "report": "mdi6.file-document-outline",
    "lab": "mdi6.test-tube",
    "note": "mdi6.note-text-outline",
    "study": "mdi6.radiology-box-outline",
    "slide": "mdi6.microscope",
    "previous": "mdi6.chevron-left",
    "next": "mdi6.chevron-right",
    "zoom-in": "mdi6.magnify-plus-outline",
    "zoom-out": "mdi6.magnify-minus-outline",
    "fit": "mdi6.fit-to-page-outline",
    "actual": "mdi6.numeric-1-box-outline",
    "window": "mdi6.contrast-circle",
    "patient": "mdi6.account-outline",
    "keys": "mdi6.keyboard-outline",
    "close": "mdi6.close",
    "quit": "mdi6.exit-to-app",
    "add": "mdi6.plus",
    "remove": "mdi6.minus",
    "delete": "mdi6.delete-outline",
    "undo": "mdi6.undo",
    "redo": "mdi6.redo",
    "navigate": "mdi6.cursor-default-outline",
    "length": "mdi6.ruler",
    "polygon": "mdi6.vector-polygon",
    "point": "mdi6.crosshairs",
    "link": "mdi6.link-variant",
    "fuse": "mdi6.layers-outline",
    "outlines": "mdi6.vector-curve",
    "mark": "mdi6.map-marker-outline",
    "invert": "mdi6.invert-colors",
    "mpr": "mdi6.axis-arrow",
    "layout-1x1": "mdi6.square-outline",
    "layout-1x2": "mdi6.view-split-vertical",
    "layout-1x3": "mdi6.view-week-outline",
    "layout-2x1": "mdi6.view-split-horizontal",
    "layout-2x2": "mdi6.view-grid-outline",
    "layout-2x3": "mdi6.view-module-outline",
    "layout-2x4": "mdi6.view-comfy-outline",
    "sign": "mdi6.draw-pen",
    "lock": "mdi6.lock-outline",
    "done": "mdi6.check-circle-outline",
    "message": "mdi6.message-text-outline",
    "more": "mdi6.dots-horizontal",
    "waiting": "mdi6.timer-sand",
    "copy": "mdi6.content-copy",
    "receipt": "mdi6.receipt-text-check-outline",
}
"""Our word for an icon → its glyph."""


FONT = "mdi6"
"""The one of QtAwesome's twelve fonts that is used (Material Design Icons)."""


@lru_cache(maxsize=256)
def icon(name: str, tint: str = "text") -> QIcon:
    """The icon called *name* in the colour *tint* of the theme; KeyError for a name nobody drew.

    Needs a QApplication. Disabled it is faint, in a checked button it takes the accent.
    """
    made: QIcon = _drawer()(
        GLYPHS.get(name) or _of_our_font(name),
        color=COLOURS[tint],
        color_disabled=COLOURS["text_faint"],
        color_active=COLOURS["text_bright"] if tint == "text" else COLOURS[tint],
        color_on=COLOURS["accent"],
    )
    return made


def _of_our_font(name: str) -> str:
    """A glyph of the font by its own name (``mdi6.overscan``); KeyError for anything else."""
    if not name.startswith(f"{FONT}."):
        raise KeyError(name)
    return name


@lru_cache(maxsize=1)
def _drawer() -> Callable[..., QIcon]:
    """What draws a glyph. Loads one font instead of all: a third of the time to the first window."""
    os.environ.setdefault("QT_API", "pyside6")
    import qtawesome

    bundled = [font for font in getattr(qtawesome, "_BUNDLED_FONTS", ()) if font[0] == FONT]
    draw: Callable[..., QIcon] = qtawesome.IconicFont(*bundled).icon if bundled else qtawesome.icon
    return draw
