"""The check that an answer still fits a question which the hospital changed meanwhile. No Qt."""

from __future__ import annotations

from sync.records.case import Case
from sync.records.opinion_checks import Check
from sync.records.question_change import QuestionChange
from sync.records.questionnaire import Questionnaire

QUESTION_CHANGED = "question-changed"
"""The check's name; it is passed by the reader's word alone."""
ANSWERS = "q.answer"


def question_check(change: QuestionChange | None, case: Case, form: Questionnaire) -> Check | None:
    """Stands in nobody's way, and until it is confirmed. None where the question is asked as it was."""
    if change is None or change.before == case.questions:
        return None
    day = f"{change.noticed_at.astimezone():%d %B %Y}".lstrip("0")
    before = [text for text in change.before if text not in case.questions]
    now = [text for text in case.questions if text not in change.before]
    words = [f"The question changed on {day} after you began to answer."]
    words += [f"Old: {_quoted(before)}"] if before else []
    words += [f"New: {_quoted(now)}"] if now else []
    if not before and not now:
        words.append("The same questions are asked in another order.")
    path = (("q", 0), (ANSWERS, 0)) if form.find(ANSWERS) is not None else None
    title = "Your answer fits the question as it is asked now"
    return Check(QUESTION_CHANGED, title, False, False, "\n".join(words), path)


def _quoted(texts: list[str]) -> str:
    return ", ".join(f"“{text}”" for text in texts)
