"""Decides when the computer must not go to sleep by itself: only while files arrive or work leaves. No Qt here.

Only idle sleep is held off: the lid, the power button and every lock of the screen work as ever, this window's too.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from typing import Protocol

from sync.transfer.progress import SyncProgress, SyncStage

log = logging.getLogger("ui.awake")

STALL_S = 60.0
"""A download from which nothing has come for so long keeps nobody awake."""
AGAIN_S = 60.0
"""Between two looks at the battery, and between two tries after the computer said no."""
LOWEST_CHARGE_PERCENT = 20.0
"""On battery below this the computer may sleep: a transfer goes on where it stopped, an empty battery does not."""

AWAKE = "Keeping the computer awake"
REFUSED = "The computer may go to sleep meanwhile"


class SleepHold(Protocol):
    """The operating system's way of not going to sleep by itself."""

    def take(self, answered: Callable[[bool], None], lost: Callable[[], None]) -> None:
        """Ask for it; *answered*, at once or later, tells whether it holds. *lost*: it held, and does no more."""

    def release(self) -> None:
        """Sleep may come; nothing is answered any more. Without anything taken, nothing happens."""


AskBattery = Callable[[Callable[[float | None], None]], None]
"""Calls back with the charge in percent while the computer runs on its battery; None: on the mains, or unknown."""


class KeepAwake:
    """Told how the round goes; *say* gets what the reader is told, empty while nothing is held."""

    def __init__(
        self,
        hold: SleepHold,
        ask_battery: AskBattery,
        say: Callable[[str], None],
        *,
        is_paused: Callable[[], bool] = lambda: False,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.is_wanted = True
        """The reader's setting, or the site's."""
        self._hold = hold
        self._ask_battery = ask_battery
        self._say = say
        self._is_paused = is_paused
        self._clock = clock
        self._moved_at_s: float | None = None
        self._bytes_fetched = 0
        self._outbox_waits = self._is_sending = False
        self._asked = self._held = False
        self._not_before_s = self._battery_asked_at_s = float("-inf")
        self._charge_percent: float | None = None
        self._words = ""

    @property
    def is_moving(self) -> bool:
        """Something arrives or leaves at this moment."""
        if self._is_sending:
            return True
        is_arriving = self._moved_at_s is not None and self._clock() - self._moved_at_s < STALL_S
        return is_arriving and not self._is_paused()

    def outbox_is(self, waits: bool) -> None:
        """Whether something waits to leave."""
        self._outbox_waits = waits

    def progressed(self, progress: SyncProgress) -> None:
        """A moment of the round."""
        self._is_sending = progress.stage is SyncStage.SENDING and self._outbox_waits
        if progress.stage is not SyncStage.DOWNLOADING or progress.case_done >= progress.case_total:
            self._moved_at_s = None
        elif self._moved_at_s is None or progress.bytes_fetched != self._bytes_fetched:
            self._moved_at_s = self._clock()
        self._bytes_fetched = progress.bytes_fetched
        self.look()

    def round_ended(self) -> None:
        """Whatever came of it: nothing moves until the next one."""
        self._moved_at_s, self._is_sending = None, False
        self.look()

    def look(self) -> None:
        """Take, keep or release, as things stand now."""
        if not (self.is_wanted and self.is_moving):
            self._let_go()
            self._show("")
            return
        if self._clock() - self._battery_asked_at_s >= AGAIN_S:
            self._battery_asked_at_s = self._clock()
            self._ask_battery(self._battery_answered)
        if self._is_low:
            self._let_go()
            self._show(f"On battery at {self._charge_percent:.0f} %: the computer may go to sleep")
        elif not self._asked and self._clock() >= self._not_before_s:
            self._asked = True
            self._hold.take(self._answered, self._lost)

    @property
    def _is_low(self) -> bool:
        return self._charge_percent is not None and self._charge_percent < LOWEST_CHARGE_PERCENT

    def _battery_answered(self, charge_percent: float | None) -> None:
        self._charge_percent = charge_percent
        self.look()

    def _answered(self, holds: bool) -> None:
        self._held = holds
        if holds:
            log.info("the computer is kept awake")
            self._show(AWAKE)
        else:
            self._try_later()
            self._show(REFUSED)

    def _lost(self) -> None:
        log.info("the computer is not kept awake any more: whoever did it is gone")
        self._hold.release()
        self._try_later()
        self._show(REFUSED)

    def _try_later(self) -> None:
        self._asked = self._held = False
        self._not_before_s = self._clock() + AGAIN_S

    def _let_go(self) -> None:
        if self._asked:
            self._hold.release()
            if self._held:
                log.info("the computer may go to sleep again")
        self._asked = self._held = False

    def _show(self, words: str) -> None:
        if words != self._words:
            self._words = words
            self._say(words)
