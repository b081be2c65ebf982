"""How many of something, in words that agree with the number."""

from __future__ import annotations


def counted(count: int, one: str, many: str = "") -> str:
    """``1 image``, ``3 images``; *many* where it is not *one* with an s."""
    return f"{count} {named(count, one, many)}"


def named(count: int, one: str, many: str = "") -> str:
    """The noun alone, as *count* wants it."""
    return one if count == 1 else many or f"{one}s"
