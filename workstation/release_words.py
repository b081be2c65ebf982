"""The patient's release in words: that it ends soon, that it has ended, that there is none. No Qt here."""

from __future__ import annotations

import math
from datetime import datetime, timedelta

from sync.records.case import Case, ConsentState
from sync.release_end import ended_words

SAID_BEFORE = timedelta(hours=24)
_IN_HOURS = timedelta(minutes=90)
_WHAT_NEXT = "They come again by themselves with a new release: ask for one by a message (Ctrl+M)."


def ends_words(until: datetime | None, known: datetime, now: datetime) -> str:
    """``The patient's release ends in 2 hours (today 14:00)``; empty until a day before, and afterwards.

    *known* is the hospital's time, as far as it is known here; *now* says the reader's time zone and today's date.
    """
    if until is None or not timedelta(0) <= until - known <= SAID_BEFORE:
        return ""
    local = until.astimezone(now.tzinfo)
    day = "today" if local.date() <= now.date() else "tomorrow"
    return f"The patient's release ends in {_span(until - known)} ({day} {local:%H:%M})"


def why_withheld(case: Case) -> str:
    """Why nothing of the case's records is here or shown, in a few words; empty where they are released."""
    if case.consent is ConsentState.ACTIVE:
        return ""
    if case.consent is ConsentState.MISSING:
        return "no release"
    if case.release_until is None:
        return "release not in force"
    local = case.release_until.astimezone()
    return f"release ended {local.day} {local:%B}"


def withheld_words(case: Case) -> str:
    """``withheld: no release``: the same where it has to say what it is the reason of."""
    return f"withheld: {why}" if (why := why_withheld(case)) else ""


def withheld_sentence(case: Case) -> str:
    """The same for a page in place of the records, and what the reader can do; empty where they are released."""
    if case.consent is ConsentState.ACTIVE:
        return ""
    if case.consent is ConsentState.MISSING:
        return "The hospital shows no release of this patient, so the records are withheld."
    kept = "What you wrote is kept, and the records are closed."
    return f"{ended_words(case)} {kept}" + ("" if case.status.is_terminal else f" {_WHAT_NEXT}")


def _span(left: timedelta) -> str:
    if left >= _IN_HOURS:
        hours = round(left / timedelta(hours=1))
        return f"{hours} hours"
    minutes = math.ceil(left / timedelta(minutes=1))
    return f"{minutes} minutes" if minutes > 1 else "a minute"
