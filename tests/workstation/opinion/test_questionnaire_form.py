"""The form with real keys and clicks: every item answers, shows, hides, adds, removes; the wheel changes nothing."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest
from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtGui import QWheelEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import (
    QAbstractButton,
    QApplication,
    QComboBox,
    QLabel,
    QLineEdit,
    QPlainTextEdit,
    QWidget,
)

from sync.records.answer import Answer, Coding, Quantity, Reference
from sync.records.answer_rules import Enablement, missing_answers
from sync.records.questionnaire import Questionnaire, parse_questionnaire
from sync.records.questionnaire_response import ItemPath, Response, start_response
from workstation.opinion.code_lists import load_code_lists
from workstation.opinion.form_state import Candidate, FormState, LengthMark
from workstation.opinion.questionnaire_form import QuestionnaireForm
from workstation.window.theme import style_sheet

pytestmark = pytest.mark.qt

MARK = Reference("", "DocumentReference", "A1 Length 14.2 mm", "https://readingroom.example/ids/mark", "m1")
RECORD = Reference("ImagingStudy/ct-1", "ImagingStudy", "Chest CT")


@pytest.fixture(scope="module", autouse=True)
def themed(qapp: QApplication) -> Iterator[None]:
    """Clicks land where the program's own style puts things."""
    before = qapp.styleSheet()
    qapp.setStyleSheet(style_sheet())
    yield
    qapp.setStyleSheet(before)


class Desk:
    """A form and the answers behind it, as the presenter would keep them."""

    def __init__(self, source: Questionnaire) -> None:
        self.questionnaire = source
        self.response: Response = start_response(source)
        self.read_only = self.show_missing = False
        self.form = QuestionnaireForm()
        self.taken: list[tuple[ItemPath, LengthMark]] = []
        self.form.answer_requested.connect(lambda p, a: self.edit(self.response.with_answer(p, a)))
        self.form.answers_requested.connect(lambda p, a: self.edit(self.response.with_answers(p, a)))
        self.form.add_requested.connect(lambda p: self.edit(self.response.with_row(p)))
        self.form.remove_requested.connect(lambda p: self.edit(self.response.without_row(p)))
        self.form.take_mark_requested.connect(lambda p, m: self.taken.append((p, m)))
        self.show()
        self.form.resize(1000, 900)
        self.form.show()
        QApplication.processEvents()

    def edit(self, response: Response) -> None:
        self.response = response
        self.show()

    def show(self) -> None:
        missing = {p.path: p.sentence for p in missing_answers(self.questionnaire, self.response)}
        self.form.show_state(
            FormState(
                self.questionnaire,
                self.response,
                Enablement(self.response).enabled_paths(),
                missing=missing,
                candidates=(Candidate(RECORD), Candidate(MARK, "mark")),
                lengths=(LengthMark(MARK, "A1", "A1 Length 14.2 mm", 14.2), LengthMark(MARK, "A2", "A2 9 px", None)),
                code_lists=load_code_lists(),
                read_only=self.read_only,
                show_missing=self.show_missing,
            )
        )

    def find(self, kind: type[Any], name: str) -> Any:
        QApplication.processEvents()
        found = [w for w in self.form.findChildren(kind, name) if w.isVisibleTo(self.form)]
        assert len(found) == 1, f"{name}: {len(found)}"
        return found[0]

    def is_shown(self, name: str) -> bool:
        QApplication.processEvents()
        return any(w.isVisibleTo(self.form) for w in self.form.findChildren(QWidget, name))

    def click(self, name: str) -> None:
        button = self.find(QAbstractButton, name)
        self.form.ensureWidgetVisible(button)
        QTest.mouseClick(button, Qt.MouseButton.LeftButton)

    def type(self, name: str, text: str) -> None:
        widget = self.find(QWidget, name)
        self.form.ensureWidgetVisible(widget)
        widget.setFocus()
        QTest.keyClicks(widget, text)

    def choose(self, name: str, row: int) -> None:
        combo = self.find(QComboBox, name)
        combo.setFocus()
        combo.showPopup()
        for _ in range(row):
            QTest.keyClick(combo.view(), Qt.Key.Key_Down)
        QTest.keyClick(combo.view(), Qt.Key.Key_Return)

    def answer(self, *path: str | tuple[str, int]) -> Any:
        found = self.response.find_answer(tuple((p, 0) if isinstance(p, str) else p for p in path))
        return found.value if found is not None else None


@pytest.fixture
def desk(qapp: QApplication, form: Questionnaire) -> Iterator[Desk]:
    made = Desk(form)
    yield made
    made.form.close()
    made.form.deleteLater()
    QApplication.sendPostedEvents(None, 52)  # DeferredDelete


def test_that_every_one_of_the_49_items_can_be_answered(desk: Desk) -> None:
    """Walks the whole form; what may be answered at all is answered through its widget."""
    desk.type("item:q.answer.question[0]", "Is it malignant?")
    desk.type("item:q.answer.text[0]", "Yes.")
    desk.click("choice:q.answer.status[0]=partly")
    desk.click("add:q.answer")
    desk.type("item:q.answer.question[1]", "What now?")
    desk.type("item:q.answer.text[1]", "Staging.")
    desk.click("choice:q.answer.status[1]=yes")
    desk.click("choice:mat.list=ImagingStudy/ct-1")
    desk.click("choice:mat.adequacy=limited")
    desk.type("item:mat.missing", "No prior.")
    desk.click("choice:mat.reread=imaging")
    desk.click("choice:mat.reread=pathology")
    desk.click("choice:mat.patientContact=false")
    desk.type("item:find.history", "Smoker.")
    desk.type("item:find.text", "A nodule.")
    desk.click("choice:find.keyimages=m1")
    desk.type("item:dx0.text", "Pneumonia")
    desk.type("item:dx0.code[0]", "J18.9")
    desk.click("choice:opinion.agreement=changed")
    desk.type("item:opinion.dx", "Cancer")
    desk.click("add:opinion.dxcode")
    desk.type("item:opinion.dxcode.icd10[0]", "C34.11  Cancer of the right upper lobe of lung")
    desk.type("item:opinion.dxcode.icdo[0]", "a word of my own")
    desk.type("item:opinion.dxcode.sct[0]", "x")
    desk.click("choice:opinion.confidence=very-high")
    desk.click("choice:opinion.significance=major")
    desk.choose("item:opinion.peer", 3)
    desk.click("add:rec.tests")
    desk.type("item:rec.tests.what[0]", "PET-CT")
    desk.type("item:rec.tests.why[0]", "Staging")
    desk.click("choice:rec.tests.urgency[0]=urgent")
    desk.click("choice:rec.treatment.change=new")
    desk.type("item:rec.treatment.text", "Lobectomy")
    desk.click("choice:crit.flag=true")
    desk.type("item:crit.text", "Pneumothorax")
    desk.type("item:crit.to", "Dr. R")
    desk.type("item:crit.when", "2026-11-22 09:55")
    desk.type("item:lim", "Not examined.")
    desk.type("item:refs[0]", "one")
    desk.click("add:refs")
    desk.type("item:refs[1]", "two")
    desk.click("add:meas")
    desk.type("item:meas.label[0]", "A1")
    desk.type("item:meas.long[0]", "14,2")
    desk.type("item:meas.short[0]", "9")
    desk.type("item:time.min", "35")

    answered = {item.link_id for _path, item, row in desk.response.walk() if row.answer is not None}
    asked = {item.link_id for item in desk.questionnaire.walk() if item.is_question and not item.read_only}
    assert answered == asked
    assert missing_answers(desk.questionnaire, desk.response) == ()
    assert desk.answer(("q"), ("q.answer", 1), "q.answer.question") == "What now?"
    assert desk.answer("mat", "mat.list") == RECORD
    assert desk.answer("find", "find.keyimages") == MARK
    assert [a.value.code for a in desk.response.answers((("mat", 0), ("mat.reread", 0)))] == ["imaging", "pathology"]
    code = desk.answer("opinion", "opinion.dxcode", "opinion.dxcode.icd10")
    assert isinstance(code, Coding) and code.code == "C34.11"
    assert desk.answer("opinion", "opinion.dxcode", "opinion.dxcode.icdo") == "a word of my own"
    assert desk.answer("opinion", "opinion.peer").code == "2b"
    assert desk.answer("mat", "mat.patientContact") is False
    assert desk.answer("meas", "meas.long") == Quantity(14.2, "mm", "http://unitsofmeasure.org", "mm")
    assert desk.answer("crit", "crit.when").startswith("2026-11-22T09:55:00")
    assert desk.answer("time.min") == 35


def test_that_refined_shows_the_diagnosis_and_confirmed_hides_it(desk: Desk) -> None:
    assert not desk.is_shown("item:opinion.dx")
    desk.click("choice:opinion.agreement=refined")
    assert desk.is_shown("item:opinion.dx")
    assert desk.is_shown("add:opinion.dxcode")
    desk.click("choice:opinion.agreement=confirmed")
    assert not desk.is_shown("item:opinion.dx")


def test_that_removing_the_first_of_two_rows_leaves_the_second_ones_words(desk: Desk) -> None:
    desk.type("item:refs[0]", "one")
    desk.click("add:refs")
    desk.type("item:refs[1]", "two")
    desk.click("remove:refs[0]")
    assert desk.find(QLineEdit, "item:refs[0]").text() == "two"
    assert not desk.is_shown("item:refs[1]")


def test_that_half_typed_numbers_and_dates_are_no_answers_and_stay_as_typed(desk: Desk) -> None:
    desk.click("choice:crit.flag=true")
    desk.type("item:crit.when", "2026-11-2")
    desk.click("add:meas")
    desk.type("item:meas.long[0]", "1x")
    assert desk.answer("crit", "crit.when") is None
    assert desk.answer("meas", "meas.long") is None
    assert desk.find(QLineEdit, "item:crit.when").text() == "2026-11-2"
    assert desk.find(QLineEdit, "item:meas.long[0]").property("invalid") is True
    assert desk.form.find_half_typed() == (("crit", 0), ("crit.when", 0))


def test_that_the_wheel_changes_no_answer(desk: Desk) -> None:
    desk.click("choice:mat.reread=imaging")
    combo = desk.find(QComboBox, "item:opinion.peer")
    combo.setFocus()
    middle = QPointF(combo.rect().center())
    event = QWheelEvent(
        middle,
        QPointF(combo.mapToGlobal(middle.toPoint())),
        QPoint(0, -120),
        QPoint(0, -120),
        Qt.MouseButton.NoButton,
        Qt.KeyboardModifier.NoModifier,
        Qt.ScrollPhase.NoScrollPhase,
        False,
    )
    QApplication.sendEvent(combo, event)
    assert combo.currentIndex() == 0
    assert desk.answer("opinion", "opinion.peer") is None


def test_that_tab_goes_down_the_page_also_through_what_was_added_later(desk: Desk) -> None:
    desk.click("add:meas")
    desk.click("add:q.answer")
    desk.find(QWidget, "item:q.answer.question[1]").setFocus()
    QTest.keyClick(QApplication.focusWidget(), Qt.Key.Key_Tab)
    assert QApplication.focusWidget().objectName() == "item:q.answer.text[1]"
    QTest.keyClick(QApplication.focusWidget(), Qt.Key.Key_Tab)
    assert QApplication.focusWidget().objectName() == "choice:q.answer.status[1]=yes"
    desk.find(QLineEdit, "item:meas.label[0]").setFocus()
    QTest.keyClick(QApplication.focusWidget(), Qt.Key.Key_Tab)
    assert QApplication.focusWidget().objectName() == "item:meas.long[0]"


def test_that_typing_in_the_middle_keeps_the_cursor_there(desk: Desk) -> None:
    desk.type("item:lim", "ab")
    text = desk.find(QPlainTextEdit, "item:lim")
    QTest.keyClick(text, Qt.Key.Key_Left)
    QTest.keyClicks(text, "xy")
    assert desk.answer("lim") == "axyb"


def test_that_a_long_question_is_seen_whole_and_takes_no_line_breaks(desk: Desk) -> None:
    question = desk.find(QPlainTextEdit, "item:q.answer.question[0]")
    before = question.height()
    desk.type("item:q.answer.question[0]", "Is this nodule a primary adenocarcinoma of the lung or a metastasis? " * 3)
    for _ in range(4):
        QApplication.processEvents()
    assert question.height() > before
    assert question.verticalScrollBar().maximum() == 0
    QTest.keyClick(question, Qt.Key.Key_Return)
    assert "\n" not in question.toPlainText()


@pytest.mark.parametrize("width", [1000, 560])
def test_that_no_line_of_a_text_is_cut_after_resizing_and_a_late_change_of_style(desk: Desk, width: int) -> None:
    words = "Is this nodule a primary adenocarcinoma of the lung, or could it be a metastasis of another tumour? "
    path = (("q", 0), ("q.answer", 0), ("q.answer.question", 0))
    desk.edit(desk.response.with_answer(path, Answer("valueString", words * 3)))
    for passed_through in (1400, width):
        desk.form.resize(passed_through, 900)
        QApplication.processEvents()
    desk.form.setStyleSheet(desk.form.styleSheet() + "QPlainTextEdit { font-size: 15px; padding: 7px 11px; }")
    for _ in range(4):
        QApplication.processEvents()
    question = desk.find(QPlainTextEdit, "item:q.answer.question[0]")
    lines = question.document().documentLayout().documentSize().height()
    assert lines >= 3
    shown = question.viewport().height() - 2 * question.document().documentMargin()
    assert shown >= lines * question.fontMetrics().lineSpacing()
    assert question.verticalScrollBar().maximum() == 0
    assert question.parentWidget().rect().contains(question.geometry())


def test_that_the_form_fits_a_window_1280_wide(desk: Desk) -> None:
    desk.click("choice:opinion.agreement=refined")
    desk.click("add:meas")
    page = desk.form.widget()
    assert page is not None
    assert page.minimumSizeHint().width() <= 1280 - 76 - 264 - 330 - 12, "rail, sections, checks, scroll bar"


def test_that_the_form_is_whole_the_moment_it_is_shown(desk: Desk, form: Questionnaire) -> None:
    desk.form.clear()
    desk.response = desk.response.with_answer((("lim", 0),), Answer("valueString", "Not examined."))
    desk.show()
    page = desk.form.widget()
    assert page is not None
    for card in page.findChildren(QWidget):
        if card.property("role") == "card" and card.isVisibleTo(page):
            assert card.height() >= card.minimumSizeHint().height()


def test_that_an_equal_form_read_anew_keeps_the_widgets_and_the_cursor(desk: Desk, form: Questionnaire) -> None:
    before = desk.find(QPlainTextEdit, "item:lim")
    desk.questionnaire = replace(form)
    desk.show()
    assert desk.find(QPlainTextEdit, "item:lim") is before


def test_that_missing_items_are_said_only_once_asked_for(desk: Desk) -> None:
    def said() -> int:
        return sum(
            label.isVisibleTo(desk.form) and label.text() == "Not answered yet."
            for label in desk.form.findChildren(QLabel)
        )

    assert said() == 0
    desk.show_missing = True
    desk.show()
    assert said() == len(missing_answers(desk.questionnaire, desk.response))


def test_that_a_signed_form_takes_nothing(desk: Desk) -> None:
    desk.click("add:meas")
    desk.read_only = True
    desk.show()
    assert not desk.is_shown("add:meas")
    assert not desk.is_shown("remove:meas[0]")
    for editor in desk.form.findChildren(QLineEdit):
        assert editor.isReadOnly()
    for combo in desk.form.findChildren(QComboBox):
        assert not combo.isEnabled()
    for button in desk.form.findChildren(QAbstractButton):
        if button.objectName().startswith("choice:"):
            assert not button.isEnabled()


def test_that_a_measurement_offers_the_calibrated_length_marks(desk: Desk) -> None:
    desk.click("add:meas")
    take = desk.find(QAbstractButton, "take:meas[0]")
    actions = take.menu().actions()
    assert [(action.text(), action.isEnabled()) for action in actions] == [
        ("A1 Length 14.2 mm", True),
        ("A2 9 px", False),
    ]
    actions[0].trigger()
    assert [(path, mark.label) for path, mark in desk.taken] == [((("meas", 0),), "A1")]


def test_that_a_record_that_was_chosen_stays_in_sight_when_it_is_no_longer_offered(desk: Desk) -> None:
    gone = Answer("valueReference", Reference("ImagingStudy/old", "ImagingStudy", "Old MR"))
    desk.edit(desk.response.with_answers((("mat", 0), ("mat.list", 0)), [gone]))
    assert desk.find(QAbstractButton, "choice:mat.list=ImagingStudy/old").isChecked()
    desk.click("choice:mat.list=ImagingStudy/ct-1")
    assert [a.value.display for a in desk.response.answers((("mat", 0), ("mat.list", 0)))] == ["Chest CT", "Old MR"]
    desk.click("choice:mat.list=ImagingStudy/old")
    assert not desk.is_shown("choice:mat.list=ImagingStudy/old")


def test_that_suggestions_match_inside_the_words_and_give_the_code(desk: Desk) -> None:
    line = desk.find(QLineEdit, "item:dx0.code[0]")
    line.setFocus()
    QTest.keyClicks(line, "sarcoid")
    completer = line.completer()
    found = [completer.completionModel().index(n, 0).data() for n in range(completer.completionCount())]
    assert found == ["D86.0  Sarcoidosis of the lung", "31541009  Sarcoidosis"]
    completer.activated[str].emit(found[0])
    code = desk.answer("dx0", "dx0.code")
    assert isinstance(code, Coding) and code.code == "D86.0"


def test_that_other_kinds_of_items_work_too(qapp: QApplication) -> None:
    """What the base form does not use: date, url, display, time, several units, nested questions, hidden, exclusive."""
    exclusive = {"url": "http://hl7.org/fhir/StructureDefinition/questionnaire-optionExclusive", "valueBoolean": True}
    units = [
        {
            "url": "http://hl7.org/fhir/StructureDefinition/questionnaire-unitOption",
            "valueCoding": {"system": "http://unitsofmeasure.org", "code": code},
        }
        for code in ("mm", "cm")
    ]
    hidden = {"url": "http://hl7.org/fhir/StructureDefinition/questionnaire-hidden", "valueBoolean": True}
    source = {
        "resourceType": "Questionnaire",
        "title": "Kinds",
        "item": [
            {"linkId": "d", "type": "date", "text": "Day"},
            {"linkId": "w", "type": "display", "text": "Some words"},
            {"linkId": "n", "type": "quantity", "text": "Size", "extension": units},
            {"linkId": "h", "type": "string", "text": "Hidden", "extension": [hidden]},
            {
                "linkId": "b",
                "type": "boolean",
                "text": "Sure?",
                "item": [{"linkId": "b.why", "type": "string", "text": "Why"}],
            },
            {
                "linkId": "c",
                "type": "choice",
                "text": "Which",
                "repeats": True,
                "answerOption": [
                    {"valueString": "one"},
                    {"valueString": "two"},
                    {"valueString": "none", "extension": [exclusive]},
                ],
            },
        ],
    }
    desk = Desk(parse_questionnaire(source))
    desk.type("item:d", "2026-11-22")
    desk.type("item:n", "3")
    desk.choose("unit:n", 1)
    desk.click("choice:b=true")
    desk.type("item:b.why", "because")
    desk.click("choice:c=one")
    desk.click("choice:c=two")
    desk.click("choice:c=none")
    assert desk.answer("d") == "2026-11-22"
    assert desk.answer("n") == Quantity(3, "cm", "http://unitsofmeasure.org", "cm")
    assert desk.answer("b", "b.why") == "because"
    assert desk.response.answers((("c", 0),)) == (Answer("valueString", "none"),)
    assert not desk.is_shown("item:h")
    desk.form.close()
    desk.form.deleteLater()
