"""A case that holds another patient's image is never called complete: not while it comes, not between two readings."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from sync.changes import Changes
from sync.records.case import CaseId
from sync.store.database import Store, open_store
from sync.sync_round import run_sync_round
from sync.transfer.control import TransferControl
from sync.transfer.progress import SyncProgress, SyncStage
from tests.sync.conftest import hospital, hospital_server  # noqa: F401 - fixtures
from tests.sync.small_hospital import SmallHospital
from tests.workstation.cases import CASE_ID, make_case, make_image
from tests.workstation.lanes import ImmediateLanes
from workstation.transfers.presenter import TransfersPresenter
from workstation.transfers.transfer_words import TransferRow
from workstation.watched_store import watched
from workstation.worklist.presenter import load_rows

NOW = datetime.now(UTC)
CASE = CaseId("SO-1")


class SeenStates:
    """Every state of the case that the transfers page ever showed, with the strangers there were in the store then."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self.seen: list[tuple[str, str, int]] = []

    def show_transfers(self, rows: tuple[TransferRow, ...], summary: str) -> None:
        strangers = sum(self._store.objects.list_mismatches().get(CASE, {}).values())
        self.seen += [(row.state, row.tone, strangers) for row in rows]

    def show_settings(self, **_settings: object) -> None:
        """Not looked at here."""


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    opened = open_store(tmp_path / "profile")
    yield opened
    opened.close()


def test_that_no_moment_of_a_round_calls_a_case_with_a_stranger_complete(
    hospital: SmallHospital,  # noqa: F811
    store: Store,
) -> None:
    hospital.add_case(instances=4, foreign=2)
    view = SeenStates(store)
    presenter = TransfersPresenter(
        store, ImmediateLanes(), TransferControl(), lambda: NOW, lambda: None, lambda error: pytest.fail(str(error))
    )
    presenter.attach(view)
    rows: list[tuple[int, str, str]] = []

    def look_at_worklist() -> None:
        strangers = sum(store.objects.list_mismatches().get(CASE, {}).values())
        rows.extend((strangers, row.here_tone, row.here) for row in load_rows(store, NOW, None))

    def progressed(progress: SyncProgress) -> None:
        presenter.progressed(progress)
        look_at_worklist()

    def changed(changes: Changes) -> None:
        look_at_worklist()

    presenter.sync_ran(True)
    # No change is passed on: the page has only its own counts until it reads the store itself.
    run_sync_round(watched(store, changed), hospital.profile(), on_progress=progressed)
    presenter.sync_ran(False)
    assert any(state == "Arriving" for state, _tone, _ in view.seen), "it was seen on its way"
    assert view.seen[-1] == ("Needs a look", "danger", 2)
    assert not [seen for seen in view.seen if seen[1] == "good"]
    assert rows[-1][0] == 2
    for strangers, tone, here in rows:
        assert not strangers or (tone == "danger" and "needs a look" in here)


def test_that_what_is_counted_by_progress_alone_is_not_complete(store: Store) -> None:
    """The store is held up: the count says that all is here, and nobody has looked whose it is."""
    store.cases.put_case(make_case(), [])
    lanes = ImmediateLanes()
    view = SeenStates(store)
    presenter = TransfersPresenter(
        store, lanes, TransferControl(), lambda: NOW, lambda: None, lambda error: pytest.fail(str(error))
    )
    presenter.attach(view)
    lanes.is_held = True
    presenter.progressed(SyncProgress(SyncStage.DOWNLOADING, CASE_ID, case_done=9, case_total=9))
    assert view.seen[-1][:2] == ("Arriving", "accent")


def test_that_an_accepted_stranger_is_said_beside_complete_and_the_next_one_needs_a_look(store: Store) -> None:
    store.cases.put_case(make_case(), [])
    said = "The image is of patient MRN-9, the case of patient MRN-1."
    store.objects.put_object(make_image(1))
    store.objects.put_object(replace(make_image(2), patient_mismatch=said))
    (row,) = load_rows(store, NOW, None)
    assert (row.here_tone, "needs a look" in row.here) == ("danger", True)
    store.objects.put_mismatch_override(CASE_ID, "A typing error, says the hospital.", NOW)
    (row,) = load_rows(store, NOW, None)
    assert row.here_tone == "warning"
    assert row.here.startswith("1 of another patient accepted · ")
    view = SeenStates(store)
    presenter = TransfersPresenter(
        store, ImmediateLanes(), TransferControl(), lambda: NOW, lambda: None, lambda error: pytest.fail(str(error))
    )
    presenter.attach(view)
    shown = presenter.row(CASE_ID)
    assert shown is not None
    assert shown.problems[0] == f"1 image accepted although it names another patient: {said}"
    store.objects.put_object(replace(make_image(3), patient_mismatch="The image is of somebody else."))
    presenter.load()
    (row,) = load_rows(store, NOW, None)
    assert row.here_tone == "danger", "who took responsibility for one did not for the next"
    shown = presenter.row(CASE_ID)
    assert shown is not None
    assert "accepted" not in " ".join((shown.state, *shown.problems))
