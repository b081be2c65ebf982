"""Keys that no menu knows, because a view, a list or a box answers them itself: for the shortcut sheet. No Qt here."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class KeyGroup:
    """Keys and what each does, where *title* says they work; ``page`` is the page they stand under."""

    title: str
    page: str
    keys: tuple[tuple[str, str], ...]


def key_group(title: str, page: str, words: Mapping[str, str]) -> KeyGroup:
    """The group of a table from key to words; neighbours that do the same stand on one line."""
    lines: list[tuple[list[str], str]] = []
    for key, text in words.items():
        if lines and lines[-1][1] == text:
            lines[-1][0].append(key)
        else:
            lines.append(([key], text))
    return KeyGroup(title, page, tuple((_joined(keys), text) for keys, text in lines))


def _joined(keys: Iterable[str]) -> str:
    """``1–9`` or ``Alt+1–9`` for a row of digits, ``Down, Right`` otherwise."""
    listed = list(keys)
    are_digits = all(key[-1].isdigit() and key[:-1] == listed[0][:-1] for key in listed)
    return f"{listed[0]}–{listed[-1][-1]}" if len(listed) > 2 and are_digits else ", ".join(listed)
