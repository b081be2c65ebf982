"""Which stacks go along when one is scrolled, and to which image. No Qt.

Within a frame of reference by position (DICOM PS3.3 C.7.4.1: its coordinates are the same patient place). Between two
of them only once the reader has said that two images show the same level; the offset is kept, and said.
"""

from __future__ import annotations

from dataclasses import dataclass

from viewers.radiology.stack_levels import StackLevels


@dataclass(frozen=True, slots=True)
class LinkedPlace:
    """Where a stack goes to: its image, how far that lies beyond the level asked for, and by what offset it was found.

    ``offset_mm`` is None within a frame of reference; else what is added to the leader's level.
    """

    index: int
    away_mm: float
    offset_mm: float | None


class StackLinks:
    """The offsets between frames of reference that the reader has set in this case."""

    def __init__(self) -> None:
        self._offsets_mm: dict[tuple[str, str], float] = {}

    def forget(self) -> None:
        """Only what shares a frame of reference goes along from now on."""
        self._offsets_mm.clear()

    def link(self, one: StackLevels, one_index: int, other: StackLevels, other_index: int) -> None:
        """These two images show the same level. Nothing within one frame of reference, where positions say it."""
        if one.frame_of_reference == other.frame_of_reference or not one.is_alongside(other):
            return
        offset_mm = other.level_of(other_index) - one.level_of(one_index)
        self._offsets_mm[one.frame_of_reference, other.frame_of_reference] = offset_mm
        self._offsets_mm[other.frame_of_reference, one.frame_of_reference] = -offset_mm

    def follow(self, leader: StackLevels, index: int, follower: StackLevels) -> LinkedPlace | None:
        """Where *follower* goes when *leader* shows *index*; None where it does not go along."""
        if not leader.is_alongside(follower):
            return None
        if leader.frame_of_reference == follower.frame_of_reference:
            nearest = follower.nearest(follower.level_at(leader.centres[index]))
            return LinkedPlace(nearest.place, nearest.away_mm, None)
        offset_mm = self._offsets_mm.get((leader.frame_of_reference, follower.frame_of_reference))
        if offset_mm is None:
            return None
        nearest = follower.nearest(leader.level_of(index) + offset_mm)
        return LinkedPlace(nearest.place, nearest.away_mm, offset_mm)

    def first_place(self, leader: StackLevels, index: int, follower: StackLevels) -> int | None:
        """Which image of *follower* to open with beside *leader*'s *index*: by the link where there is one; else, as a
        first guess that links nothing, as far up its own stack. None where they are not sections of the same kind."""
        place = self.follow(leader, index, follower)
        if place is not None or not leader.is_alongside(follower):
            return None if place is None else place.index
        return follower.nearest(follower.at_height(leader.height_of(index))).place
