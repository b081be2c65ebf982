"""Draws the outlines of a case's structure sets and segmentations over the stacks being read.

Which contour lies on which image, `viewers.radiology.outlines` decides.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from workstation.failure_words import sentence_for
from workstation.lanes import Lanes
from workstation.reading.case_reading import CaseReading, SeriesItem

if TYPE_CHECKING:
    from viewers.radiology.outlines import Outlines
    from viewers.radiology.stack_view import StackView

NONE_HERE = "This case has no structure set or segmentation whose outlines could be drawn over these images."
NONE_FITS = (
    "Nothing is outlined: no structure set or segmentation of this patient shares these images' frame of reference."
)
NONE_MEETS = "None of the outlines lies in these images."
TAKEN_OFF = "The outlines are not drawn any more."


class OutlinedStacks:
    """UI thread only."""

    def __init__(self, lanes: Lanes, said: Callable[[str], None], refused: Callable[[str], None]) -> None:
        self._lanes = lanes
        self._said, self._refused = said, refused
        self._round = 0

    def close(self) -> None:
        """The case is closed: no answer comes any more."""
        self._round += 1

    def toggle(self, view: StackView, item: SeriesItem, reading: CaseReading) -> None:
        """Draw the outlines of every structure set of the stack's patient over *view*, or take them off."""
        if view.outlined.outlines is not None:
            view.outlined.put(None)
            self._said(TAKEN_OFF)
            return
        files = [
            one.source for one in reading.structures if one.patient_line == item.patient_line and not one.is_blocked
        ]
        if not files:
            self._refused(NONE_HERE)
            return
        this_round, series = self._round, item.series

        def read() -> Outlines | None:
            from viewers.radiology.outlines import lay_out
            from viewers.radiology.structure_files import load_structures

            return lay_out([load_structures(source) for source in files], series)

        def done(found: Outlines | None) -> None:
            if this_round != self._round or view.series is not series:
                return
            if found is None:
                self._refused(NONE_FITS)
                return
            view.outlined.put(found)
            names = ", ".join(name for name, _colour in found.names)
            self._said(
                f"Outlined: {names} (S takes it off)." if names else "None of the outlines lies in these images."
            )

        def failed(error: Exception) -> None:
            if this_round == self._round:
                self._refused(sentence_for(error))

        self._lanes.cpu_lane(read, done, failed)
