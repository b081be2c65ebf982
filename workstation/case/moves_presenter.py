"""The reader's moves and messages about the open case: checked, queued, taken back. No Qt here.

Everything goes into the outbox and leaves with a round of sync, now or when there is a network again.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING
from uuid import uuid4

from sync.changes import Changes
from sync.records.case import CaseId, CaseStatus
from sync.records.message import RecordsDraft
from workstation.case.case_moves import USUAL_REQUEST
from workstation.case.case_summary import CaseSummary, is_reason
from workstation.lanes import Lanes

if TYPE_CHECKING:
    from sync.store.database import Store


class CaseMovesPresenter:
    """*changed* hears of what leaves at once; *changed_slowly* of what is held a moment, so that it can be undone."""

    def __init__(
        self,
        store: Store,
        lanes: Lanes,
        summary: Callable[[], CaseSummary | None],
        changed: Callable[[Changes], None],
        changed_slowly: Callable[[Changes], None],
        said: Callable[[str], None],
    ) -> None:
        """*said*: one sentence for the reader."""
        self._store = store
        self._lanes = lanes
        self._summary = summary
        self._changed = changed
        self._changed_slowly = changed_slowly
        self._said = said

    def accept(self) -> None:
        """Tell the hospital that the reader takes the case."""
        summary = self._summary()
        if summary is not None and summary.moves.can_accept:
            self._move(summary.case.case_id, CaseStatus.ACCEPTED, "", self._changed)

    def decline(self, reason: str) -> bool:
        """Give the case back unanswered. False: that is no reason, or it cannot be declined any more."""
        summary = self._summary()
        if summary is None or not summary.moves.can_decline or not is_reason(reason):
            return False
        self._move(summary.case.case_id, CaseStatus.REJECTED, reason, self._changed_slowly)
        return True

    def close_without_opinion(self, reason: str) -> bool:
        """Say that no opinion can be given. False: that is no reason, or it is too late for it."""
        summary = self._summary()
        if summary is None or not summary.moves.can_fail or not is_reason(reason):
            return False
        self._move(summary.case.case_id, CaseStatus.FAILED, reason, self._changed_slowly)
        return True

    def ask_for_records(self, wanted: Sequence[str], note: str) -> bool:
        """Put the case on hold until the hospital has sent these. False: nothing is named, or it cannot be asked.

        A case that nobody accepted yet is accepted first: the hospital's states have an order.
        """
        summary = self._summary()
        named = tuple(line.strip() for line in wanted if line.strip())
        if summary is None or not summary.moves.can_ask or not named:
            return False
        case_id, outbox, first = summary.case.case_id, self._store.outbox, summary.moves.must_accept_first
        payload = {"reason": note.strip() or USUAL_REQUEST, "wanted": list(named)}

        def work() -> Changes:
            accepted = outbox.enqueue_move(case_id, CaseStatus.ACCEPTED.value) if first else Changes()
            changes = accepted | outbox.enqueue_move(case_id, CaseStatus.ON_HOLD.value, payload)
            self._store.messages.put_records_draft(case_id, RecordsDraft())
            return changes

        self._lanes.store_lane(work, self._changed_slowly)
        return True

    def find_records_draft(self, found: Callable[[CaseId, RecordsDraft], None]) -> None:
        """Of the open case: what was typed of a request for records before. Not answered once another case is open."""
        summary = self._summary()
        if summary is None or not summary.moves.can_ask:
            return
        case_id = summary.case.case_id

        def done(draft: RecordsDraft) -> None:
            now = self._summary()
            if now is not None and now.case.case_id == case_id:
                found(case_id, draft)

        self._lanes.store_lane(lambda: self._store.messages.find_records_draft(case_id), done)

    def keep_records_draft(self, case_id: CaseId, draft: RecordsDraft) -> None:
        """What is typed of a request for records survives Escape and a kill."""
        self._lanes.store_lane(lambda: self._store.messages.put_records_draft(case_id, draft))

    def resume(self) -> None:
        """Go on although the records have not come."""
        summary = self._summary()
        if summary is not None and summary.moves.can_resume:
            self._move(summary.case.case_id, CaseStatus.IN_PROGRESS, "", self._changed)

    def take_back(self, entry_id: int | None = None) -> None:
        """Undo what has not left: that entry, or the case's last move. Said where it was too late."""
        summary = self._summary()
        wanted = entry_id if entry_id is not None or summary is None else summary.standing.taken_back
        if wanted is None:
            return
        outbox = self._store.outbox

        def done(changes: Changes) -> None:
            if changes:
                self._changed_slowly(changes)
            else:
                self._said("It has left already and cannot be taken back; write to the hospital instead.")

        self._lanes.store_lane(lambda: outbox.take_back(wanted), done)

    def send(self, text: str) -> bool:
        """Write to the hospital about the case. False: there is nothing to send."""
        summary, words = self._summary(), text.strip()
        if summary is None or not words or not summary.can_write:
            return False
        case_id, store = summary.case.case_id, self._store
        identifier = f"{summary.case.assignment}/message/{uuid4().hex}"

        def work() -> Changes:
            changes = store.outbox.enqueue_message(case_id, identifier, words)
            store.messages.put_draft(case_id, "")
            return changes

        self._lanes.store_lane(work, self._changed)
        return True

    def keep_draft(self, case_id: str, text: str) -> None:
        """What is being written survives a kill."""
        self._lanes.store_lane(lambda: self._store.messages.put_draft(CaseId(case_id), text))

    def note_seen(self) -> None:
        """The conversation is on the screen."""
        summary = self._summary()
        if summary is not None and summary.conversation.unread:
            case_id, unread = summary.case.case_id, summary.conversation.unread
            self._lanes.store_lane(lambda: self._store.messages.note_seen(case_id, unread), self._changed_slowly)

    def _move(self, case_id: CaseId, status: CaseStatus, reason: str, told: Callable[[Changes], None]) -> None:
        payload = {"reason": reason.strip()} if reason else {}
        self._lanes.store_lane(lambda: self._store.outbox.enqueue_move(case_id, status.value, payload), told)
