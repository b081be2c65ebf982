"""What a person says to running downloads: pause, go on, give up, slower. Asked by the downloads, told by a screen.

What must outlive the window is in `holds`; this is the live side of it, and interrupts what is under way at once.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from sync.records.case import CaseId
from sync.transfer.bandwidth import Bandwidth
from sync.transfer.disk_room import RESERVE_BYTES, FreeBytes
from sync.transfer.holds import Hold


class TransferControl:
    """One for all rounds of a profile; usable from any thread.

    *is_metered* tells whether the network is paid by volume (unknown: False); then images wait unless
    `images_on_metered`. *free_bytes* None: of the disk that the store lies on.
    """

    def __init__(
        self,
        *,
        free_bytes: FreeBytes | None = None,
        is_metered: Callable[[], bool] = lambda: False,
        reserve_bytes: int = RESERVE_BYTES,
    ) -> None:
        self.bandwidth = Bandwidth()
        self.free_bytes = free_bytes
        self.is_metered = is_metered
        self.reserve_bytes = reserve_bytes
        self.images_on_metered = False
        self._lock = threading.Lock()
        self._paused = False
        self._held: dict[CaseId, Hold] = {}
        self._failures: dict[CaseId, tuple[str, ...]] = {}
        self._interrupts: list[Callable[[], None]] = []

    @property
    def is_paused(self) -> bool:
        """All downloads; the rest of a round goes on."""
        return self._paused

    def pause(self) -> None:
        self._paused = True
        self.interrupt()

    def resume(self) -> None:
        """From the next round on."""
        self._paused = False

    def hold(self, case_id: CaseId, hold: Hold) -> None:
        """Stop fetching a case, at once."""
        with self._lock:
            self._held[case_id] = hold
        self.interrupt()

    def release(self, case_id: CaseId) -> None:
        with self._lock:
            self._held.pop(case_id, None)

    def held(self, case_id: CaseId) -> Hold | None:
        return self._held.get(case_id)

    def take_holds(self, held: dict[CaseId, Hold], *, all_paused: bool) -> None:
        """As the store has them, when a round begins its downloads."""
        with self._lock:
            self._held = dict(held)
        self._paused = all_paused

    @property
    def images_wait_for_network(self) -> bool:
        """Images and slides are not fetched over a network that is paid by volume."""
        return not self.images_on_metered and self.is_metered()

    def note_failure(self, case_id: CaseId, sentence: str) -> None:
        with self._lock:
            before = self._failures.get(case_id, ())
            if sentence not in before:
                self._failures[case_id] = (*before, sentence)

    def forget_failures(self, case_id: CaseId) -> None:
        """They are tried again."""
        with self._lock:
            self._failures.pop(case_id, None)

    def failures(self, case_id: CaseId) -> tuple[str, ...]:
        """What of a case did not come in the latest attempt, and why, one sentence each."""
        return self._failures.get(case_id, ())

    @contextmanager
    def interrupting(self, interrupt: Callable[[], None]) -> Iterator[None]:
        """While the context lasts, *interrupt* is how whatever waits for the hospital is woken."""
        with self._lock:
            self._interrupts.append(interrupt)
        try:
            yield
        finally:
            with self._lock:
                self._interrupts.remove(interrupt)

    def interrupt(self) -> None:
        """Wake whatever waits for the hospital, so that it sees what was decided."""
        with self._lock:
            interrupts = tuple(self._interrupts)
        for interrupt in interrupts:
            interrupt()
