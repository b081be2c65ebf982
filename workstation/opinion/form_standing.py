"""The form as the page draws it: what is shown of it, what is missing or refused, and how far each part is. No Qt."""

from __future__ import annotations

from collections.abc import Mapping

from sync.records.answer_rules import Enablement, missing_answers, refused_answers
from sync.records.questionnaire_response import ItemPath, Response
from workstation.opinion.code_lists import load_code_lists
from workstation.opinion.form_state import FormState
from workstation.opinion.opinion_desk import Desk
from workstation.opinion.section_progress import section_progress


def form_state(desk: Desk, response: Response, notes: Mapping[ItemPath, str], *, show_missing: bool) -> FormState:
    """*response* on the form of *desk*; *notes* stand at their items, *show_missing* marks what is not answered yet."""
    enabled = Enablement(response).enabled_paths()
    missing = {problem.path: problem.sentence for problem in missing_answers(desk.form, response)}
    return FormState(
        form=desk.form,
        response=response,
        enabled=enabled,
        missing={} if desk.is_read_only else missing,
        refused={problem.path: problem.sentence for problem in refused_answers(desk.form, response)},
        notes=dict(notes),
        sections=section_progress(desk, response, enabled, missing),
        candidates=(*desk.records, *desk.marks),
        lengths=desk.lengths,
        code_lists=load_code_lists(),
        read_only=desk.is_read_only,
        show_missing=show_missing and not desk.is_read_only,
    )
