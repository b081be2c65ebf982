"""What a round asks of the hospital: only what changed, in the order of its stages, and nothing by this clock."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from sync.errors import StoreUnavailable
from sync.fhir import searches
from sync.records.case import CaseId, ConsentState
from sync.store.case_store import CaseStore
from sync.store.database import Store
from sync.sync_round import run_sync_round
from tests.sync.faulty_line import FaultyLine, faulty_line
from tests.sync.scripted_server import reply
from tests.sync.small_hospital import SmallHospital

CASE = CaseId("SO-1")
SEARCHES = 2 + len(searches.PATIENT_PARAMETER) + 1
"""Worklist, whose the open cases are, what changed of each kind; and the CapabilityStatement."""


def asked(line: FaultyLine) -> list[str]:
    return [first.split()[1].partition("/fhir/")[2] or first.split()[1] for first in line.lines]


def small_case(hospital: SmallHospital, case_id: str = "SO-1") -> str:
    return hospital.add_case(case_id, instances=0, slide=False)


@pytest.mark.parametrize("number_of_cases", [1, 4])
def test_that_a_round_without_changes_reads_no_case(
    hospital: SmallHospital, store: Store, number_of_cases: int
) -> None:
    for number in range(number_of_cases):
        small_case(hospital, f"SO-{number}")
    run_sync_round(store, hospital.profile())
    with faulty_line(hospital.port) as line:
        report = run_sync_round(store, hospital.profile(line.port))
    assert (report.problems, report.cases_seen) == ((), number_of_cases)
    assert len(line.lines) == SEARCHES, asked(line)
    assert all("?" in question or question == "metadata" for question in asked(line))


@pytest.mark.parametrize(
    ("reference", "change", "seen"),
    [
        ("ServiceRequest/sr-so-1", {"note": [{"text": "Is it benign after all?"}]}, "Is it benign after all?"),
        # Nothing of a release that still holds is shown: that the case is read again is all there is to see.
        ("Consent/consent-so-1", {"dateTime": "2026-01-02"}, None),
        ("Task/task-so-1", {"priority": "stat"}, "'stat'"),
        ("DocumentReference/report-so-1", {"description": "Corrected"}, "version_id='2'"),
        ("Patient/p-so-1", {"birthDate": "1999-01-01"}, "1999"),
    ],
)
def test_that_a_change_anywhere_around_a_case_is_noticed_and_only_that_case_is_read(
    hospital: SmallHospital, store: Store, reference: str, change: dict[str, Any], seen: str | None
) -> None:
    small_case(hospital)
    small_case(hospital, "SO-22")
    run_sync_round(store, hospital.profile())
    before = repr(store.cases.get_case(CASE))
    hospital.change(reference, **change)
    with faulty_line(hospital.port) as line:
        run_sync_round(store, hospital.profile(line.port))
    if seen is not None:
        assert seen not in before
        assert seen in repr(store.cases.get_case(CASE))
    assert len([question for question in asked(line) if question.startswith("List?_id=")]) == 1


def test_that_a_release_signed_later_is_noticed_though_it_was_never_seen(hospital: SmallHospital, store: Store) -> None:
    small_case(hospital)
    release = hospital.resource("Consent/consent-so-1")
    hospital.change("Consent/consent-so-1", status="inactive")
    run_sync_round(store, hospital.profile())
    assert store.cases.get_case(CASE).consent is ConsentState.MISSING
    hospital.state.put_resource({**release, "id": "another"})
    run_sync_round(store, hospital.profile())
    assert store.cases.get_case(CASE).consent_reference == "Consent/another"


def test_that_a_release_that_runs_out_is_noticed_without_any_change(hospital: SmallHospital, store: Store) -> None:
    small_case(hospital)
    with hospital_time(hospital) as clock:
        now = clock()
        provision = hospital.resource("Consent/consent-so-1")["provision"]
        ends = (now + timedelta(hours=1)).isoformat()
        hospital.change("Consent/consent-so-1", provision={**provision, "period": {"end": ends}})
        run_sync_round(store, hospital.profile())
        assert store.cases.get_case(CASE).consent is ConsentState.ACTIVE
        assert store.rounds.list_to_read(now + timedelta(minutes=59)) == ()
        assert store.rounds.list_to_read(now + timedelta(minutes=61)) == (CASE,)


class hospital_time:  # noqa: N801 - reads as a with statement
    """The hospital's own clock, as its answers tell it."""

    def __init__(self, hospital: SmallHospital) -> None:
        self._hospital = hospital

    def __enter__(self) -> Callable[[], datetime]:
        from sync.transfer.hospital import connect_hospital

        self._connected = connect_hospital(self._hospital.profile())
        return self._connected.fhir.clock

    def __exit__(self, *_: object) -> None:
        self._connected.close()


@pytest.mark.parametrize("days", [-4, 4])
def test_that_a_computer_whose_clock_is_days_wrong_misses_nothing(
    hospital: SmallHospital, store: Store, days: int
) -> None:
    """Seen from here: every time the hospital tells is days away from ours, and stays so."""

    def shifted(_line: str, answer: bytes) -> bytes:
        def move(found: re.Match[bytes]) -> bytes:
            at = datetime.fromisoformat(found[2].decode()) + timedelta(days=days)
            return found[1] + at.isoformat().encode()

        head, _, body = answer.partition(b"\r\n\r\n")
        body = re.sub(rb'("lastUpdated": ?")([^"]+)', move, body)
        head = re.sub(rb"(?i)content-length: *\d+", b"content-length: %d" % len(body), head)
        return head + b"\r\n\r\n" + body

    small_case(hospital)
    with faulty_line(hospital.port) as line:
        line.cut = shifted
        run_sync_round(store, hospital.profile(line.port))
        high_water = datetime.fromisoformat(str((store.cases.find_sync_token() or {})["high_water"]))
        with hospital_time(hospital) as clock:
            assert abs(high_water - clock() - timedelta(days=days)) < timedelta(minutes=5)
        hospital.change("Task/task-so-1", priority="stat")
        run_sync_round(store, hospital.profile(line.port))
    assert store.cases.get_case(CASE).priority.value == "stat"


def test_that_an_assignment_in_doubt_is_one_sentence_until_it_is_mended_and_the_others_go_on(
    hospital: SmallHospital, store: Store
) -> None:
    small_case(hospital)
    small_case(hospital, "SO-22")
    request = hospital.resource("ServiceRequest/sr-so-1")
    hospital.change("ServiceRequest/sr-so-1", subject={"reference": "Patient/p-so-22"})
    for _ in range(2):
        report = run_sync_round(store, hospital.profile())
        assert report.problems == ("Case SO-1 was not taken in: the task and the request name different patients.",)
        assert [case.case_id for case in store.cases.list_cases()] == ["SO-22"]
    hospital.change("ServiceRequest/sr-so-1", subject=request["subject"])
    assert run_sync_round(store, hospital.profile()).problems == ()
    assert [case.case_id for case in store.cases.list_cases()] == ["SO-1", "SO-22"]
    assert store.rounds.list_refused() == ()


def test_that_what_is_not_known_here_is_kept_all_the_same(hospital: SmallHospital, store: Store) -> None:
    reference = small_case(hospital)
    hospital.change(reference, extension=[{"url": "https://elsewhere.example/x", "valueFuture": {"deep": [1]}}])
    assert run_sync_round(store, hospital.profile()).problems == ()
    kept = store.cases.find_resource(reference)
    assert kept is not None
    assert kept["extension"][0]["valueFuture"] == {"deep": [1]}


def test_that_a_page_and_the_way_on_are_kept_together_or_not_at_all(
    hospital: SmallHospital, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(searches, "PAGE_SIZE", 2)
    for number in range(5):
        small_case(hospital, f"SO-{number}")
    put_page, pages = CaseStore.put_page, [0]

    def failing(self: CaseStore, *arguments: Any) -> Any:
        pages[0] += 1
        if pages[0] == 2:
            raise StoreUnavailable("The disk is full.")
        return put_page(self, *arguments)

    monkeypatch.setattr(CaseStore, "put_page", failing)
    report = run_sync_round(store, hospital.profile())
    assert (report.complete, report.problems) == (False, ("The disk is full.",))
    assert len(store.cases.list_cases()) == 2
    token = store.cases.find_sync_token() or {}
    assert token["page_url"] is not None
    assert token["high_water"] is None, "a search that is not complete moves nothing on"
    with faulty_line(hospital.port) as line:
        monkeypatch.setattr(CaseStore, "put_page", put_page)
        run_sync_round(store, hospital.profile(line.port))
    assert len(store.cases.list_cases()) == 5


def test_that_a_search_that_expires_on_the_way_is_begun_once_more_in_the_same_round(
    hospital: SmallHospital, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(searches, "PAGE_SIZE", 2)
    for number in range(3):
        small_case(hospital, f"SO-{number}")
    gone = [True]

    def cut(first: str, answer: bytes) -> bytes:
        if "_page=" in first and gone:
            gone.clear()
            return reply("410 Gone")
        return answer

    with faulty_line(hospital.port) as line:
        line.cut = cut
        report = run_sync_round(store, hospital.profile(line.port))
    assert (report.problems, report.complete, report.cases_seen) == ((), True, 3)


def test_that_a_next_page_elsewhere_is_not_followed_and_the_round_goes_on(
    hospital: SmallHospital, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(searches, "PAGE_SIZE", 1)
    small_case(hospital)
    small_case(hospital, "SO-22")

    def cut(first: str, answer: bytes) -> bytes:
        body = answer.partition(b"\r\n\r\n")[2]
        bundle = json.loads(body) if "Task?owner" in first else {}
        if not bundle:
            return answer
        links = [{"relation": "next", "url": "http://elsewhere.example:1/fhir?_page=2"}]
        return reply("200 OK", json.dumps({**bundle, "link": links}).encode(), Content_Type="application/fhir+json")

    with faulty_line(hospital.port) as line:
        line.cut = cut
        report = run_sync_round(store, hospital.profile(line.port))
    assert not report.complete
    assert "points to another server" in report.problems[0]
    assert len(store.cases.list_cases()) == 1
    assert len(store.objects.list_objects(store.cases.list_cases()[0].case_id)) == 1, "files came all the same"


@pytest.mark.parametrize("batch", [True, False])
def test_that_a_hospital_that_cannot_include_is_asked_in_a_batch_or_one_by_one(
    hospital: SmallHospital, store: Store, batch: bool
) -> None:
    hospital.add_case(instances=2)

    def cut(first: str, answer: bytes) -> bytes:
        if "/metadata" not in first:
            return answer
        statement = json.loads(answer.partition(b"\r\n\r\n")[2])
        for kind in statement["rest"][0]["resource"]:
            kind.pop("searchInclude", None)
        statement["rest"][0]["interaction"] = [{"code": "transaction"}] + ([{"code": "batch"}] if batch else [])
        return reply("200 OK", json.dumps(statement).encode(), Content_Type="application/fhir+json")

    with faulty_line(hospital.port) as line:
        line.cut = cut
        report = run_sync_round(store, hospital.profile(line.port))
    assert (report.problems, report.objects_fetched) == ((), 4)
    assert not [question for question in asked(line) if "_include" in question]
    posts = [first for first in line.lines if first.startswith("POST")]
    assert bool(posts) is batch


def test_that_what_waits_leaves_before_files_are_fetched(hospital: SmallHospital, store: Store) -> None:
    hospital.add_case(instances=0, slide=False)
    run_sync_round(store, hospital.profile())
    hospital.add_case("SO-22", instances=2)
    store.outbox.enqueue_move(CASE, "accepted")
    with faulty_line(hospital.port) as line:
        report = run_sync_round(store, hospital.profile(line.port))
    assert (report.sent, report.problems) == (1, ())
    put = next(n for n, first in enumerate(line.lines) if first.startswith("PUT"))
    first_file = next(n for n, first in enumerate(line.lines) if re.search("/files/|/dicom-web/|Binary/", first))
    assert put < first_file
    assert not [first for first in line.lines[put:] if "List?" in first and "so-1" in first], "our own move is known"


def test_that_a_search_that_is_refused_does_not_keep_what_waits(hospital: SmallHospital, store: Store) -> None:
    hospital.add_case(instances=0, slide=False)
    run_sync_round(store, hospital.profile())
    store.outbox.enqueue_move(CASE, "accepted")
    with faulty_line(hospital.port) as line:
        line.cut = lambda first, answer: reply("400 Bad") if "Task?owner" in first else answer
        report = run_sync_round(store, hospital.profile(line.port))
    assert (report.sent, report.complete) == (1, False)


def test_that_a_complete_case_is_planned_no_more_until_it_changes(hospital: SmallHospital, store: Store) -> None:
    hospital.add_case(instances=2)
    run_sync_round(store, hospital.profile())
    assert store.rounds.list_to_fetch() == ()
    hospital.change("DocumentReference/report-so-1", description="Corrected")
    run_sync_round(store, hospital.profile())
    assert store.rounds.list_to_fetch() == ()


def test_that_a_round_tells_how_many_cases_are_new_and_how_many_changed(hospital: SmallHospital, store: Store) -> None:
    small_case(hospital)
    small_case(hospital, "SO-22")
    report = run_sync_round(store, hospital.profile())
    assert (report.new_cases, report.changed_cases) == (2, 0)
    hospital.change("ServiceRequest/sr-so-1", note=[{"text": "Is it benign after all?"}])
    store.outbox.enqueue_move(CaseId("SO-22"), "accepted")
    report = run_sync_round(store, hospital.profile())
    assert (report.sent, report.new_cases, report.changed_cases) == (1, 0, 1)
    report = run_sync_round(store, hospital.profile())
    assert (report.new_cases, report.changed_cases) == (0, 0), "what we did ourselves is no news"


def test_that_two_profiles_on_one_computer_know_nothing_of_each_other(
    hospital: SmallHospital, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    """From the command line, as two people or two hospitals would: --profile keeps stores, keys and tokens apart."""
    from dataclasses import replace

    from workstation.cli import main

    small_case(hospital)
    home = tmp_path / "home"
    for name, reader in (("first", hospital.profile().practitioner_reference), ("second", "Practitioner/nobody")):
        (home / name).mkdir(parents=True)
        profile = replace(hospital.profile(), name=name, practitioner_reference=reader)
        profile.save(home / name / "profile.json")
        assert main(["sync", "--home", str(home), "--profile", name, "--json"]) == 0
        assert json.loads(capfd.readouterr().out)["cases_seen"] == (1 if name == "first" else 0)
    listed = {}
    for name in ("first", "second"):
        assert main(["cases", "--home", str(home), "--profile", name, "--json"]) == 0
        listed[name] = [case["case"] for case in json.loads(capfd.readouterr().out)]
        assert main(["audit", "--home", str(home), "--profile", name, "--verify"]) == 0
        capfd.readouterr()
    assert listed == {"first": ["SO-1"], "second": []}
    keys = [
        (home / name / "store.key").read_bytes() for name in ("first", "second") if (home / name / "store.key").exists()
    ]
    assert len(set(keys)) == len(keys)
    (home / "second" / "store.db").replace(home / "second" / "own.db")
    (home / "second" / "store.db").write_bytes((home / "first" / "store.db").read_bytes())
    assert main(["cases", "--home", str(home), "--profile", "second"]) == 1, "another profile's store does not open"
