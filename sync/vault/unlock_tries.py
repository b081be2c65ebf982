"""Five wrong passphrases in a row make the sixth wait: counted in a file, so that a restart forgets nothing.

Time is what passed since this computer was started, never the wall clock, which whoever holds the computer can set.
A restart of the computer loses what had been waited by then: the wait goes on from its start-up.
"""

from __future__ import annotations

import json
import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from sync.errors import StoreUnavailable, UnlockRefused
from sync.vault.durable import hold_while_writing, write_private

TRIES_FILE = "store.tries"
TRIES = 5
WAIT_S = 15 * 60.0


def uptime_s() -> float:
    """Seconds since this computer was started, those asleep included where the system tells."""
    if hasattr(time, "CLOCK_BOOTTIME"):
        return time.clock_gettime(time.CLOCK_BOOTTIME)
    return time.monotonic()


def wait_left_s(wait_s: float, since_s: float, now_s: float) -> float:
    """What is left of a wait that began at *since_s* by `uptime_s`. After a restart at least *now_s* has passed."""
    passed_s = now_s - since_s if now_s >= since_s else now_s
    return max(0.0, wait_s - passed_s)


class UnlockTries:
    """The count of one store. *clock* gives seconds since start-up."""

    def __init__(self, directory: Path, clock: Callable[[], float] | None = None) -> None:
        self._file = directory / TRIES_FILE
        self._clock = clock or uptime_s

    def wait_s(self) -> float:
        """How long until the next try is allowed; 0 when it is."""
        count, at_s = self._load()
        if count < TRIES:
            return 0.0
        return wait_left_s(WAIT_S, at_s, self._clock())

    def refuse_while_waiting(self) -> None:
        """UnlockRefused while the wait lasts."""
        wait_s = self.wait_s()
        if wait_s > 0:
            raise UnlockRefused(
                f"The store is locked after {TRIES} wrong tries; try again in {_minutes(wait_s)}.", wait_s=wait_s
            )

    def count(self) -> int:
        """Write one more try down, durably, before it is made; how many in a row it is now."""
        try:
            with _held(self._file):
                self.refuse_while_waiting()  # of two programs guessing at once the second may be the sixth
                before, _ = self._load()
                made = before + 1 if before < TRIES else 1
                write_private(self._file, json.dumps({"tries": made, "uptime_s": self._clock()}).encode("ascii"))
        except OSError as error:
            raise StoreUnavailable(f"A try to unlock could not be written down ({error.strerror}).") from error
        return made

    def refusal(self, made: int) -> UnlockRefused:
        """What to say after wrong try number *made*."""
        if made >= TRIES:
            return UnlockRefused(
                f"That is not the passphrase or PIN of this store; it is locked for {_minutes(WAIT_S)}.", wait_s=WAIT_S
            )
        left = TRIES - made
        chances = "one try is" if left == 1 else f"{left} tries are"
        return UnlockRefused(f"That is not the passphrase or PIN of this store; {chances} left.")

    def forget(self) -> None:
        """The right passphrase was given: the count begins anew."""
        with suppress(OSError):  # a count that stays asks for patience later, and nothing is lost
            self._file.unlink(missing_ok=True)

    def _load(self) -> tuple[int, float]:
        try:
            content = json.loads(self._file.read_bytes())
            return int(content["tries"]), float(content["uptime_s"])
        except FileNotFoundError:
            return 0, 0.0
        except (OSError, ValueError, KeyError, TypeError):
            # Whoever damaged the file wins no try: it counts as full from now on.
            with suppress(OSError):
                write_private(self._file, json.dumps({"tries": TRIES, "uptime_s": self._clock()}).encode("ascii"))
            return TRIES, self._clock()


@contextmanager
def _held(file: Path) -> Iterator[None]:
    """One program at a time counts; the lock ends with the program, however it ends."""
    lock = file.with_name(f"{file.name}.lock")
    with os.fdopen(os.open(lock, os.O_RDWR | os.O_CREAT, 0o600), "r+b") as held:
        hold_while_writing(held)
        yield


def _minutes(seconds: float) -> str:
    return f"{max(1, -(-int(seconds) // 60))} min"
