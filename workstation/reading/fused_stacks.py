"""Lays a case's PET or SPECT over the stack being read: finds what can lie there, reads it in the background, once.

How it is laid, and which values it has, `viewers.radiology.fusion` and `fused_series` know.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from workstation.failure_words import sentence_for
from workstation.lanes import Lanes
from workstation.reading.case_reading import CaseReading, SeriesItem

if TYPE_CHECKING:
    from viewers.radiology.fused_series import FusedSeries
    from viewers.radiology.stack_view import StackView

NOTHING_FITS = (
    "Nothing can be laid over this series: no PET or SPECT of this patient shares its frame of reference. "
    "Choose the CT or MR of the same examination."
)


class FusedStacks:
    """UI thread only. What was read stays until the case is closed."""

    def __init__(self, lanes: Lanes, said: Callable[[str], None], refused: Callable[[str], None]) -> None:
        self._lanes = lanes
        self._said, self._refused = said, refused
        self._read: dict[str, FusedSeries] = {}
        self._wanted: dict[int, str] = {}
        """By view: the key of the series it waits for."""
        self._round = 0

    def close(self) -> None:
        """The case is closed: what was read goes, and no answer comes any more."""
        self._read.clear()
        self._wanted.clear()
        self._round += 1

    def step(self, view: StackView, item: SeriesItem, reading: CaseReading) -> None:
        """Lay the first series that fits over *view*; then the next one that does; after the last, none."""
        fitting = [other for other in reading.series if _fits(other, item)]
        if not fitting:
            self._refused(NOTHING_FITS)
            return
        now = view.fuse.fusion
        titles = [other.series.title for other in fitting]
        place = 0 if now is None else titles.index(now.series.title) + 1 if now.series.title in titles else len(titles)
        if place >= len(fitting):
            self._wanted.pop(id(view), None)
            view.fuse.put(None)
            self._said("Nothing lies over the images any more.")
            return
        self._lay(view, fitting[place])

    def _lay(self, view: StackView, over: SeriesItem) -> None:
        if over.key in self._read:
            self._put(view, over)
            return
        waits = over.key in self._wanted.values()
        self._wanted[id(view)] = over.key
        self._said(f"Reading {over.title} to lay it over these images…")
        if waits:
            return
        this_round, under = self._round, view.series

        def read() -> FusedSeries:
            from viewers.radiology.fused_series import load_fused

            return load_fused(over.series)

        def done(found: FusedSeries) -> None:
            if this_round != self._round:
                return
            self._read[over.key] = found
            is_wanted = self._wanted.pop(id(view), "") == over.key
            if is_wanted and view.series is under:
                self._put(view, over)

        def failed(error: Exception) -> None:
            if this_round == self._round:
                self._wanted.pop(id(view), None)
                self._refused(sentence_for(error))

        self._lanes.cpu_lane(read, done, failed)

    def _put(self, view: StackView, over: SeriesItem) -> None:
        from viewers.radiology.fusion import Fusion

        found = self._read[over.key]
        view.fuse.put(Fusion(found))
        inputs = "; ".join(f"{name} {value}" for name, value in found.inputs)
        how = f" {found.formula} ({inputs})." if found.formula else ""
        keys = "[ and ] change how strongly, with Ctrl up to which value."
        self._said(f"{over.title} lies over these images: {keys}{how}")


def _fits(over: SeriesItem, under: SeriesItem) -> bool:
    """Two patients are never laid over one another, nor what came only in part: a hole would look like no uptake."""
    from viewers.radiology.fused_series import can_lie_over

    return (
        not over.is_blocked
        and not over.here
        and over.patient_line == under.patient_line
        and can_lie_over(over.series, under.series)
    )
