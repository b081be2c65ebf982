"""How big something is, in words. No Qt here."""

from __future__ import annotations


def size_words(size_bytes: int) -> str:
    """``12 kB``, ``9.5 MB``, ``3.2 GB``."""
    if size_bytes < 1_000_000:
        return f"{max(1, round(size_bytes / 1000))} kB"
    if size_bytes < 1_000_000_000:
        return f"{size_bytes / 1_000_000:.1f} MB"
    return f"{size_bytes / 1_000_000_000:.1f} GB"
