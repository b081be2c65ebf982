from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from sync.changes import Changes
from sync.errors import StoreUnavailable
from sync.records.annotation_record import AnnotationRevision
from sync.store.database import Store, open_store
from tests.sync.sample_records import CASE, sample_case, sample_signed
from tests.viewers.annotation.marks import FRAME, SLIDE, line, outline
from tests.workstation.reading.lanes import LanesAtOnce, LanesWhenTold
from viewers.annotation.annotation_set import AnnotationSet
from workstation.lanes import Lanes
from workstation.reading.annotation_autosave import AnnotationAutosave, RevisionJournal, SaveState
from workstation.reading.mark_record import first_free_number, mark_of


class Journal:
    """Remembers revisions; refuses while ``broken``."""

    def __init__(self) -> None:
        self.revisions: list[AnnotationRevision] = []
        self.broken = False

    def append(self, revision: AnnotationRevision, /) -> Changes:
        if self.broken:
            raise StoreUnavailable("The disk is full.")
        self.revisions.append(revision)
        return Changes(annotations=frozenset({revision.case_id}))


class Saving:
    """An autosave with what it told."""

    def __init__(self, journal: RevisionJournal, lanes: Lanes, marks: AnnotationSet, revisions: dict[str, int]) -> None:
        self.states: list[SaveState] = []
        self.changes: list[Changes] = []
        self.later: list[Callable[[], None]] = []
        self.autosave = AnnotationAutosave(
            journal,
            lanes,
            marks,
            CASE,
            revisions,
            on_state=self.states.append,
            on_stored=self.changes.append,
            later=lambda seconds, call: self.later.append(call),
        )


def test_that_every_change_becomes_the_next_revision_of_its_mark() -> None:
    journal, marks = Journal(), AnnotationSet("Practitioner/r")
    saving = Saving(journal, LanesAtOnce(), marks, {})
    drawn = marks.draw(FRAME, line((0, 0), (1, 1)))
    other = marks.draw(SLIDE, outline((0, 0), (5, 0), (0, 5)))
    marks.reshape(drawn.annotation_id, line((0, 0), (9, 9)))
    marks.remove(drawn.annotation_id)
    marks.undo()
    assert [(r.annotation_id, r.revision, r.deleted) for r in journal.revisions] == [
        (drawn.annotation_id, 1, False),
        (other.annotation_id, 1, False),
        (drawn.annotation_id, 2, False),
        (drawn.annotation_id, 3, True),
        (drawn.annotation_id, 4, False),
    ]
    assert mark_of(journal.revisions[-1]) == marks.find(drawn.annotation_id)
    assert journal.revisions[1].target == SLIDE.key
    assert saving.states[-1] == SaveState(True)
    assert len(saving.changes) == 5


def test_that_numbers_go_on_where_the_stored_history_ended() -> None:
    journal, marks = Journal(), AnnotationSet("r")
    drawn = marks.draw(FRAME, line((0, 0), (1, 1)))
    Saving(journal, LanesAtOnce(), marks, {drawn.annotation_id: 7})
    marks.remove(drawn.annotation_id)
    assert journal.revisions[0].revision == 8


def test_that_work_handed_to_the_store_after_a_change_finds_it_stored() -> None:
    journal, marks, lanes = Journal(), AnnotationSet("r"), LanesWhenTold()
    Saving(journal, lanes, marks, {})
    seen: list[int] = []
    marks.draw(FRAME, line((0, 0), (1, 1)))
    marks.draw(FRAME, line((0, 0), (2, 2)))
    lanes.store_lane(lambda: seen.append(len(journal.revisions)))
    lanes.run()
    assert seen == [2]


def test_that_a_failure_is_told_retried_and_never_overtaken() -> None:
    journal, marks = Journal(), AnnotationSet("r")
    saving = Saving(journal, LanesAtOnce(), marks, {})
    journal.broken = True
    first = marks.draw(FRAME, line((0, 0), (1, 1)))
    second = marks.draw(FRAME, line((0, 0), (2, 2)))
    assert saving.states[-1] == SaveState(False, "The last marks are not saved yet: The disk is full. Trying again.")
    assert not saving.autosave.is_saved
    assert len(saving.later) == 1, "one retry waits, however many changes failed"
    journal.broken = False
    saving.later.pop()()
    assert [r.annotation_id for r in journal.revisions] == [first.annotation_id, second.annotation_id]
    assert saving.states[-1] == SaveState(True)


def test_that_a_closed_autosave_follows_no_more_but_still_writes_what_waits() -> None:
    journal, marks, lanes = Journal(), AnnotationSet("r"), LanesWhenTold()
    saving = Saving(journal, lanes, marks, {})
    marks.draw(FRAME, line((0, 0), (1, 1)))
    saving.autosave.close()
    marks.draw(FRAME, line((0, 0), (2, 2)))
    lanes.run()
    assert len(journal.revisions) == 1


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    store = open_store(tmp_path / "profile")
    store.cases.put_case(sample_case(), [])
    yield store
    store.close()


def test_that_marks_are_in_the_encrypted_store_as_soon_as_they_are_made(store: Store, tmp_path: Path) -> None:
    marks = AnnotationSet("Practitioner/r")
    Saving(store.annotations, LanesAtOnce(), marks, {})
    drawn = marks.draw(FRAME, line((0.1, 0.2), (1 / 3, 1e5)))
    marks.remove(marks.draw(FRAME, line((0, 0), (1, 1))).annotation_id)
    again = open_store(tmp_path / "profile", read_only=True)
    assert [mark_of(r) for r in again.annotations.list_current(CASE)] == [drawn]
    assert first_free_number(again.annotations.list_history(CASE)) == 3
    again.close()


def test_that_after_signing_a_change_is_refused_and_the_marks_become_read_only(store: Store) -> None:
    marks = AnnotationSet("Practitioner/r")
    saving = Saving(store.annotations, LanesAtOnce(), marks, {})
    store.opinions.put_signed(sample_signed())
    marks.draw(FRAME, line((0, 0), (1, 1)))
    assert marks.read_only
    assert "signed" in saving.states[-1].trouble
    assert not saving.later
    assert store.annotations.list_history(CASE) == ()
