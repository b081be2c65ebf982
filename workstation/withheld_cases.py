"""Open cases whose records the hospital withholds, by number and with the reason. No Qt here."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from sync.lease import known_time
from sync.records.case import Case, ConsentState
from sync.release_end import as_released
from workstation.release_words import why_withheld

if TYPE_CHECKING:
    from sync.store.database import Store


def list_withheld(store: Store) -> tuple[Case, ...]:
    """By case number; neither what is closed nor what was taken away, for nothing of that comes anyway."""
    known = known_time(store)
    return tuple(
        case
        for case in (as_released(case, known) for case in store.cases.list_cases())
        if case.consent is not ConsentState.ACTIVE
        and not case.status.is_terminal
        and store.cases.find_withdrawal(case.case_id) is None
    )


def withheld_sentence(cases: Sequence[Case]) -> str:
    """``2 cases are withheld: SO-1 (no release), SO-2 (…)``; empty for none."""
    if not cases:
        return ""
    named = ", ".join(f"{case.case_id} ({why_withheld(case)})" for case in cases)
    return f"{len(cases)} {'case is' if len(cases) == 1 else 'cases are'} withheld: {named}"
