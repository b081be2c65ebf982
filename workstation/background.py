"""Work off the UI thread, and its results back on it. Nothing here knows what the work is.

Three places to work: the *store lane* (one thread, strictly in order: what was written first is read first), the
*network lane* and the *cpu lane* (two threads each). A piece of work captures its inputs before it is handed over;
`done` and `failed` are called on the UI thread, one after the other, in the order the work ended.
"""

from __future__ import annotations

import logging
import queue
import threading
import time
from collections.abc import Callable
from typing import Any, TypeVar

from PySide6.QtCore import QObject, Qt, Signal, Slot

from sync.errors import SyncError
from viewers.errors import ViewerError
from workstation.failure_words import sentence_for
from workstation.logs import report_bug

log = logging.getLogger("ui.background")

T = TypeVar("T")
Failed = Callable[[Exception], None]

JOIN_TIMEOUT_S = 2.0
STORE_JOIN_TIMEOUT_S = 20.0
"""Longer than the store waits for another program that is writing."""


class Ticket:
    """One piece of work on its way. After `cancel` neither `done` nor `failed` is called any more."""

    def __init__(self) -> None:
        self._cancelled = threading.Event()

    def cancel(self) -> None:
        """The result is not wanted any more; work that has not started is skipped."""
        self._cancelled.set()

    def is_cancelled(self) -> bool:
        """True after `cancel` and after the shut-down began. Long work asks this between its steps."""
        return self._cancelled.is_set()


class _Lane:
    """Threads that take work from one queue, oldest first."""

    def __init__(self, name: str, threads: int) -> None:
        self._queue: queue.SimpleQueue[Callable[[], None] | None] = queue.SimpleQueue()
        self._threads = [
            threading.Thread(target=self._work, name=f"{name}-{n}", daemon=True) for n in range(1, threads + 1)
        ]
        for thread in self._threads:
            thread.start()

    def put(self, step: Callable[[], None]) -> None:
        self._queue.put(step)

    def _work(self) -> None:
        while (step := self._queue.get()) is not None:
            step()

    def close(self) -> None:
        for _ in self._threads:
            self._queue.put(None)

    def join(self, deadline: float) -> bool:
        """Wait for the threads until *deadline* (time.monotonic); True when all have ended."""
        for thread in self._threads:
            thread.join(max(0.0, deadline - time.monotonic()))
        return not any(thread.is_alive() for thread in self._threads)


class Background(QObject):
    """The lanes and the one queued signal their results come back through. Made and used on the UI thread."""

    failed = Signal(str)
    """A sentence about work that failed and had no `failed` of its own."""

    _returned = Signal(object)

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._returned.connect(self._run_on_ui_thread, Qt.ConnectionType.QueuedConnection)
        self._lanes: dict[str, _Lane] = {}
        self._tickets: set[Ticket] = set()
        self._stopping = False

    def store_lane(
        self, work: Callable[[], T], done: Callable[[T], None] | None = None, failed: Failed | None = None
    ) -> Ticket:
        """Run *work* after everything handed to this lane before, on the one thread that touches the store."""
        return self._submit("store", 1, lambda _ticket: work(), done, failed)

    def network_lane(
        self,
        work: Callable[[Callable[[], bool]], T],
        done: Callable[[T], None] | None = None,
        failed: Failed | None = None,
    ) -> Ticket:
        """Run *work* where waiting for the hospital is no harm. It is given `cancelled`, to ask between its steps."""
        return self._submit("network", 2, lambda ticket: work(ticket.is_cancelled), done, failed)

    def cpu_lane(
        self, work: Callable[[], T], done: Callable[[T], None] | None = None, failed: Failed | None = None
    ) -> Ticket:
        """Run *work* (decoding, scanning, rendering) beside the UI thread."""
        return self._submit("cpu", 2, lambda _ticket: work(), done, failed)

    def deliver(self, call: Callable[[], None]) -> None:
        """Call *call* on the UI thread soon. May be used from any thread: the way progress comes back."""
        if not self._stopping:
            self._returned.emit(call)

    @property
    def is_idle(self) -> bool:
        """No work is under way and no result waits to be delivered."""
        return not self._tickets

    def shutdown(self) -> bool:
        """Accept nothing more, cancel what waits, wait at most two seconds. True when every thread has ended.

        The store lane finishes what it was given, and is waited for first and longer: a mark or an answer that was
        accepted is written, however long the network hangs or another program holds the store.
        """
        self._stopping = True
        for ticket in self._tickets:
            ticket.cancel()
        for lane in self._lanes.values():
            lane.close()
        store = self._lanes.get("store")
        ended = [store.join(time.monotonic() + STORE_JOIN_TIMEOUT_S)] if store is not None else []
        deadline = time.monotonic() + JOIN_TIMEOUT_S
        ended += [lane.join(deadline) for lane in self._lanes.values()]
        self._tickets.clear()
        return all(ended)

    def _submit(
        self,
        lane_name: str,
        threads: int,
        work: Callable[[Ticket], Any],
        done: Callable[[Any], None] | None,
        failed: Failed | None,
    ) -> Ticket:
        ticket = Ticket()
        if self._stopping:
            ticket.cancel()
            return ticket
        lane = self._lanes.get(lane_name)
        if lane is None:
            lane = self._lanes[lane_name] = _Lane(lane_name, threads)
        self._tickets.add(ticket)
        ordered = lane_name == "store"

        def step() -> None:
            # Writes that were accepted are never dropped; a cancelled store step still runs, only unheard.
            if ticket.is_cancelled() and not ordered:
                self._return(lambda: self._tickets.discard(ticket))
                return
            try:
                result = work(ticket)
            except Exception as error:  # noqa: BLE001 - whatever it is, it becomes an answer on the UI thread
                reason = error  # the name `error` is unbound when the except clause ends
                if not isinstance(error, SyncError | ViewerError):
                    log.error("work on the %s lane failed", lane_name)
                    report_bug(error)  # tells where, not what it held: an exception may quote a patient's data
                self._return(lambda: self._answer_failure(ticket, failed, reason))
            else:
                self._return(lambda: self._answer(ticket, done, result))

        lane.put(step)
        return ticket

    def _return(self, call: Callable[[], None]) -> None:
        if not self._stopping:
            self._returned.emit(call)

    def _answer(self, ticket: Ticket, done: Callable[[Any], None] | None, result: Any) -> None:
        self._tickets.discard(ticket)
        if done is not None and not ticket.is_cancelled():
            done(result)

    def _answer_failure(self, ticket: Ticket, failed: Failed | None, error: Exception) -> None:
        self._tickets.discard(ticket)
        if ticket.is_cancelled():
            return
        if failed is not None:
            failed(error)
        else:
            self.failed.emit(sentence_for(error))

    @Slot(object)
    def _run_on_ui_thread(self, call: Callable[[], None]) -> None:
        if not self._stopping:
            call()
