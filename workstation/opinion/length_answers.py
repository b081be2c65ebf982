"""A measurement of the form filled from a length mark. No Qt."""

from __future__ import annotations

from sync.records.answer import Answer, Quantity
from sync.records.questionnaire import Questionnaire
from sync.records.questionnaire_response import ItemPath, Response
from workstation.opinion.form_state import MEASUREMENTS, LengthMark


def with_length(form: Questionnaire, response: Response, path: ItemPath, mark: LengthMark) -> Response:
    """*response* with *mark* in the measurement at *path*: its label, and the long axis, or the short one if that is
    taken. Unchanged where the mark has no length in millimetres.
    """
    if mark.value_mm is None:
        return response
    _group, label, long_axis, short_axis = MEASUREMENTS
    length = _length_answer(form, mark.value_mm)
    label_path, long_path = (*path, (label, 0)), (*path, (long_axis, 0))
    if response.find_answer(long_path) is not None:
        return response.with_answer((*path, (short_axis, 0)), length)
    response = response.with_answer(long_path, length)
    if response.find_answer(label_path) is None:
        response = response.with_answer(label_path, Answer("valueString", mark.label))
    return response


def _length_answer(form: Questionnaire, value_mm: float) -> Answer:
    item = form.find(MEASUREMENTS[2])
    if item is None or not item.units:
        return Answer("valueQuantity", Quantity(value_mm, "mm"))
    unit = item.units[0]
    return Answer("valueQuantity", Quantity(value_mm, unit.display or unit.code, unit.system, unit.code))
