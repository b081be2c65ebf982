"""The line below every page: nothing is cut without saying so, and what does not hold any more goes."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from PySide6.QtWidgets import QApplication, QLabel

from workstation.window.status_line import StatusLine

pytestmark = pytest.mark.qt

SYNC = "The demo hospital (Lindenhof Clinic) cannot be reached. Last synced at 09:00."
SENTENCE = "Case SO-2026-00103: 3 files did not come: the hospital sent fewer bytes than it announced (and 2 more)"


@pytest.fixture
def line(qapp: QApplication) -> Iterator[StatusLine]:
    made = StatusLine()
    made.resize(1600, 28)
    made.show()
    yield made
    made.close()
    made.deleteLater()


def words(line: StatusLine, name: str) -> str:
    QApplication.processEvents()
    label = line.findChild(QLabel, name)
    assert label is not None
    assert label.fontMetrics().horizontalAdvance(label.text()) <= max(0, label.width()), "cut by its own edge"
    return label.text()


def test_that_two_texts_that_fit_stand_beside_each_other(line: StatusLine) -> None:
    line.show_sync("Synced with Lindenhof at 09:00")
    line.say("The report is saved.")
    assert words(line, "status-sync") == "Synced with Lindenhof at 09:00"
    assert words(line, "status-sentence") == "The report is saved."


def test_that_of_two_long_texts_the_sentence_stays_whole_and_the_other_comes_back(line: StatusLine) -> None:
    line.resize(1000, 28)
    line.show_sync(SYNC, offline=True)
    line.show_outbox("1 opinion waits to leave")
    assert words(line, "status-sync") == SYNC
    line.say(SENTENCE, failure=True)
    saying = line.saying
    assert words(line, "status-sentence") == SENTENCE
    assert words(line, "status-sync") == ""
    line.take_back(saying)
    assert words(line, "status-sync") == SYNC


def test_that_a_text_too_long_for_the_whole_line_ends_in_an_ellipsis_and_is_whole_in_its_tooltip(
    line: StatusLine,
) -> None:
    line.resize(400, 28)
    line.say(SENTENCE)
    assert words(line, "status-sentence").endswith("…")
    label = line.findChild(QLabel, "status-sentence")
    assert label is not None and label.toolTip() == SENTENCE


def test_that_only_what_does_not_hold_any_more_is_taken_back_and_not_the_same_words_said_since(
    line: StatusLine,
) -> None:
    line.say(SENTENCE, failure=True)
    earlier = line.saying
    line.say(SENTENCE, failure=True)
    later = line.saying
    line.take_back(earlier)
    assert line.sentence == SENTENCE
    line.take_back(later)
    assert line.sentence == ""
