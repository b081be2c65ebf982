"""How many kills, when, and what goes wrong on the line meanwhile: shared by the tests that kill at random instants.

Without READINGROOM_KILLS each runs its share of two minutes. READINGROOM_KILLS=500 is the full run: three of four kills
are of `readingroom sync`, the fourth is of the window; READINGROOM_SEED repeats a run. READINGROOM_KILL_SECONDS
lengthens the slice.
"""

from __future__ import annotations

import faulthandler
import os
import random
import time
from collections import Counter
from dataclasses import dataclass, field

WANTED = int(os.environ.get("READINGROOM_KILLS", "0"))
SLICE_S = float(os.environ.get("READINGROOM_KILL_SECONDS", "120"))
WINDOW_SHARE = 0.25
TIME_LIMIT_S = 0 if WANTED else SLICE_S + 480
"""For pytest-timeout; 0: none. What is waited for has limits of its own."""

CONDITIONS: dict[str, tuple[str, ...]] = {
    "sound": ("",),
    "cut": ("offline@2-", "offline@5-", "offline@9-", "offline:write"),
    "slow": ("slow=0.2", "slow=0.05", "slow=0.5:bytes"),
    "truncated, length announced": ("cut-with-length",),
    "truncated, no length": ("cut-without-length", "cut-chunked"),
    "401": ("answer-401@4", "answer-401:write"),
    "409": ("answer-409", "answer-409@2"),
    "412": ("answer-412", "answer-412@2"),
    "422": ("answer-422",),
    "429": ("answer-429:write", "answer-429@6"),
    "500": ("answer-500:write", "answer-500@7"),
    "503": ("answer-503@5", "answer-503:write"),
    "response lost after commit": ("lost-response-after-commit", "lost-response-after-commit@2"),
    "no transaction": ("no-transaction", "no-transaction,no-conditional-create", "no-conditional-create"),
    "no transaction, response lost": (
        "no-transaction,lost-response-after-commit@1", "no-transaction,lost-response-after-commit@3",
        "no-transaction,lost-response-after-commit",
    ),
}  # fmt: skip
"""What can be wrong with the line or the hospital, and how each is scripted (`sync.demo_hospital.faults`)."""


@dataclass
class KillPlan:
    """One run: goes on until it is full, and counts."""

    share: float
    seed: int = field(default_factory=lambda: int(os.environ.get("READINGROOM_SEED", str(random.randrange(2**32)))))
    kills: int = 0
    ended_before: int = 0
    by_condition: Counter[str] = field(default_factory=Counter)
    by_moment: Counter[str] = field(default_factory=Counter)

    def __post_init__(self) -> None:
        self.chance = random.Random(self.seed)
        self._began = time.monotonic()
        self._in_hand: list[str] = []
        if WANTED:
            faulthandler.cancel_dump_traceback_later()  # pytest's, meant for a test that hangs; this one is just long

    @property
    def wanted(self) -> int:
        """0: as many as go into the slice."""
        return round(WANTED * self.share)

    @property
    def is_full(self) -> bool:
        if self.wanted:
            return self.kills >= self.wanted
        return time.monotonic() - self._began >= SLICE_S * self.share

    def draw_condition(self) -> tuple[str, str]:
        """Each as often as the others, in random order: its name, and its script."""
        if not self._in_hand:
            self._in_hand = list(CONDITIONS)
            self.chance.shuffle(self._in_hand)
        name = self._in_hand.pop()
        return name, self.chance.choice(CONDITIONS[name])

    def count(self, condition: str, moment: str) -> None:
        """A kill that met the program alive; *moment*: what it was doing, in a few words."""
        self.kills += 1
        self.by_condition[condition] += 1
        self.by_moment[moment] += 1

    def __str__(self) -> str:
        lines = [f"{self.kills} kills, {self.ended_before} runs that ended before theirs, seed {self.seed}"]
        lines += [f"  {count:4} {what}" for what, count in sorted(self.by_moment.items())]
        lines += [f"  {self.by_condition[name]:4} on the line: {name}" for name in CONDITIONS]
        return "\n".join(lines)
