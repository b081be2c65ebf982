"""Room on the disk: a download is refused before it would fill it, in a sentence with numbers."""

from __future__ import annotations

from collections.abc import Callable

from sync.errors import NoRoom, StoreUnavailable

RESERVE_BYTES = 2_000_000_000
"""Kept free: a full disk takes marks and drafts down with it, and other programs too."""

FreeBytes = Callable[[], int]


def check_room(title: str, wanted_bytes: int, free_bytes: int, reserve_bytes: int = RESERVE_BYTES) -> None:
    """`NoRoom` where the file called *title* does not fit; `StoreUnavailable` where nothing more does."""
    if free_bytes < reserve_bytes:
        raise StoreUnavailable(
            f"Only {_words(free_bytes)} are free on this computer's disk, and {_words(reserve_bytes)} are kept free; "
            "nothing more is fetched until there is room."
        )
    if free_bytes - wanted_bytes < reserve_bytes:
        raise NoRoom(
            f"“{title}” needs {_words(wanted_bytes)}, and this computer's disk has room for "
            f"{_words(free_bytes - reserve_bytes)} ({_words(reserve_bytes)} are kept free); it is not fetched until "
            "there is room."
        )


def _words(size_bytes: int) -> str:
    size = max(0, size_bytes)
    return f"{size / 1e9:.1f} GB" if size >= 1e8 else f"{size / 1e6:.1f} MB"
