"""Several threads' arrivals in one transaction: who comes while another commits is taken along by the next.

A commit waits for the disk, however little is in it; four threads that each commit alone wait for one another.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from sync.store.arrival_store import Arrival


@dataclass(slots=True)
class _Ticket:
    arrival: Arrival
    is_done: bool = False
    error: BaseException | None = None


class GroupCommit:
    """*keep_all* makes its arrivals known and durable, all or none."""

    def __init__(self, keep_all: Callable[[Sequence[Arrival]], object]) -> None:
        self._keep_all = keep_all
        self._waiting: list[_Ticket] = []
        self._lock = threading.Lock()
        self._committing = threading.Lock()

    def keep(self, arrival: Arrival) -> None:
        """Returns when *arrival* is durable; raises what kept it and those with it from being so."""
        ticket = _Ticket(arrival)
        with self._lock:
            self._waiting.append(ticket)
        with self._committing:
            if not ticket.is_done:
                self._commit()
        if ticket.error is not None:
            raise ticket.error

    def _commit(self) -> None:
        with self._lock:
            group, self._waiting = self._waiting, []
        error: BaseException | None = None
        try:
            self._keep_all([ticket.arrival for ticket in group])
        except BaseException as caught:  # noqa: BLE001 - each thread of the group raises it
            error = caught
        for ticket in group:
            ticket.error, ticket.is_done = error, True
