"""A release that runs out, at the screen: said before, met over open images, asked about, renewed; or the case closed.

The whole program against a small hospital.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from PySide6.QtCore import QPointF, Qt
from PySide6.QtWidgets import QPlainTextEdit

from tests.journey.screen_at_a_hospital import ALT, CONTROL, Begin, begin  # noqa: F401 - fixture
from tests.sync.conftest import hospital, hospital_server  # noqa: F401 - fixtures
from tests.sync.signing.conftest import authority  # noqa: F401 - fixture
from tests.sync.small_hospital import SmallHospital
from tests.sync.test_outbox import CASE
from workstation.reading.page import ReadingPage

pytestmark = [pytest.mark.journey, pytest.mark.timeout(240)]


def test_that_a_release_that_ends_over_open_images_closes_them_keeps_the_mark_and_comes_back_renewed(
    hospital: SmallHospital,  # noqa: F811
    begin: Begin,  # noqa: F811
) -> None:
    def end_at(moment: datetime) -> None:
        provision = hospital.resource("Consent/consent-so-1")["provision"]
        period = {"start": "2020-01-01", "end": moment.isoformat()}
        hospital.change("Consent/consent-so-1", provision={**provision, "period": period})

    screen = begin(signed=False, instances=3)
    screen.open_case()
    end_at(datetime.now(UTC) + timedelta(minutes=119, seconds=50))
    screen.key(Qt.Key.Key_R, CONTROL)
    ends = "The patient's release ends in 2 hours"
    screen.hands.wait_until(lambda: any(ends in text for text in screen.hands.texts()), "the end to be said before")
    screen.photograph("release-ends-a-case")
    screen.key(Qt.Key.Key_F4)
    page = screen.hands.wait_for("page-reading", ReadingPage)
    screen.hands.wait_until(lambda: page.viewport_view(0).current_target() is not None, "the images", 40)
    assert any(ends in text for text in screen.hands.texts()), "above the images too"
    screen.photograph("release-ends-b-images")
    screen.hands.key(page, Qt.Key.Key_L)
    view = page.viewport_view(0)
    screen.hands.drag(view, QPointF(200, 300), QPointF(260, 300))
    screen.hands.wait_until(lambda: len(screen.store.annotations.list_current(CASE)) == 1, "the mark")
    end_at(datetime.now(UTC) + timedelta(seconds=3))
    screen.key(Qt.Key.Key_R, CONTROL)
    assert screen.sentence().startswith("The patient's release for case SO-1 ended on ")
    assert screen.choices() == ["Ask for an extension", "Keep the case", "Close the case"]
    screen.photograph("release-ends-c-dialog")
    screen.hands.wait_until(lambda: page.reading is None, "the images to close")
    screen.hands.wait_until(lambda: screen.store.objects.list_objects(CASE) == (), "the files to be deleted")
    assert len(screen.store.annotations.list_current(CASE)) == 1
    screen.key(Qt.Key.Key_A, ALT)
    screen.wait_for_no_dialog()
    asked = screen.hands.wait_for("messages-compose", QPlainTextEdit)
    screen.hands.wait_until(lambda: "another one?" in asked.toPlainText(), "the words to send")
    screen.photograph("release-ends-d-messages")
    screen.hands.key(asked, Qt.Key.Key_Return, CONTROL)
    screen.hands.wait_until(lambda: hospital.count("Communication") == 1, "the message to leave")
    screen.photograph("release-ends-e-asked")
    screen.key(Qt.Key.Key_F4)
    screen.photograph("release-ends-f-images")
    screen.key(Qt.Key.Key_F6)
    screen.photograph("release-ends-g-opinion")
    screen.key(Qt.Key.Key_F7)
    screen.photograph("release-ends-h-transfers")
    screen.photograph_worklist("release-ends-i-worklist")
    screen.hands.wait_until(
        lambda: any("withheld: release ended" in text for text in screen.hands.texts()), "the worklist to say so"
    )
    end_at(datetime.now(UTC) + timedelta(days=30))
    screen.key(Qt.Key.Key_R, CONTROL)
    screen.hands.wait_until(
        lambda: len([one for one in screen.store.objects.list_objects(CASE) if one.series_uid]) == 3,
        "the images to come again",
    )
    screen.key(Qt.Key.Key_F4)
    screen.hands.wait_until(lambda: page.viewport_view(0).current_target() is not None, "the images", 40)
    assert page.annotations is not None
    assert len(page.annotations.marks) == 1
    screen.photograph("release-ends-j-renewed")


def test_that_a_case_whose_release_ended_is_closed_from_the_dialog(
    hospital: SmallHospital,  # noqa: F811
    begin: Begin,  # noqa: F811
) -> None:
    def run_out() -> None:
        provision = hospital.resource("Consent/consent-so-1")["provision"]
        hospital.change("Consent/consent-so-1", provision={**provision, "period": {"end": "2026-01-31"}})

    screen = begin(signed=False, change=run_out)
    screen.conflict()
    screen.key(Qt.Key.Key_C, ALT)
    screen.hands.wait_until(lambda: "press again" in " ".join(screen.choices()), "the second question")
    screen.photograph("release-closed-a-asked-again")
    screen.key(Qt.Key.Key_C, ALT)
    screen.wait_for_no_dialog()
    screen.hands.wait_until(
        lambda: hospital.resource("Task/task-so-1")["status"] == "failed", "the hospital to hear of it"
    )
    screen.photograph_worklist("release-closed-b-worklist")
