"""How far each section of the form is: what is demanded of it, and how much of that is answered. No Qt."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace

from sync.records.questionnaire import Item
from sync.records.questionnaire_response import ItemPath, Response
from workstation.opinion.form_state import SectionProgress
from workstation.opinion.opinion_desk import Desk


def section_progress(
    desk: Desk, response: Response, enabled: frozenset[ItemPath], missing: Collection[ItemPath]
) -> tuple[SectionProgress, ...]:
    """The shown sections in form order; *enabled* and *missing* are the paths of *response* that are so.

    What the form fills in by itself answers no section, but for one that is nothing else: a calculated number.
    """
    sections = []
    for item in desk.form.items:
        if ((item.link_id, 0),) not in enabled or item.hidden:
            continue
        demanded, answered = 0, False
        for path, below, row in response.walk():
            if path[0][0] == item.link_id and path in enabled:
                demanded += _is_demanded(below, path)
                given = row.answer is not None and not row.answer.is_empty
                answered |= given and (not below.read_only or below is item)
        lacking = sum(path[0][0] == item.link_id for path in missing)
        title = f"{item.prefix} {item.text}".strip()
        sections.append(SectionProgress(item.link_id, title, demanded, max(0, demanded - lacking), answered))
    if desk.closed:  # nothing is demanded any more
        return tuple(replace(section, required=0, answered=0, has_answers=False) for section in sections)
    return tuple(sections)


def _is_demanded(item: Item, path: ItemPath) -> bool:
    return item.required and item.is_question and path[-1][1] == 0
