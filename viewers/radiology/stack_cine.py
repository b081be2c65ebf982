"""Playing a stack: a facet of the stack view. Rate, range, loop or sweep; what is due when is `cine_run`. No Qt.

The view has the timer, and paints; here is what it asks at each of its ticks.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TYPE_CHECKING

from viewers.radiology.cine_run import CineRun
from viewers.radiology.display_facts import CineFacts

if TYPE_CHECKING:
    from viewers.radiology.stack_view import StackView

DEFAULT_FPS = 15.0
"""Where the file states no rate; the words on the image say so."""
_RATES_FPS = (0.5, 1, 2, 3, 4, 5, 6, 8, 10, 12, 15, 20, 25, 30, 40, 50, 60, 80, 100, 120)
_WHILE_WAITING_S = 0.03


class CineControl:
    """Of one view. Stops when the reader scrolls, when another series comes and when the view is not seen."""

    def __init__(self, view: StackView) -> None:
        self._view = view
        self.clock: Callable[[], float] = time.monotonic
        """Seconds, of any zero; another one in tests."""
        self._run: CineRun | None = None
        self._chosen_fps: float | None = None
        self._sweeps: bool | None = None
        self._first: int | None = None
        self._last: int | None = None

    @property
    def is_playing(self) -> bool:
        return self._run is not None

    @property
    def rate_fps(self) -> float:
        """Frames a second: the reader's, else the file's, else `DEFAULT_FPS`."""
        stated = self._stated()
        return self._chosen_fps or (DEFAULT_FPS if stated is None else stated.rate_fps)

    @property
    def sweeps(self) -> bool:
        """There and back, not from the start again."""
        stated = self._stated()
        return self._sweeps if self._sweeps is not None else stated is not None and stated.sweeps

    @property
    def ends(self) -> tuple[int, int]:
        """Indices of the first and last frame played: the reader's, else the file's, else all."""
        first, last = self._stated_ends()
        return (first if self._first is None else self._first), (last if self._last is None else self._last)

    def toggle(self) -> None:
        """Play or pause."""
        if self._run is not None:
            self.stop()
        elif self._view.frame_count < 2:
            self._view.refused.emit("There is one image here: nothing to play.")
        elif self._view.is_seen:
            self._begin()

    def stop(self) -> None:
        """The frame shown now stays."""
        if self._run is not None:
            self._run = None
            self._view.cine_changed()

    def forget(self) -> None:
        """Another series: its own rate, all of it, from the beginning."""
        self.stop()
        self._chosen_fps = self._sweeps = self._first = self._last = None

    def faster(self) -> None:
        self._choose(min((rate for rate in _RATES_FPS if rate > self.rate_fps * 1.001), default=_RATES_FPS[-1]))

    def slower(self) -> None:
        self._choose(max((rate for rate in _RATES_FPS if rate < self.rate_fps * 0.999), default=_RATES_FPS[0]))

    def toggle_sweep(self) -> None:
        """There and back, or in a loop."""
        self._sweeps = not self.sweeps
        self._go_on()

    def from_here(self) -> None:
        """The frame shown is the first that is played; a second time on the same one: the whole again."""
        here = self._view.frame_index
        self._first = None if self._first == here else here
        if self._last is not None and self._last <= here:
            self._last = None
        self._go_on()

    def to_here(self) -> None:
        """The frame shown is the last that is played; a second time on the same one: the whole again."""
        here = self._view.frame_index
        self._last = None if self._last == here else here
        if self._first is not None and self._first >= here:
            self._first = None
        self._go_on()

    def tick(self) -> float | None:
        """Show what is due. Seconds until the next tick; None when nothing is played."""
        run = self._run
        if run is None:
            return None
        if not self._view.is_seen:
            self.stop()
            return None
        now, said, waited_for = self.clock(), run.said, run.waited_for
        self._view.show_frame(run.tick(now, self._is_here))
        if self._run is not run:
            return None  # whoever heard of the frame stopped it
        if (run.said, run.waited_for) != (said, waited_for):
            self._view.update()
        return _WHILE_WAITING_S if run.waited_for is not None else run.seconds_left(now)

    def painted(self, index: int) -> None:
        """That frame, decoded, is on the screen."""
        if self._run is not None:
            self._run.painted(index)

    @property
    def words(self) -> str:
        """For the corner; empty when nothing is played and no range is chosen."""
        first, last = self.ends
        is_part = (first, last) != (0, self._view.frame_count - 1)
        if self._run is None and not (is_part and self._view.frame_count > 1):
            return ""
        part = [f"images {first + 1}–{last + 1}"] if is_part else []
        part += ["there and back"] if self.sweeps else []
        if self._run is None:
            return " · ".join((f"Cine paused, {self.rate_fps:.3g} fps", *part))
        return " · ".join((self._pace(self._run), *part))

    def _pace(self, run: CineRun) -> str:
        if run.waited_for is not None:
            return f"Cine waits for image {run.waited_for + 1}"
        if run.said is not None:
            return f"Cine {run.said[0]} of {run.said[1]} fps"
        source = "chosen" if self._chosen_fps else "no rate in the file" if self._stated() is None else "of the file"
        return f"Cine {self.rate_fps:.3g} fps, {source}"

    def _choose(self, fps: float) -> None:
        if self._view.frame_count > 1:
            self._chosen_fps = float(fps)
            self._go_on()

    def _begin(self) -> None:
        index, ends = self._view.frame_index, self.ends
        start = index if ends[0] <= index <= ends[1] else ends[0]
        self._run = CineRun(start, ends, self._wait_s, self.clock(), sweeps=self.sweeps)
        self._view.show_frame(start)
        self._view.cine_changed()

    def _go_on(self) -> None:
        if self._run is not None:
            self._begin()
        else:
            self._view.cine_changed()

    def _stated(self) -> CineFacts | None:
        frame = self._view.current_frame
        return None if frame is None else frame.display.cine

    def _stated_ends(self) -> tuple[int, int]:
        series, stated = self._view.series, self._stated()
        whole = 0, max(0, self._view.frame_count - 1)
        if series is None or stated is None or stated.trim is None:
            return whole
        inside = [i for i, f in enumerate(series.frames) if stated.trim[0] <= f.frame_number <= stated.trim[1]]
        is_one_run = len(inside) > 1 and inside[-1] - inside[0] == len(inside) - 1
        return (inside[0], inside[-1]) if is_one_run else whole

    def _wait_s(self, index: int, following: int) -> float:
        """How long the frame at *index* stands before *following*: the file's own wait, at the rate chosen."""
        series, stated = self._view.series, self._stated()
        usual = 1 / self.rate_fps
        if series is None or stated is None or not stated.waits_ms or index == following:
            return usual
        one, other = series.frames[index], series.frames[following]
        if one.sop_instance_uid != other.sop_instance_uid or abs(index - following) > 1:
            return usual
        start, end = sorted((one.frame_number, other.frame_number))
        waits = stated.waits_ms
        mean_ms = sum(waits[1:]) / (len(waits) - 1)
        return sum(waits[start:end]) / mean_ms * usual

    def _is_here(self, index: int) -> bool:
        pixels = self._view.pixels
        return pixels is not None and (pixels.is_loaded(index) or bool(pixels.find_error(index)))
