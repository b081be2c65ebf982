"""The checks an opinion passes before it may be signed, beyond what its form demands (protocol: opinion form, gate).

Each check has a name, one sentence, and the place in the form to go to. Nothing here decides to sign.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from sync.records.answer import Coding, Reference
from sync.records.answer_rules import Enablement, missing_answers, refused_answers
from sync.records.case import Case
from sync.records.questionnaire import Questionnaire
from sync.records.questionnaire_response import ItemPath, Response
from sync.records.reviewable_records import LABORATORY, reviewable_records


@dataclass(frozen=True, slots=True)
class Check:
    """One check. ``blocking`` ones stop a signature while not passed; others are for the reader to weigh."""

    name: str
    title: str
    passed: bool
    blocking: bool
    sentence: str = ""
    path: ItemPath | None = None


@dataclass(frozen=True, slots=True)
class CompletenessNote:
    """A record of which not everything is here, e.g. ``CT chest: 48 of 56 images here``."""

    title: str
    sentence: str


def check_opinion(
    form: Questionnaire, response: Response, case: Case, incomplete: Sequence[CompletenessNote] = ()
) -> tuple[Check, ...]:
    """Every check in the order a reader meets its subject. Missing and refused answers come one check each."""
    checks = [
        Check("required", problem.label, False, True, problem.sentence, problem.path)
        for problem in missing_answers(form, response)
    ]
    checks += [
        Check("allowed", problem.label, False, True, problem.sentence, problem.path)
        for problem in refused_answers(form, response)
    ]
    if not checks:
        checks.append(Check("required", "All required items are answered", True, True))
    answers = _AnswersByLink(response)
    checks.append(_every_question(form, answers, case))
    checks += _adequacy(form, answers)
    checks += _critical(form, answers)
    checks += _indeterminate(form, answers)
    checks += _materials(form, answers, case)
    checks += [Check("complete", note.title, False, False, f"{note.title}: {note.sentence}") for note in incomplete]
    return tuple(checks)


def blocking_checks(checks: Sequence[Check]) -> tuple[Check, ...]:
    return tuple(check for check in checks if check.blocking and not check.passed)


class _AnswersByLink:
    """The shown answers of a response by linkId."""

    def __init__(self, response: Response) -> None:
        enablement = Enablement(response)
        self._rows = [
            (path, item, row)
            for path, item, row in response.walk()
            if row.answer is not None and not row.answer.is_empty and enablement.is_enabled(path)
        ]

    def codes(self, link_id: str) -> tuple[str, ...]:
        return tuple(value.code for value in self.values(link_id) if isinstance(value, Coding))

    def values(self, link_id: str) -> Iterator[object]:
        return (row.answer.value for _path, item, row in self._rows if item.link_id == link_id and row.answer)


def _every_question(form: Questionnaire, answers: _AnswersByLink, case: Case) -> Check:
    asked = len(case.questions)
    settled = len(answers.codes("q.answer.status"))
    passed = form.find("q.answer.status") is None or settled >= asked
    questions = "1 question" if asked == 1 else f"{asked} questions"
    sentence = "" if passed else f"The case asks {questions}; answered or marked as unanswerable: {settled}."
    title = "Every question is answered or marked as unanswerable"
    return Check("questions", title, passed, True, sentence, None if passed else (("q", 0), ("q.answer", 0)))


def _adequacy(form: Questionnaire, answers: _AnswersByLink) -> Iterator[Check]:
    adequacy = answers.codes("mat.adequacy")
    if form.find("mat.missing") and adequacy and adequacy[0] in ("limited", "inadequate"):
        passed = any(answers.values("mat.missing"))
        sentence = "" if passed else "The materials are called limited or inadequate without saying what was missing."
        path = (("mat", 0), ("mat.missing", 0))
        yield Check("adequacy", "What the materials lacked is described", passed, True, sentence, path)


def _critical(form: Questionnaire, answers: _AnswersByLink) -> Iterator[Check]:
    if form.find("crit.flag") and True in answers.values("crit.flag"):
        passed = any(answers.values("crit.to")) and any(answers.values("crit.when"))
        sentence = "" if passed else "A critical finding is reported without the person informed and the time."
        path = (("crit", 0), ("crit.to", 0))
        yield Check("critical", "Somebody was told of the critical finding", passed, True, sentence, path)


def _indeterminate(form: Questionnaire, answers: _AnswersByLink) -> Iterator[Check]:
    if form.find("rec.tests.what") and "indeterminate" in answers.codes("opinion.agreement"):
        passed = any(answers.values("rec.tests.what"))
        sentence = "" if passed else "An indeterminate opinion must name at least one further test."
        path = (("rec", 0), ("rec.tests", 0))
        yield Check("indeterminate", "At least one further test is named", passed, True, sentence, path)


def _materials(form: Questionnaire, answers: _AnswersByLink, case: Case) -> Iterator[Check]:
    """Nothing is asked that the form cannot take: a hospital's form may not know laboratory results, for one."""
    item = form.find("mat.list")
    if item is None:
        return
    listed = {value.reference for value in answers.values("mat.list") if isinstance(value, Reference)}
    records = reviewable_records(case)
    takes = [record for record in records if not item.reference_types or record.kind in item.reference_types]
    missing = [record for record in takes if record.reference not in listed]
    named = [record.title for record in missing if record.kind != LABORATORY]
    values = [record.title for record in missing if record.kind == LABORATORY]
    named += values if len(values) == 1 else [f"{len(values)} laboratory results"] if values else []
    title = "Every record" if len(takes) == len(records) else "Every record that this form takes"
    sentence = f"Not listed as reviewed: {'; '.join(named)}." if named else ""
    path = (("mat", 0), ("mat.list", 0))
    yield Check("materials", f"{title} is listed as reviewed", not missing, False, sentence, path)
