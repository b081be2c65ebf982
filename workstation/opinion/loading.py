"""Reading the opinion of the case that is wanted, once and again when something of it changed. No Qt."""

from __future__ import annotations

from collections.abc import Callable

from sync.records.case import CaseId
from workstation.lanes import Lanes
from workstation.opinion.opinion_desk import Desk


class Loading:
    """*load* reads a case's opinion, off the UI thread; *taken* gets what was read, unless another case is wanted by
    then, and *failed* why it could not be read.
    """

    def __init__(
        self,
        lanes: Lanes,
        load: Callable[[CaseId], Desk],
        *,
        taken: Callable[[Desk], None],
        failed: Callable[[Exception], None],
    ) -> None:
        self._lanes = lanes
        self._load = load
        self._taken = taken
        self._failed = failed
        self._wanted: CaseId | None = None
        self._refreshing = False
        self._refresh_again = False

    def open(self, case_id: CaseId | None, opened: Callable[[], None]) -> None:
        """Read that case's opinion; *opened* is called when it was taken. None: nothing is wanted any more."""
        self._wanted = case_id
        if case_id is not None:
            self._read(case_id, opened, _nothing)

    def refresh(self) -> None:
        """Read it again. While one reading is under way further wishes join into one that follows: a download changes a
        lot.
        """
        if self._wanted is None:
            return
        if self._refreshing:
            self._refresh_again = True
            return
        self._refreshing, self._refresh_again = True, False
        self._read(self._wanted, _nothing, self._refreshed)

    def _refreshed(self) -> None:
        self._refreshing = False
        if self._refresh_again:
            self.refresh()

    def _read(self, case_id: CaseId, opened: Callable[[], None], settled: Callable[[], None]) -> None:
        def done(desk: Desk) -> None:
            if self._wanted == case_id:
                self._taken(desk)
                opened()
            settled()

        def failed(error: Exception) -> None:
            if self._wanted == case_id:
                self._failed(error)
            settled()

        # Past the store lane first, so that drafts and marks handed over before are in what is read.
        self._lanes.store_lane(
            lambda: None,
            lambda _none: self._lanes.cpu_lane(lambda: self._load(case_id), done, failed),
            failed,
        )


def _nothing() -> None:
    """Nobody waits for this."""
