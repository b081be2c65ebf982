"""Every change of a mark becomes a revision in the store at once, in order. A failure is told and retried. No Qt."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Protocol

from sync.changes import Changes
from sync.errors import SigningRefused, SyncError
from sync.records.annotation_record import AnnotationRevision
from sync.records.case import CaseId
from viewers.annotation.annotation_set import AnnotationSet, Change, ChangeKind
from workstation.lanes import Lanes
from workstation.reading.mark_record import revision_of

RETRY_S = 2.0


class RevisionJournal(Protocol):
    """Where revisions go: `Store.annotations`."""

    def append(self, revision: AnnotationRevision, /) -> Changes: ...


@dataclass(frozen=True, slots=True)
class SaveState:
    """Whether every mark is on disk; ``trouble`` is one sentence when the last attempt failed."""

    is_saved: bool
    trouble: str = ""


class AnnotationAutosave:
    """Follows one case's `AnnotationSet` until closed.

    Revisions wait in one queue, which every job on the store lane empties from the front: what is handed to that lane
    after a change finds the change stored, and a revision that failed is never overtaken by a later one.
    """

    def __init__(
        self,
        journal: RevisionJournal,
        lanes: Lanes,
        annotations: AnnotationSet,
        case_id: CaseId,
        revisions: Mapping[str, int],
        *,
        on_state: Callable[[SaveState], None],
        on_stored: Callable[[Changes], None],
        later: Callable[[float, Callable[[], None]], None],
    ) -> None:
        """``revisions``: the latest stored revision number of each mark, also of removed ones. ``later(seconds, call)``
        calls on the UI thread; ``on_state`` and ``on_stored`` are called there too."""
        self._journal = journal
        self._lanes = lanes
        self._annotations = annotations
        self._case_id = case_id
        self._revisions = dict(revisions)
        self._on_state = on_state
        self._on_stored = on_stored
        self._later = later
        self._waiting: deque[AnnotationRevision] = deque()
        self._retry_is_due = False
        self._unsubscribe = annotations.subscribe(self._follow)

    @property
    def is_saved(self) -> bool:
        return not self._waiting

    def close(self) -> None:
        """Follow no further change; what waits is still written."""
        self._unsubscribe()

    def _follow(self, changes: list[Change]) -> None:
        now = datetime.now(UTC)
        for change in changes:
            mark = change.annotation
            number = self._revisions.get(mark.annotation_id, 0) + 1
            self._revisions[mark.annotation_id] = number
            self._waiting.append(
                revision_of(mark, self._case_id, number, now, deleted=change.kind is ChangeKind.REMOVED)
            )
        self._on_state(SaveState(False))
        self._write()

    def _write(self) -> None:
        self._lanes.store_lane(self._empty_queue, self._wrote, self._failed)

    def _empty_queue(self) -> Changes:
        changes = Changes()
        while self._waiting:
            changes |= self._journal.append(self._waiting[0])
            self._waiting.popleft()
        return changes

    def _wrote(self, changes: Changes) -> None:
        if not self._waiting:
            self._on_state(SaveState(True))
        if changes:
            self._on_stored(changes)

    def _failed(self, error: Exception) -> None:
        if isinstance(error, SigningRefused):
            # Signed meanwhile, from another window: what was signed stands, and this page must stop offering changes.
            self._waiting.clear()
            self._annotations.read_only = True
            self._on_state(SaveState(False, str(error)))
            return
        reason = str(error) if isinstance(error, SyncError) else f"{type(error).__name__} in the store."
        self._on_state(SaveState(False, f"The last marks are not saved yet: {reason} Trying again."))
        if not self._retry_is_due:
            self._retry_is_due = True
            self._later(RETRY_S, self._retry)

    def _retry(self) -> None:
        self._retry_is_due = False
        if self._waiting:
            self._write()
