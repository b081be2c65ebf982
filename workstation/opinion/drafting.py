"""Keeping the form as it is typed: every keystroke is handed to the store lane at once, and tried again where it fails.

No Qt. Switching case or closing the window loses nothing: what is not written yet waits here, by case.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from contextlib import suppress
from typing import TYPE_CHECKING

from sync.changes import Changes
from sync.errors import SigningRefused
from sync.records.case import CaseId
from sync.records.opinion import OpinionDraft
from workstation.failure_words import sentence_for
from workstation.lanes import Lanes

if TYPE_CHECKING:
    from sync.store.database import Store

RETRY_S = 2.0


class Drafting:
    """Every job on the store lane writes the newest drafts there are, so that many keystrokes become few writes."""

    def __init__(
        self,
        store: Store,
        lanes: Lanes,
        later: Callable[[float, Callable[[], None]], None] | None,
        *,
        written: Callable[[Changes], None],
        failed: Callable[[], None],
    ) -> None:
        """*written* hears which drafts are on disk, *failed* that `problem` says why one is not."""
        self._store = store
        self._lanes = lanes
        self._later = later
        self._on_written = written
        self._on_failed = failed
        self._unsaved: dict[CaseId, OpinionDraft] = {}
        self._unsaved_lock = threading.Lock()  # the store lane takes drafts out that the UI thread puts in
        self._retry_is_due = False
        self.problem = ""
        """Why the last draft could not be written; empty: it was, or nobody knows otherwise yet."""

    def keep(self, draft: OpinionDraft) -> None:
        """Take over the newest draft of a case."""
        with self._unsaved_lock:
            self._unsaved[draft.case_id] = draft
        self._write()

    def find_unsaved(self, case_id: CaseId | None) -> OpinionDraft | None:
        """What was handed over and is not on disk yet."""
        return None if case_id is None else self._unsaved.get(case_id)

    def _write(self) -> None:
        self._lanes.store_lane(self._write_drafts, self._drafts_written, self._drafts_failed)

    def _write_drafts(self) -> Changes:
        changes = Changes()
        for case_id, draft in tuple(self._unsaved.items()):
            with suppress(SigningRefused):  # what was signed stands; this draft has nothing to add to it
                changes |= self._store.opinions.put_draft(draft)
            with self._unsaved_lock:
                if self._unsaved.get(case_id) is draft:
                    del self._unsaved[case_id]
        return changes

    def _drafts_written(self, changes: Changes) -> None:
        self.problem = ""
        self._on_written(changes)

    def _drafts_failed(self, error: Exception) -> None:
        self.problem = sentence_for(error)
        self._on_failed()
        if self._later is not None and not self._retry_is_due:
            self._retry_is_due = True
            self._later(RETRY_S, self._retry)

    def _retry(self) -> None:
        self._retry_is_due = False
        if self._unsaved:
            self._write()
