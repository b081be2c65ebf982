"""The check that an amendment says something else than the opinion it amends. No Qt."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from sync.records.amendment import Amendment
from sync.records.answer_rules import final_items
from sync.records.case import CaseId
from sync.records.opinion_checks import Check
from sync.records.questionnaire import Questionnaire
from sync.records.questionnaire_response import Response, load_response

if TYPE_CHECKING:
    from sync.store.database import Store

UNCHANGED = "amendment-unchanged"


@dataclass(frozen=True, slots=True)
class Delivered:
    """What the hospital holds of an opinion that is being amended."""

    response: Response
    marks_changed: bool
    """A mark was made, moved or removed since it was signed."""


def find_delivered(store: Store, case_id: CaseId, amendment: Amendment, form: Questionnaire) -> Delivered | None:
    """The opinion that *amendment* amends, read with *form*; None where it is not on this computer."""
    for signed in store.opinions.list_signed(case_id):
        if signed.frozen.opinion_identifier == amendment.opinion_identifier:
            # A signed case takes no marks, so whatever is younger came with the amendment.
            marks = store.annotations.list_history(case_id)
            changed = any(mark.at > signed.frozen.signed_at for mark in marks)
            return Delivered(load_response(form, signed.frozen.response), changed)
    return None


def amendment_check(amendment: Amendment, delivered: Delivered, response: Response) -> Check:
    """Blocks while what would be signed says what the hospital has already."""
    passed = delivered.marks_changed or final_items(response) != final_items(delivered.response)
    kind = amendment.kind.value
    sentence = "" if passed else (
        f"Nothing has been changed yet: the {kind} would say what the delivered opinion says. "
        "Change an answer or a mark, or drop the amendment."
    )  # fmt: skip
    return Check(UNCHANGED, f"The {kind} differs from the delivered opinion", passed, True, sentence)
