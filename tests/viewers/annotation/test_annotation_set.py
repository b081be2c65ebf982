from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from tests.viewers.annotation.marks import FRAME, SLIDE, line, mark, outline
from viewers.annotation.annotation import Annotation, FrameTarget
from viewers.annotation.annotation_set import AnnotationSet, Change, ChangeKind, MarksLocked
from viewers.annotation.shapes import ImagePoint


def test_that_marks_are_labelled_in_order_and_a_label_is_not_given_twice() -> None:
    marks = AnnotationSet("Practitioner/r")
    first = marks.draw(FRAME, line((0, 0), (1, 1)))
    second = marks.draw(SLIDE, line((0, 0), (1, 1)))
    marks.remove(second.annotation_id)
    assert (first.label, second.label, marks.draw(FRAME, line((0, 0), (2, 2))).label) == ("A1", "A2", "A3")


def test_that_numbering_goes_on_after_stored_marks() -> None:
    assert AnnotationSet("r", [mark(line((0, 0), (1, 1)), label="A7")]).draw(FRAME, line((0, 0), (1, 1))).label == "A8"
    assert AnnotationSet("r", first_number=12).draw(FRAME, line((0, 0), (1, 1))).label == "A12"


def test_that_a_mark_belongs_to_its_own_frame_only() -> None:
    marks = AnnotationSet("r")
    drawn = marks.draw(FRAME, line((0, 0), (1, 1)))
    assert marks.marks_on(FRAME) == (drawn,)
    assert marks.marks_on(FrameTarget(FRAME.series_uid, FRAME.sop_instance_uid, 2)) == ()
    assert marks.marks_on(FrameTarget(FRAME.series_uid, "1.2.840.1.8", 1)) == ()


def test_that_undo_goes_back_over_all_images_of_the_case() -> None:
    marks = AnnotationSet("r")
    on_frame = marks.draw(FRAME, line((0, 0), (1, 1)))
    on_slide = marks.draw(SLIDE, outline((0, 0), (5, 0), (0, 5)))
    marks.reshape(on_frame.annotation_id, line((0, 0), (9, 9)))
    assert marks.undo() and marks.find(on_frame.annotation_id) == on_frame
    assert marks.undo() and marks.marks == (on_frame,)
    assert marks.redo() and marks.find(on_slide.annotation_id) == on_slide
    assert marks.undo() and marks.undo() and not marks.undo()
    assert marks.marks == ()


def test_that_listeners_hear_each_change_until_they_leave() -> None:
    marks = AnnotationSet("r")
    heard: list[Change] = []
    leave = marks.subscribe(heard.extend)
    drawn = marks.draw(FRAME, line((0, 0), (1, 1)))
    marks.undo()
    leave()
    marks.redo()
    assert heard == [Change(ChangeKind.ADDED, drawn), Change(ChangeKind.REMOVED, drawn)]


def test_that_a_signed_cases_marks_refuse_every_change() -> None:
    stored = mark(line((0, 0), (1, 1)))
    marks = AnnotationSet("r")
    marks.add(stored)
    marks.read_only = True
    for change in (
        lambda: marks.draw(FRAME, line((0, 0), (1, 1))),
        lambda: marks.remove(stored.annotation_id),
        lambda: marks.reshape(stored.annotation_id, line((0, 0), (2, 2))),
        marks.undo,
        marks.redo,
    ):
        with pytest.raises(MarksLocked, match="signed"):
            change()
    assert marks.marks == (stored,)
    assert not marks.can_undo


def test_that_the_nearest_line_within_reach_is_found() -> None:
    near, far = mark(line((0, 0), (100, 0))), mark(line((0, 8), (100, 8)), label="A2")
    marks = AnnotationSet("r", [near, far])
    assert marks.find_near(FRAME, ImagePoint(50, 2), 5) == near
    assert marks.find_near(FRAME, ImagePoint(50, 7), 5) == far
    assert marks.find_near(FRAME, ImagePoint(50, 20), 5) is None
    assert marks.find_near(SLIDE, ImagePoint(50, 2), 5) is None


class UndoHistory(RuleBasedStateMachine):
    """Against a model that keeps every state whole."""

    def __init__(self) -> None:
        super().__init__()
        self.marks = AnnotationSet("r")
        self.states: list[frozenset[Annotation]] = [frozenset()]
        self.at = 0
        self.mirror: dict[str, Annotation] = {}
        self.marks.subscribe(self._hear)

    def _hear(self, changes: list[Change]) -> None:
        for change in changes:
            if change.kind is ChangeKind.REMOVED:
                del self.mirror[change.annotation.annotation_id]
            else:
                self.mirror[change.annotation.annotation_id] = change.annotation

    def _did(self) -> None:
        del self.states[self.at + 1 :]
        self.states.append(frozenset(self.marks.marks))
        self.at += 1

    @rule(target_image=st.sampled_from([FRAME, SLIDE]), x=st.integers(0, 50))
    def draw(self, target_image: FrameTarget, x: int) -> None:
        self.marks.draw(target_image, line((x, 0), (0, x + 1)))
        self._did()

    @precondition(lambda self: self.marks.marks)
    @rule(data=st.data(), x=st.integers(0, 50))
    def reshape(self, data: st.DataObject, x: int) -> None:
        chosen = data.draw(st.sampled_from(self.marks.marks))
        self.marks.reshape(chosen.annotation_id, outline((0, 0), (x + 1, 0), (0, 1)))
        self._did()

    @precondition(lambda self: self.marks.marks)
    @rule(data=st.data())
    def move_to_another_image(self, data: st.DataObject) -> None:
        chosen = data.draw(st.sampled_from(self.marks.marks))
        self.marks.replace(replace(chosen, target=SLIDE if chosen.target == FRAME else FRAME))
        self._did()

    @precondition(lambda self: self.marks.marks)
    @rule(data=st.data())
    def remove(self, data: st.DataObject) -> None:
        self.marks.remove(data.draw(st.sampled_from(self.marks.marks)).annotation_id)
        self._did()

    @rule()
    def undo(self) -> None:
        assert self.marks.can_undo == (self.at > 0)
        assert self.marks.undo() == (self.at > 0)
        self.at = max(0, self.at - 1)

    @rule()
    def redo(self) -> None:
        possible = self.at + 1 < len(self.states)
        assert self.marks.can_redo == possible
        assert self.marks.redo() == possible
        self.at += possible

    @invariant()
    def the_marks_are_those_of_this_state(self) -> None:
        assert frozenset(self.marks.marks) == self.states[self.at]

    @invariant()
    def whoever_listens_knows_the_same_marks(self) -> None:
        assert frozenset(self.mirror.values()) == self.states[self.at]

    @invariant()
    def each_image_has_exactly_its_marks(self) -> None:
        for image in (FRAME, SLIDE):
            assert set(self.marks.marks_on(image)) == {m for m in self.states[self.at] if m.target == image}

    @invariant()
    def labels_are_unique(self) -> None:
        labels = [m.label for m in self.marks.marks]
        assert len(set(labels)) == len(labels)


TestUndoHistory = UndoHistory.TestCase
TestUndoHistory.settings = settings(max_examples=40, stateful_step_count=25, deadline=None)
