"""One thing a user can ask for. No Qt here; `menus` turns records into menus and keys."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass


def always() -> bool:
    """The condition of an action that can be asked for at any time."""
    return True


@dataclass(frozen=True, slots=True)
class Action:
    """An id to ask for it by, what it is called, where it stands, and what it does.

    ``menu`` is the title of the menu it stands in; empty: only reachable by key, by id and on the shortcut sheet.
    ``shortcut`` is in Qt's portable form (``Ctrl+Shift+Z``). ``page`` limits the shortcut to one page.
    """

    id: str
    text: str
    run: Callable[[], None]
    menu: str = ""
    shortcut: str = ""
    enabled_when: Callable[[], bool] = always
    icon: str = ""
    page: str = ""
