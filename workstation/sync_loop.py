"""When to sync: at start, at an interval, on demand, and after something was signed. One round at a time.

What a round does is `sync.sync_round`'s; it runs on the network lane and its news come back as signals here.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, QTimer, Signal

from sync.changes import Changes
from sync.transfer.control import TransferControl
from workstation.background import Background, Ticket
from workstation.sync_pace import SyncPace
from workstation.watched_store import watched

if TYPE_CHECKING:
    from sync.credentials import Credentials
    from sync.hospital_profile import HospitalProfile
    from sync.store.database import Store
    from sync.sync_round import SyncProgress, SyncReport
    from sync.transfer.door import ObjectInspector
    from sync.transfer.hospital import Hospital

GATHER_MS = 1000
"""Changes of a round reach the screens at most this often: a CT is hundreds of them."""


class SyncLoop(QObject):
    """Runs a round when it is time. A wish during a round is kept and means one more round after it."""

    began = Signal()
    progressed = Signal(object)
    """A SyncProgress."""
    changed = Signal(object)
    """The Changes of the store that the round made, gathered."""
    finished = Signal(object)
    """A SyncReport."""
    failed = Signal(object)
    """The exception that ended a round."""

    def __init__(
        self,
        background: Background,
        store: Store,
        profile: HospitalProfile,
        parent: QObject | None = None,
        *,
        credentials: Credentials | None = None,
        control: TransferControl | None = None,
        inspector: ObjectInspector | None = None,
    ) -> None:
        """*inspector* looks into what arrives (`sync.transfer.door`)."""
        super().__init__(parent)
        self._credentials = credentials
        self._inspector = inspector
        self._background = background
        self._store = store
        self._profile = profile
        self.control = control or TransferControl()
        """Pauses and limits the downloads."""
        self._ticket: Ticket | None = None
        self._again = False
        self._lock = threading.Lock()
        self._one_round = threading.Lock()
        self._gathered = Changes()
        self._pace: SyncPace | None = None
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.timeout.connect(self.sync_now)
        self._gathering = QTimer(self)
        self._gathering.setSingleShot(True)
        self._gathering.setInterval(GATHER_MS)
        self._gathering.timeout.connect(self._tell_changes)

    def start(self, interval_s: float) -> None:
        """The first round now, each next one the interval after it; at a growing pause while offline."""
        self._pace = SyncPace(interval_s)
        self.sync_now()

    def stop(self) -> None:
        """No further round until `start`; the one under way is cancelled, and the next waits until it has ended."""
        self._pace = None
        self._timer.stop()
        self._gathering.stop()
        self._again = False
        if self._ticket is not None:
            self._ticket.cancel()
            self.control.interrupt()
            self._ticket = None

    @property
    def next_round_in_s(self) -> float | None:
        """Seconds until the next round begins by itself; None while one is under way or after `stop`."""
        return self._timer.remainingTime() / 1000 if self._timer.isActive() else None

    @property
    def is_running(self) -> bool:
        """A round is under way."""
        return self._ticket is not None

    def sync_now(self) -> None:
        """Begin a round, or have one follow the round under way."""
        if self._ticket is not None:
            self._again = True
            return
        self._timer.stop()
        self._ticket = self._background.network_lane(self._round, self._done, self._ended)
        self.began.emit()

    def _round(self, cancelled: Callable[[], bool]) -> SyncReport:
        """On the network lane."""
        from sync.sync_round import run_sync_round

        deliver, tell = self._background.deliver, self.progressed.emit

        def on_progress(progress: SyncProgress) -> None:
            deliver(lambda: tell(progress))

        store = watched(self._store, self._gather)
        with self._one_round, self._hospital() as hospital:
            return run_sync_round(
                store,
                hospital,
                on_progress=on_progress,
                cancelled=cancelled,
                control=self.control,
                inspector=self._inspector,
            )

    @contextmanager
    def _hospital(self) -> Iterator[Hospital | HospitalProfile]:
        """The hospital as the account that is signed in; with a fixed token the round connects by itself."""
        if self._credentials is None:
            yield self._profile
            return
        from sync.transfer.hospital import connect_hospital

        hospital = connect_hospital(self._profile, self._credentials)
        try:
            yield hospital
        finally:
            hospital.close()

    def _gather(self, changes: Changes) -> None:
        """From the round's threads."""
        with self._lock:
            is_first = not self._gathered
            self._gathered |= changes
        if is_first:
            self._background.deliver(self._gathering.start)

    def _tell_changes(self) -> None:
        with self._lock:
            changes, self._gathered = self._gathered, Changes()
        if changes:
            self.changed.emit(changes)

    def _done(self, report: SyncReport) -> None:
        self._ticket = None
        self._gathering.stop()
        self._tell_changes()
        self._wait_after(report)
        self.finished.emit(report)
        self._follow_up()

    def _ended(self, error: Exception) -> None:
        self._ticket = None
        self._tell_changes()
        self._wait_after(None)
        self.failed.emit(error)
        self._follow_up()

    def _wait_after(self, report: SyncReport | None) -> None:
        if self._pace is not None:
            self._timer.start(round(self._pace.wait_after(report) * 1000))

    def _follow_up(self) -> None:
        if self._again and self._pace is not None:
            self._again = False
            self.sync_now()
