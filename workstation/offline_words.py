"""What a reader is told while the hospital cannot be reached, and when a case comes. No names; no Qt here."""

from __future__ import annotations

from datetime import datetime


def offline_words(hospital: str, since: datetime, next_try: datetime | None) -> str:
    """Calm: since when, what goes on all the same, and when it is tried again."""
    words = (
        f"Offline since {since:%H:%M}: {hospital} cannot be reached. Reading, marking and signing go on; "
        "what you sign leaves by itself."
    )
    return f"{words} Next try at {next_try:%H:%M:%S}." if next_try is not None else words


def case_notice(new: int, changed: int) -> str:
    """For the tray, where anybody may look: how many, never who. Empty where nothing came."""
    if new == 1:
        return "A new case has been assigned to you."
    if new:
        return f"{new} new cases have been assigned to you."
    if changed == 1:
        return "A case has changed at the hospital."
    if changed:
        return f"{changed} cases have changed at the hospital."
    return ""
