"""Every combination of what was attempted, answered and held leads to the one decision that protocol 1.5 names."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import product

from sync.conflicts import (
    Answered,
    Attempted,
    Decision,
    Held,
    HeldOpinion,
    MoveState,
    Release,
    Standing,
    decide,
)

Situation = tuple[Attempted, Answered, Held | None, bool]
FINAL = (Answered.SIGN_IN, Answered.REFUSED, Answered.BUSY)
"""Answers after which nothing is looked at: the next attempt looks first anyway."""


def all_held() -> Iterator[Held]:
    yes_or_no = (False, True)
    for facts in product(yes_or_no, yes_or_no, Standing, Release, yes_or_no, HeldOpinion, MoveState):
        yield Held(*facts)


def situations() -> Iterator[Situation]:
    for held in (None, *all_held()):
        for attempted, answered, tries_left in product(Attempted, Answered, (False, True)):
            is_sensible = held is None or attempted is Attempted.MOVE or held.move is MoveState.POSSIBLE
            if is_sensible:
                yield attempted, answered, held, tries_left


ALL = list(situations())


def decision(situation: Situation) -> Decision:
    attempted, answered, held, tries_left = situation
    return decide(attempted, answered, held, tries_left=tries_left)


def looked() -> Iterator[tuple[Attempted, Answered, Held, bool]]:
    """The situations in which the hospital was looked at."""
    for attempted, answered, held, tries_left in ALL:
        if held is not None and answered not in FINAL:
            yield attempted, answered, held, tries_left


def test_that_every_situation_has_a_decision_and_every_decision_is_used() -> None:
    assert len(ALL) > 30_000
    assert {decision(situation) for situation in ALL} == set(Decision)


def is_amending(attempted: Attempted, held: Held) -> bool:
    """A completed assignment takes an amendment of the opinion it holds, and nothing else."""
    is_completed = held.standing is Standing.COMPLETED
    return attempted is Attempted.OPINION and is_completed and held.opinion is HeldOpinion.AMENDED


def test_that_something_leaves_only_when_all_is_as_it_was() -> None:
    """The safety rule, stated the other way round: SEND exactly where each single fact allows it."""
    for situation in ALL:
        attempted, answered, held, tries_left = situation
        may_leave = (
            held is not None
            and held.reachable
            and held.ours
            and (held.standing is Standing.OPEN or is_amending(attempted, held))
            and held.release in (Release.HOLDS, Release.ENDED_SINCE)
            and held.move is MoveState.POSSIBLE
            and not (attempted is Attempted.OPINION and held.terms_changed)
            and (
                held.opinion in (HeldOpinion.NONE, HeldOpinion.AMENDED)
                or (attempted is not Attempted.OPINION and held.opinion is not HeldOpinion.ANOTHERS)
            )
            and (answered is Answered.NOT_ASKED or (answered is Answered.SUPERSEDED and tries_left))
        )
        assert (decision(situation) is Decision.SEND) == may_leave, situation


def test_that_nothing_is_repeated_after_an_unknown_outcome_without_a_look() -> None:
    for attempted, answered, held, tries_left in ALL:
        if answered is Answered.UNKNOWN:
            decided = decide(attempted, answered, held, tries_left=tries_left)
            assert decided is not Decision.SEND
            assert (decided is Decision.LOOK) == (held is None)


def test_that_an_opinion_counts_as_delivered_only_when_the_hospital_shows_it() -> None:
    for situation in ALL:
        attempted, answered, held, _ = situation
        if attempted is Attempted.OPINION:
            shown = held is not None and held.reachable and held.opinion is HeldOpinion.OURS and answered not in FINAL
            assert (decision(situation) is Decision.DELIVERED) == shown, situation


def test_that_an_answer_that_ends_the_attempt_ends_it_whatever_is_held() -> None:
    wanted = {
        Answered.SIGN_IN: Decision.SIGN_IN,
        Answered.REFUSED: Decision.ATTENTION,
        Answered.BUSY: Decision.WAIT,
    }
    for situation in ALL:
        if situation[1] in wanted:
            assert decision(situation) is wanted[situation[1]]


def test_that_a_case_taken_away_is_locked() -> None:
    for attempted, answered, held, tries_left in looked():
        opinion_is_there = attempted is Attempted.OPINION and held.opinion not in (
            HeldOpinion.NONE,
            HeldOpinion.ANOTHERS,
        )
        is_cancelled = held.standing is Standing.CANCELLED and held.move is not MoveState.MADE
        if not held.reachable or ((not held.ours or is_cancelled) and not opinion_is_there):
            assert decide(attempted, answered, held, tries_left=tries_left) is Decision.LOCK


def test_that_only_a_withdrawn_release_shreds_and_only_while_the_case_is_ours_and_open() -> None:
    for attempted, answered, held, tries_left in looked():
        if decide(attempted, answered, held, tries_left=tries_left) is Decision.SHRED:
            assert held.release is Release.WITHDRAWN
            assert held.reachable and held.ours
            assert held.standing is Standing.OPEN or is_amending(attempted, held)
    for situation in ALL:
        if situation[2] is None or situation[2].release is not Release.WITHDRAWN:
            assert decision(situation) is not Decision.SHRED


def test_that_changed_terms_void_a_signature_and_nothing_else() -> None:
    for attempted, answered, held, tries_left in looked():
        decided = decide(attempted, answered, held, tries_left=tries_left)
        if decided is Decision.SIGN_AGAIN:
            assert attempted is Attempted.OPINION and held.terms_changed
            assert held.opinion in (HeldOpinion.NONE, HeldOpinion.ANOTHERS, HeldOpinion.AMENDED)
        if attempted is not Attempted.OPINION:
            same = Held(
                held.reachable, held.ours, held.standing, held.release, not held.terms_changed, held.opinion, held.move
            )
            assert decided is decide(attempted, answered, same, tries_left=tries_left)


def test_that_an_opinion_already_there_is_said_and_never_sent_over() -> None:
    wanted = {
        HeldOpinion.FROM_ELSEWHERE: Decision.ALREADY_THERE,
        HeldOpinion.OUR_EARLIER: Decision.EARLIER_ARRIVED,
        HeldOpinion.SAME_NUMBER: Decision.COLLISION,
    }
    for attempted, answered, held, tries_left in looked():
        if attempted is Attempted.OPINION and held.reachable and held.opinion in wanted:
            assert decide(attempted, answered, held, tries_left=tries_left) is wanted[held.opinion]


def test_that_three_tries_against_a_changing_task_are_all() -> None:
    for attempted, answered, held, tries_left in looked():
        if answered is Answered.SUPERSEDED and not tries_left:
            assert decide(attempted, answered, held, tries_left=False) is not Decision.SEND
