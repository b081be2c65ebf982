"""What the case page shows and what its buttons do. Reads and writes the store on its lane; no Qt here."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import TYPE_CHECKING, Protocol

from sync.changes import Changes
from sync.errors import CaseLocked, StoreUnavailable
from sync.lease import time_and_lease_sentence
from sync.records.case import CaseId
from sync.records.conflict import ConflictKind
from sync.release_end import as_released
from workstation.case.case_summary import CaseSummary, is_reason, summarise
from workstation.case_state import STARTED_RANK
from workstation.completeness import completeness_of
from workstation.lanes import Lanes
from workstation.left_unsent import find_left_unsent
from workstation.stored_state import load_state

if TYPE_CHECKING:
    from sync.store.database import Store


class CaseView(Protocol):
    """What the presenter tells the page."""

    def show_case(self, summary: CaseSummary | None) -> None:
        """Show this case; None: none is open."""


class CasePresenter:
    """Holds which case is open. *changed* hears of every mutation made here, *failed* of what could not be read."""

    def __init__(
        self,
        store: Store,
        lanes: Lanes,
        now: Callable[[], datetime],
        changed: Callable[[Changes], None],
        failed: Callable[[Exception], None],
    ) -> None:
        self._store = store
        self._lanes = lanes
        self._now = now
        self._changed = changed
        self._failed = failed
        self._view: CaseView | None = None
        self._wanted: CaseId | None = None
        self._loading = False
        self._load_again = False
        self.summary: CaseSummary | None = None

    def attach(self, view: CaseView) -> None:
        """Show cases in *view* from now on."""
        self._view = view

    def open_case(self, case_id: CaseId | None, opened: Callable[[CaseSummary | None], None] | None = None) -> None:
        """Load a case and show it; *opened* is called when it is on screen. None closes the open one at once."""
        self._wanted = case_id
        if case_id is None:
            self._show(None, None, opened)
            return
        if self.summary is None or self.summary.case.case_id != case_id:
            self._show(self._wanted, None, None)  # nothing of the last patient stays while the next one loads
        now = self._now()
        self._loading = True
        self._load_again = False
        self._lanes.store_lane(
            lambda: load_summary(self._store, case_id, now),
            lambda summary: self._loaded(case_id, summary, opened),
            lambda error: self._not_loaded(case_id, error, opened),
        )

    def changes_happened(self, changes: Changes) -> None:
        """Load again when the open case is among what changed; marks do not show here, of drafts only the first."""
        touched = changes.cases | changes.objects | changes.outbox | changes.messages
        if self.summary is not None and self.summary.state.rank > STARTED_RANK:
            touched |= changes.opinions
        if self._wanted is None or self._wanted not in touched:
            return
        if self._loading:
            self._load_again = True  # one reading at a time, however fast files arrive
        else:
            self.open_case(self._wanted)

    def override_mismatch(self, reason: str) -> bool:
        """Take responsibility for a foreign-looking object, for *reason*. False: that is no reason."""
        summary = self.summary
        if summary is None or not is_reason(reason):
            return False
        case_id = summary.case.case_id
        at = self._now()
        self._lanes.store_lane(
            lambda: self._store.objects.put_mismatch_override(case_id, reason.strip(), at), self._changed
        )
        return True

    def load_document(self, case_id: CaseId, reference: str) -> bytes:
        """A document's bytes out of the vault; called off the UI thread. StoreUnavailable where it is not here."""
        stored = self._store.objects.find_object(case_id, source=reference)
        if stored is None:
            raise StoreUnavailable("This document is not on this computer.")
        return self._store.vault.read_bytes(stored.sha256)

    def _loaded(
        self, case_id: CaseId, summary: CaseSummary, opened: Callable[[CaseSummary | None], None] | None
    ) -> None:
        self._loading = False
        self._show(case_id, summary, opened)
        if self._load_again and self._wanted is not None:
            self.open_case(self._wanted)

    def _not_loaded(
        self, case_id: CaseId, error: Exception, opened: Callable[[CaseSummary | None], None] | None
    ) -> None:
        self._loading = False
        if isinstance(error, CaseLocked):
            self._show(case_id, None, opened)
        self._failed(error)

    def _show(
        self,
        case_id: CaseId | None,
        summary: CaseSummary | None,
        opened: Callable[[CaseSummary | None], None] | None,
    ) -> None:
        if case_id != self._wanted:
            return  # another case was wanted meanwhile
        self.summary = summary
        if self._view is not None:
            self._view.show_case(summary)
        if opened is not None:
            opened(summary)


def load_summary(store: Store, case_id: CaseId, now: datetime) -> CaseSummary:
    """Everything the page shows of one case, from the store. CaseLocked where the hospital took it away."""
    known, sentence = time_and_lease_sentence(store)
    if sentence:
        raise CaseLocked(sentence)
    lock, found = store.conflicts.find_lock(case_id), store.cases.find_case(case_id)
    if lock is not None:
        raise CaseLocked(lock.sentence, is_own_doing=lock.kind is ConflictKind.GIVEN_BACK)
    if found is None:  # shredded, its lock with it; the conflict that explains it is kept
        told = store.conflicts.find_last_sentence(case_id)
        raise CaseLocked(told or f"Case {case_id} is not on this computer any more.")
    case = as_released(found, known)
    entries = store.outbox.list_case_entries(case_id)
    signed = store.opinions.find_signed(case_id) is not None
    return summarise(
        case,
        completeness_of(case, store.objects.list_objects(case_id), store.objects.list_rejected(case_id)),
        load_state(store, case, entries),
        now,
        override_reason=store.objects.find_mismatch_override(case_id),
        entries=entries,
        seen=store.messages.list_seen(case_id),
        message_draft=store.messages.find_draft(case_id),
        signed=signed,
        receipt=store.opinions.find_receipt(case_id) if signed else None,
        left_unsent=find_left_unsent(store, case_id),
        withdrawal=store.cases.find_withdrawal(case_id),
    )
