"""Reads the headers that the pane of elements shows: in the background, the newest wish first. No Qt.

Headers are patient data: nothing of them is kept once the pane is put away.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from viewers.byte_source import ByteSource
from workstation.failure_words import sentence_for
from workstation.lanes import Lanes

if TYPE_CHECKING:
    from viewers.radiology.element_differences import Difference
    from viewers.radiology.elements import ElementRow


@dataclass(frozen=True, slots=True)
class NamedImage:
    """One image's file and what the pane calls it ("image 12 of 40 (DICOM instance 12)")."""

    key: str
    """Its SOP Instance UID: frames of one file have the same."""
    title: str
    source: ByteSource


@dataclass(frozen=True, slots=True)
class Elements:
    """What the pane shows: all elements of ``image``, or where ``other`` is set what the two differ in."""

    image: NamedImage
    rows: Sequence[ElementRow] = ()
    other: NamedImage | None = None
    differences: Sequence[Difference] = ()


class ElementsPresenter:
    """*show* is called on the UI thread with what is read, *say* with a sentence where there is nothing to show."""

    def __init__(self, lanes: Lanes, show: Callable[[Elements], None], say: Callable[[str], None]) -> None:
        self._lanes = lanes
        self._show = show
        self._say = say
        self._wanted: tuple[NamedImage, NamedImage | None] | None = None
        self._is_reading = False
        self._known: dict[str, tuple[ElementRow, ...]] = {}

    def want(self, image: NamedImage, other: NamedImage | None = None) -> None:
        """Show the elements of *image*, or what it differs in from *other*. While one is read only the last wish
        waits: who scrolls fast is not made to wait for every header on the way."""
        self._wanted = image, other
        self._read_next()

    def put_away(self) -> None:
        """The case is closed, or the pane: nothing that was read stays, and what is being read is not shown."""
        self._wanted = None
        self._known.clear()

    def _read_next(self) -> None:
        if self._is_reading or self._wanted is None:
            return
        wanted, known = self._wanted, dict(self._known)
        self._is_reading = True
        self._lanes.cpu_lane(
            lambda: _read(*wanted, known), lambda found: self._heard(wanted, found), lambda e: self._failed(wanted, e)
        )

    def _heard(
        self,
        wanted: tuple[NamedImage, NamedImage | None],
        found: tuple[Elements, dict[str, tuple[ElementRow, ...]]],
    ) -> None:
        self._is_reading = False
        if self._wanted is None:
            return
        elements, self._known = found
        if wanted == self._wanted:
            self._show(elements)
        else:
            self._read_next()

    def _failed(self, wanted: tuple[NamedImage, NamedImage | None], error: Exception) -> None:
        self._is_reading = False
        if wanted == self._wanted:
            self._say(sentence_for(error))
        else:
            self._read_next()


def _read(
    image: NamedImage, other: NamedImage | None, known: dict[str, tuple[ElementRow, ...]]
) -> tuple[Elements, dict[str, tuple[ElementRow, ...]]]:
    """What is wanted, and the headers it took: they are all that is kept for the next time."""
    from viewers.radiology.element_differences import differences
    from viewers.radiology.elements import list_elements

    rows = {one.key: known.get(one.key) or list_elements(one.source) for one in (image, other) if one is not None}
    if other is None:
        return Elements(image, rows[image.key]), rows
    return Elements(image, (), other, tuple(differences(rows[image.key], rows[other.key]))), rows
