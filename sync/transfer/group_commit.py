"""Several threads' arrivals in one transaction: what comes while one thread commits is taken along by its next round.

A commit waits for the disk, however little is in it. Were each thread to wait for its own, the disk would set the pace.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence

from sync.store.arrival_store import Arrival

MOST_WAITING = 8
"""More than that, and who brings another waits: what is not committed yet would be fetched again after a kill."""


class GroupCommit:
    """*keep_all* makes its arrivals known and durable, all or none; *kept* is told of each that is.

    Nothing waits without a thread that commits: whoever brings an arrival and finds nobody at it commits until none is
    left. A failure of *keep_all* is raised there, and for everybody who comes afterwards: one serves one round.
    """

    def __init__(
        self, keep_all: Callable[[Sequence[Arrival]], object], kept: Callable[[Arrival], None] = lambda _arrival: None
    ) -> None:
        self._keep_all = keep_all
        self._kept = kept
        self._changed = threading.Condition()
        self._waiting: list[Arrival] = []
        self._is_committing = False
        self._error: BaseException | None = None

    def take(self, arrival: Arrival) -> None:
        """Returns when *arrival* is durable, or when another thread will make it so at once."""
        with self._changed:
            self._changed.wait_for(lambda: len(self._waiting) < MOST_WAITING or self._error is not None)
            self._raise_error()
            self._waiting.append(arrival)
            if self._is_committing:
                return
            self._is_committing = True
        self._commit_all()

    def wait(self) -> None:
        """Returns when everything that was taken is durable."""
        with self._changed:
            self._changed.wait_for(lambda: not self._is_committing)
            self._raise_error()

    def _commit_all(self) -> None:
        while group := self._next_group():
            try:
                self._keep_all(group)
                for arrival in group:
                    self._kept(arrival)
            except BaseException as error:
                with self._changed:
                    self._error = error
                    self._waiting.clear()
                    self._is_committing = False
                    self._changed.notify_all()
                raise

    def _next_group(self) -> list[Arrival]:
        with self._changed:
            group, self._waiting = self._waiting, []
            self._is_committing = bool(group)
            self._changed.notify_all()
            return group

    def _raise_error(self) -> None:
        if self._error is not None:
            raise self._error
