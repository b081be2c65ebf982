"""Keeps the visible stacks of one patient together: scrolls them along, draws where they cross, shares one point.

Which of them belong together, and where each goes, `viewers.radiology.stack_links` decides.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from typing import TYPE_CHECKING

from workstation.reading.case_reading import SeriesItem

if TYPE_CHECKING:
    from viewers.geometry import PatientPoint
    from viewers.radiology.stack_links import LinkedPlace, StackLinks
    from viewers.radiology.stack_view import StackView

    Hung = tuple[StackView, SeriesItem]

NOT_LINKED = "Not linked: press Y at the same level."
_LEVEL_TOLERANCE = 0.75
"""Of the larger of two slice spacings: within it two images count as one level."""


class LinkedStacks:
    """UI thread only. `watch` says what hangs; nothing is remembered of views that hang no more."""

    def __init__(self) -> None:
        self.is_on = True
        self._links: StackLinks | None = None
        self._hung: tuple[Hung, ...] = ()
        self._leader: StackView | None = None
        self._is_moving = False

    def close(self) -> None:
        """The case is closed: offsets go with it."""
        self.watch((), None)
        self._links = None
        self.is_on = True

    def watch(self, hung: Sequence[Hung], leader: StackView | None) -> None:
        """These stacks are visible now; *leader* is the active one, whose plane the others show as a line."""
        known = {id(view) for view, _ in self._hung}
        for view, _ in self._hung:
            if all(view is not other for other, _item in hung):
                view.shared.clear()
        self._hung = tuple(hung)
        self._leader = leader
        for view, _ in hung:
            if id(view) not in known:
                view.frame_changed.connect(partial(self._scrolled, view))
                view.point_chosen.connect(partial(self._pointed, view))
        self._show_links()
        self._draw_lines()

    def toggle(self) -> str:
        """Off where everything that can be linked is; else link: what hangs now in another frame of reference counts
        as the same level from here on. One sentence that says what happened."""
        pairs = list(self._pairs())
        if not pairs:
            return "Nothing can be linked: show another series of this patient, in the same plane, beside this one."
        links = self._find_links()
        unlinked = [(leader, other) for leader, other in pairs if self._follow(leader, other) is None]
        if self.is_on and not unlinked:
            self.is_on = False
            links.forget()
            self._show_links()
            return "Scrolling is not linked any more (Y links it again)."
        self.is_on = True
        for leader, other in unlinked:
            one, two = leader.shared.levels, other.shared.levels
            assert one is not None and two is not None
            links.link(one, leader.frame_index, two, other.frame_index)
        if self._leader is not None:
            self._scrolled(self._leader, self._leader.frame_index)
        if unlinked:
            return "Linked here: these images count as the same level. Their offset stands on the image."
        return "Scrolling is linked by the position in the patient."

    def start_beside(self, leader: StackView, other: StackView) -> None:
        """*other* was just hung beside *leader*: it opens at its level where they are linked, and else as far up its
        own stack, which the image says is not linked."""
        one, two = leader.shared.levels, other.shared.levels
        if one is None or two is None:
            return
        place = self._find_links().first_place(one, leader.frame_index, two)
        if place is not None:
            with self._moving():
                other.scroll.to(place)

    def clear_point(self) -> None:
        """Nobody points any more."""
        for view, _ in self._hung:
            view.shared.show_point(None)

    def _scrolled(self, leader: StackView, index: int) -> None:
        if self._is_moving or all(leader is not view for view, _ in self._hung):
            return
        self._leader = leader
        if self.is_on:
            with self._moving():
                for other in self._others(leader):
                    place = self._follow(leader, other, index)
                    if place is not None:
                        other.scroll.to(place.index)
        self._show_links()
        self._draw_lines()

    def _pointed(self, source: StackView, point: PatientPoint) -> None:
        """Every stack of the same frame of reference shows its image nearest to *point*, and the point on it."""
        levels = source.shared.levels
        source.shared.show_point(point)
        for view in self._others(source):
            other = view.shared.levels
            if levels is None or other is None or levels.frame_of_reference != other.frame_of_reference:
                view.shared.show_point(None)
                continue
            with self._moving():
                view.scroll.to(other.nearest(other.level_at(point)).place)
            view.shared.show_point(point)
        self._show_links()
        self._draw_lines()

    def _show_links(self) -> None:
        leader = self._leader
        for view, _ in self._hung:
            place = None
            if leader is not None and view is not leader and self.is_on and view in self._others(leader):
                place = self._follow(leader, view)
            if leader is None or place is None:
                view.shared.show_link("", NOT_LINKED if self.is_on and self._could_follow(view) else "")
            else:
                view.shared.show_link(_link_words(place), _level_notice(leader, view, place))

    def _draw_lines(self) -> None:
        from viewers.radiology.reference_line import find_reference_line

        leader = self._leader
        together = [] if leader is None else list(self._others(leader))
        for view, _ in self._hung:
            line = None
            if leader is not None and view in together and _share_a_frame(leader, view):
                of, on = leader.current_frame, view.current_frame
                line = None if of is None or on is None else find_reference_line(of, on)
            view.shared.show_lines(() if line is None else (line,))

    def _follow(self, leader: StackView, other: StackView, index: int | None = None) -> LinkedPlace | None:
        one, two = leader.shared.levels, other.shared.levels
        if one is None or two is None:
            return None
        return self._find_links().follow(one, leader.frame_index if index is None else index, two)

    def _could_follow(self, view: StackView) -> bool:
        return any(view is other for _, other in self._pairs())

    def _pairs(self) -> Iterator[tuple[StackView, StackView]]:
        """The leader with each stack of the same kind of section."""
        leader = self._leader
        if leader is None or leader.shared.levels is None:
            return
        for other in self._others(leader):
            if other.shared.levels is not None and leader.shared.levels.is_alongside(other.shared.levels):
                yield leader, other

    def _others(self, leader: StackView) -> list[StackView]:
        """The other visible stacks of the leader's patient: two patients are never linked."""
        patient = next((item.patient_line for view, item in self._hung if view is leader), None)
        return [view for view, item in self._hung if view is not leader and item.patient_line == patient]

    def _find_links(self) -> StackLinks:
        if self._links is None:
            from viewers.radiology.stack_links import StackLinks

            self._links = StackLinks()
        return self._links

    @contextmanager
    def _moving(self) -> Iterator[None]:
        """Stacks that are moved do not lead the others in turn."""
        self._is_moving = True
        try:
            yield
        finally:
            self._is_moving = False


def _share_a_frame(one: StackView, other: StackView) -> bool:
    """Whether positions of both mean the same place, and they are not sections of the same kind."""
    uids = [None if view.series is None else view.series.frame_of_reference_uid for view in (one, other)]
    if not uids[0] or uids[0] != uids[1]:
        return False
    first, second = one.shared.levels, other.shared.levels
    return first is None or second is None or not first.is_alongside(second)


def _link_words(place: LinkedPlace) -> str:
    if place.offset_mm is None:
        return "Linked by position"
    return f"Linked by you, {place.offset_mm:+.1f} mm"


def _level_notice(leader: StackView, view: StackView, place: LinkedPlace) -> str:
    """Said where the image shown is not the leader's level: its stack ends before, or the reader scrolled it alone."""
    one, two = leader.shared.levels, view.shared.levels
    if one is None or two is None:
        return ""
    away_mm = place.away_mm + two.level_of(view.frame_index) - two.level_of(place.index)
    if abs(away_mm) <= max(_LEVEL_TOLERANCE * max(one.usual_step_mm, two.usual_step_mm), 0.5):
        return ""
    return f"Not the level shown beside it: {abs(away_mm):.0f} mm away."
