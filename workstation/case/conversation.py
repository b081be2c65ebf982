"""The messages of a case as the reader is shown them: the hospital's, the reader's, and those that wait. No Qt here."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime

from sync.records.case import Case, CaseStatus
from sync.records.message import Message
from sync.records.outbox_entry import OutboxEntry, OutboxKind, OutboxState
from sync.small_deliveries import records_request_number
from workstation.case.case_moves import day_words

_YOU = "You"
_UNNAMED = "The hospital"


@dataclass(frozen=True, slots=True)
class Line:
    """One message."""

    author: str
    when: str
    text: str
    wanted: tuple[str, ...] = ()
    """The records it asks for."""
    is_mine: bool = False
    state: str = ""
    """Of one's own: whether the hospital has it."""
    tone: str = ""
    is_unread: bool = False
    taken_back: int | None = None
    """The outbox entry, while it can be taken back."""


@dataclass(frozen=True, slots=True)
class Conversation:
    """Oldest first. ``unread``: references of the hospital's messages that were not seen yet."""

    lines: tuple[Line, ...] = ()
    unread: tuple[str, ...] = ()
    draft: str = ""
    """What the reader had begun to write."""


def conversation_of(
    case: Case, entries: Sequence[OutboxEntry], seen: Collection[str], draft: str, now: datetime
) -> Conversation:
    """Join what the hospital holds with what is still here; a message stands once, however far it has come."""
    held = {message.identifier for message in case.messages if message.identifier}
    dated: list[tuple[datetime | None, Line]] = [
        (message.sent, _held(message, message.reference not in seen, now)) for message in case.messages
    ]
    for entry in entries:
        is_request = entry.kind is OutboxKind.TASK_MOVE and entry.subject == CaseStatus.ON_HOLD.value
        if entry.state is OutboxState.VOID or not (is_request or entry.kind is OutboxKind.MESSAGE):
            continue
        if (records_request_number(case, entry) if is_request else entry.subject) not in held:
            dated.append((entry.queued_at, _queued(entry, now)))
    dated.sort(key=lambda pair: pair[0].timestamp() if pair[0] else 0.0)
    unread = tuple(m.reference for m in case.messages if not m.is_from_reader and m.reference not in seen)
    return Conversation(tuple(line for _at, line in dated), unread, draft)


def _held(message: Message, is_unseen: bool, now: datetime) -> Line:
    when = _when(message.sent, now)
    if message.is_from_reader:
        return Line(_YOU, when, message.text, message.wanted, True, "Delivered")
    return Line(message.sender or _UNNAMED, when, message.text, message.wanted, is_unread=is_unseen)


def _queued(entry: OutboxEntry, now: datetime) -> Line:
    text = str(entry.payload.get("text" if entry.kind is OutboxKind.MESSAGE else "reason", ""))
    wanted = tuple(str(record) for record in entry.payload.get("wanted", ()))
    state, tone = _state(entry)
    taken_back = entry.entry_id if entry.can_be_taken_back else None
    return Line(_YOU, _when(entry.queued_at, now), text, wanted, True, state, tone, taken_back=taken_back)


def _state(entry: OutboxEntry) -> tuple[str, str]:
    if entry.state is OutboxState.DELIVERED:
        return "Delivered", ""
    if entry.state is OutboxState.NEEDS_ATTENTION:
        return f"Not sent: {entry.last_error}", "error"
    return ("Waits to leave" if entry.left_at is None else "Sent, not confirmed yet"), "warning"


def _when(at: datetime | None, now: datetime) -> str:
    return "no date" if at is None else f"{day_words(at, now)} {at.astimezone(now.tzinfo):%H:%M}"
