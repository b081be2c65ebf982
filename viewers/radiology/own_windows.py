"""Windows that the reader has named, by modality and unit of the values, up to nine of each. No Qt; kept by others."""

from __future__ import annotations

import json
import logging
from collections.abc import Callable
from dataclasses import dataclass
from math import isfinite

from viewers.radiology.display_facts import VoiFunction, VoiWindow

log = logging.getLogger("viewers.windows")

MOST = 9
LONGEST_NAME = 40


@dataclass(frozen=True, slots=True)
class OwnWindow:
    """A named window, in the unit that it was saved for."""

    name: str
    window: VoiWindow


class OwnWindows:
    """UI thread only. Each change is told to *on_changed*, with all of them as text that `read` takes."""

    def __init__(self, on_changed: Callable[[str], None] = lambda _text: None) -> None:
        self._on_changed = on_changed
        self._windows: dict[str, list[OwnWindow]] = {}

    def read(self, text: str) -> None:
        """What was kept before; what cannot be read of it is left out, and logged."""
        try:
            kept = {kind: [_window(*entry) for entry in entries][:MOST] for kind, entries in json.loads(text).items()}
        except (ValueError, TypeError, KeyError, AttributeError):
            log.warning("the reader's own windows cannot be read; there are none now")
            return
        self._windows = kept

    def list_for(self, modality: str, unit: str) -> tuple[OwnWindow, ...]:
        """In the order of their keys."""
        return tuple(self._windows.get(_kind(modality, unit), ()))

    def save(self, modality: str, unit: str, name: str, window: VoiWindow) -> str:
        """Keep *window* under *name*, in the place of one of that name. Empty, or the sentence that says why not."""
        name = " ".join(name.split())[:LONGEST_NAME]
        if not name:
            return "Give the window a name first."
        windows = self._windows.setdefault(_kind(modality, unit), [])
        same = next((n for n, one in enumerate(windows) if one.name.casefold() == name.casefold()), None)
        if same is None and len(windows) >= MOST:
            return f"There are {MOST} already: delete one first (Del)."
        kept = OwnWindow(name, VoiWindow.make(window.centre, window.width, window.function, name))
        if same is None:
            windows.append(kept)
        else:
            windows[same] = kept
        self._tell()
        return ""

    def remove(self, modality: str, unit: str, name: str) -> None:
        """The window of that name; those after it move up by one key."""
        kind = _kind(modality, unit)
        self._windows[kind] = [one for one in self._windows.get(kind, ()) if one.name != name]
        self._tell()

    def _tell(self) -> None:
        kept = {
            kind: [[one.name, one.window.centre, one.window.width, one.window.function.name] for one in windows]
            for kind, windows in self._windows.items()
            if windows
        }
        self._on_changed(json.dumps(kept))


def _kind(modality: str, unit: str) -> str:
    return f"{modality} {unit}".strip()


def _window(name: str, centre: float, width: float, function: str) -> OwnWindow:
    if not (isinstance(name, str) and isfinite(centre) and isfinite(width) and width > 0):
        raise ValueError(name)
    return OwnWindow(name, VoiWindow.make(centre, width, VoiFunction[function], name))
