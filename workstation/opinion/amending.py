"""Opening the form of a delivered opinion again, and giving that up. No Qt."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from sync.changes import Changes
from sync.records.amendment import AmendmentKind
from sync.records.case import CaseId
from workstation.failure_words import sentence_for
from workstation.lanes import Lanes
from workstation.opinion.opinion_view import OpinionView

if TYPE_CHECKING:
    from sync.store.database import Store


class Amending:
    """*done* hears of what was changed, *failed* why an amendment could not be dropped."""

    def __init__(
        self, store: Store, lanes: Lanes, *, done: Callable[[Changes], None], failed: Callable[[Exception], None]
    ) -> None:
        self._store = store
        self._lanes = lanes
        self._done = done
        self._failed = failed
        self.view: OpinionView | None = None

    def begin(self, case_id: CaseId, kind: AmendmentKind, reason: str) -> None:
        """With what was signed as the draft; where that is refused, the question stays open and says why."""

        def begun(changes: Changes) -> None:
            if self.view is not None:
                self.view.show_amendment_begun()
            self._done(changes)

        def refused(error: Exception) -> None:
            if self.view is not None:
                self.view.show_amendment_refused(sentence_for(error))

        self._lanes.store_lane(lambda: self._store.amendments.begin(case_id, kind, reason), begun, refused)

    def drop(self, case_id: CaseId) -> None:
        """The delivered opinion stands as it was; what was typed since is gone."""
        self._lanes.store_lane(lambda: self._store.amendments.drop(case_id), self._done, self._failed)
