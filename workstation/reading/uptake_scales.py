"""Finds the scale of uptake values (SUV) of each PET that hangs: in the background, once for the images here."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from workstation.lanes import Lanes

if TYPE_CHECKING:
    from viewers.radiology.frame import Series
    from viewers.radiology.stack_view import StackView
    from viewers.radiology.suv import NoSuv, SuvScale


class UptakeScales:
    """UI thread only. A view that meanwhile shows another series is not told."""

    def __init__(self, lanes: Lanes) -> None:
        self._lanes = lanes
        self._asked: list[Series] = []

    def close(self) -> None:
        """The case is closed."""
        self._asked.clear()

    def find(self, stacks: Sequence[StackView]) -> None:
        """Of those that are PET and do not have theirs; with more images of a series it may be another."""
        for view in stacks:
            series = view.series
            if series is None or series.modality != "PT" or view.uptake is not None:
                continue
            if any(series is asked for asked in self._asked):
                continue
            self._asked.append(series)
            self._ask(view, series)

    def _ask(self, view: StackView, series: Series) -> None:
        def read() -> SuvScale | NoSuv:
            from viewers.radiology.suv import suv_of

            return suv_of(series)

        def heard(found: SuvScale | NoSuv | None) -> None:
            self._asked = [asked for asked in self._asked if asked is not series]
            if found is not None and view.series is series:
                view.set_uptake(found)

        # A file that cannot be read says so itself, where its image would be.
        self._lanes.cpu_lane(read, heard, lambda _error: heard(None))
