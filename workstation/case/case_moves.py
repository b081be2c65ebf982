"""What the reader can do about a case besides answering it, and how it stands with the hospital. No Qt here.

The moves of protocol 1.3, seen from here: what waits to leave counts as done, so that the next move follows from it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sync.records.case import Case, CaseStatus
from sync.records.message import Message
from sync.records.outbox_entry import OutboxEntry, OutboxKind, OutboxState
from workstation.case_state import NOT_STARTED
from workstation.stored_state import queued_move_of

DECLINE_REASONS = (
    "It is not my field.",
    "I cannot answer by the due date.",
    "I know the patient, or took part in the treatment.",
    "Another specialist should answer this.",
)
FAIL_REASONS = (
    "The images are not good enough to judge.",
    "What is needed to answer was not sent and cannot be had.",
    "The question cannot be answered from records.",
)
USUAL_REQUEST = "Please send these records; without them the question cannot be answered."
_DECLINABLE = (*NOT_STARTED, CaseStatus.ACCEPTED)
_BEGUN = (CaseStatus.ACCEPTED, CaseStatus.IN_PROGRESS)
TAKEN_BACK = {
    CaseStatus.CANCELLED: "The hospital has cancelled this case",
    CaseStatus.ENTERED_IN_ERROR: "The hospital has withdrawn this case as an error",
}
"""The hospital does not want an opinion any more."""
_WAITING_WORDS = {
    CaseStatus.ACCEPTED: "You accepted this case",
    CaseStatus.REJECTED: "You declined this case",
    CaseStatus.FAILED: "You closed this case without an opinion",
    CaseStatus.ON_HOLD: "You ask for records",
    CaseStatus.IN_PROGRESS: "You go on with this case",
}


@dataclass(frozen=True, slots=True)
class CaseMoves:
    """Which moves can be made now."""

    can_accept: bool = False
    can_decline: bool = False
    can_fail: bool = False
    can_ask: bool = False
    can_resume: bool = False
    must_accept_first: bool = False
    """Nobody has accepted the case yet: asking for records accepts it."""


@dataclass(frozen=True, slots=True)
class Standing:
    """How the case stands with the hospital, in one sentence, where there is something to say."""

    text: str = ""
    can_resume: bool = False
    taken_back: int | None = None
    """The outbox entry that can be taken back (or, where it was refused, put away)."""
    is_refused: bool = False
    """A person must look at it."""
    is_closed: bool = False
    """The hospital does not want an opinion any more."""


def moves_of(case: Case, entries: Sequence[OutboxEntry], *, is_closed: bool) -> CaseMoves:
    """*is_closed*: signed, withdrawn or ended, so that nothing can be moved any more."""
    status = queued_move_of(entries) or case.status
    if is_closed or status.is_terminal:
        return CaseMoves()
    return CaseMoves(
        can_accept=status in NOT_STARTED,
        can_decline=status in _DECLINABLE,
        can_fail=status in (*_BEGUN, CaseStatus.ON_HOLD),
        can_ask=status in (*NOT_STARTED, *_BEGUN),
        can_resume=status is CaseStatus.ON_HOLD,
        must_accept_first=status in NOT_STARTED,
    )


def standing_of(case: Case, entries: Sequence[OutboxEntry], moves: CaseMoves, now: datetime) -> Standing:
    """That the case is closed and why is said first, then what was refused, what waits to leave, and what for."""
    if case.status in TAKEN_BACK:
        why = f"{TAKEN_BACK[case.status]}{reason_words(case)}"
        return Standing(f"{why} Nothing is fetched, and no opinion can be written.", is_closed=True)
    own = [entry for entry in entries if entry.kind is OutboxKind.TASK_MOVE]
    if refused := [entry for entry in own if entry.state is OutboxState.NEEDS_ATTENTION]:
        return Standing(refused[-1].last_error, taken_back=refused[-1].entry_id, is_refused=True)
    if waiting := [entry for entry in own if entry.state is OutboxState.WAITING]:
        return _waiting(waiting[-1])
    if case.status is CaseStatus.ON_HOLD:
        return Standing(_held_words(case, own, now), can_resume=moves.can_resume)
    return Standing()


def reason_words(case: Case) -> str:
    """``: “The referring doctor no longer needs the opinion.”``, and the end of the sentence."""
    given = case.status_reason.strip()
    return f": “{given}”" if given else "; it gave no reason."


def _waiting(entry: OutboxEntry) -> Standing:
    words = _WAITING_WORDS[CaseStatus(entry.subject)]
    wanted = [str(record) for record in entry.payload.get("wanted", ())]
    if wanted:
        words += f": {'; '.join(wanted)}"
    elif reason := str(entry.payload.get("reason", "")):
        words += f": “{reason.rstrip('.')}”"
    if not entry.can_be_taken_back:
        return Standing(f"{words}. It was sent; the next sync asks whether it arrived.")
    return Standing(f"{words}. The hospital does not have it yet.", taken_back=entry.entry_id)


def _held_words(case: Case, own: Sequence[OutboxEntry], now: datetime) -> str:
    since, wanted = _asked(case.messages, own)
    words = "Waiting for records"
    if since is not None:
        words += f" since {day_words(since, now)}"
    return f"{words}: {'; '.join(wanted)}." if wanted else f"{words}."


def _asked(messages: Sequence[Message], own: Sequence[OutboxEntry]) -> tuple[datetime | None, tuple[str, ...]]:
    """The last request for records: as the hospital shows it, or as it was delivered from here a moment ago."""
    asked = [message for message in messages if message.is_records_request]
    sent = [e for e in own if e.state is OutboxState.DELIVERED and e.subject == CaseStatus.ON_HOLD.value]
    if sent and (not asked or asked[-1].sent is None or asked[-1].sent < sent[-1].queued_at.replace(microsecond=0)):
        return sent[-1].queued_at, tuple(str(record) for record in sent[-1].payload.get("wanted", ()))
    return (asked[-1].sent, asked[-1].wanted) if asked else (None, ())


def day_words(at: datetime, now: datetime) -> str:
    """``today``, ``yesterday``, ``3 May`` or, of another year, ``3 May 2025``; in the reader's time zone."""
    local = at.astimezone(now.tzinfo).date()
    days = (now.date() - local).days
    if days in (0, 1):
        return "yesterday" if days else "today"
    return f"{local.day} {local:%B}" + ("" if local.year == now.year else f" {local.year}")
