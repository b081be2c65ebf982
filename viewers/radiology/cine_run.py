"""A stack being played: which frame is due when, which were dropped, which is waited for. No Qt, and no clock of its
own: every call is given the time, in seconds."""

from __future__ import annotations

from collections.abc import Callable

_GIVEN_UP_S = 1.0
"""Later than this, playing goes on from here: a computer that slept must not race through what it missed."""
_SAME_S = 1e-6
"""Sums of thirtieths of a second miss the whole second by less."""


class CineRun:
    """From the frame at *index*, within ``first`` … ``last``, both shown; there and back where it *sweeps*.

    *wait_s* says how long the first frame stands before the second follows (their indices, either way round).
    """

    def __init__(
        self, index: int, ends: tuple[int, int], wait_s: Callable[[int, int], float], now_s: float, *, sweeps: bool
    ) -> None:
        self.first, self.last = ends
        self._wait_s = wait_s
        self._sweeps = sweeps
        self._step = 1
        self.index = min(max(index, self.first), self.last)
        self.waited_for: int | None = None
        """The frame that is due and not here."""
        self.said: tuple[int, int] | None = None
        """Frames shown and frames due in the last whole second, where some were dropped."""
        self._due_s = now_s + self._wait_to_next()
        self._is_painted = True
        self._counted_from_s = now_s
        self._steps = self._dropped = 0

    def tick(self, now_s: float, is_here: Callable[[int], bool]) -> int:
        """The frame to show at that time. One that is not here is waited for, and time stands still meanwhile."""
        if self.waited_for is not None:
            if not is_here(self.waited_for):
                return self.index
            self.waited_for, self._due_s = None, now_s
        if now_s - self._due_s > _GIVEN_UP_S:
            self._due_s = now_s
        while now_s >= self._due_s - _SAME_S:
            following = self._following()
            if not is_here(following):
                self.waited_for = following
                break
            self._turn_towards(following)
            self._steps += 1
            self._dropped += not self._is_painted
            self.index, self._is_painted = following, False
            self._due_s += self._wait_to_next()
        self._count(now_s)
        return self.index

    def painted(self, index: int) -> None:
        """That frame is on the screen now."""
        if index == self.index:
            self._is_painted = True

    def seconds_left(self, now_s: float) -> float:
        """Until the next frame is due; 0 when it is."""
        return max(0.0, self._due_s - now_s)

    def _count(self, now_s: float) -> None:
        seconds = now_s - self._counted_from_s
        if seconds < 1.0:
            return
        shown, due = self._steps - self._dropped, self._steps
        self.said = (round(shown / seconds), round(due / seconds)) if self._dropped else None
        self._counted_from_s, self._steps, self._dropped = now_s, 0, 0

    def _following(self) -> int:
        if self.first == self.last:
            return self.index
        beyond = self.index + self._step
        if self.first <= beyond <= self.last:
            return beyond
        return self.index - self._step if self._sweeps else self.first

    def _turn_towards(self, following: int) -> None:
        if self._sweeps and following != self.index:
            self._step = 1 if following > self.index else -1

    def _wait_to_next(self) -> float:
        return self._wait_s(self.index, self._following())
