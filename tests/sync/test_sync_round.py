"""A round against the demo hospital's real server: what comes, what does not, and what comes only once."""

from __future__ import annotations

import base64
import threading
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from sync.fhir import searches
from sync.records.case import Case, CaseId, CaseStatus, ConsentState
from sync.records.stored_object import Integrity, StoredObject
from sync.store.database import Store
from sync.sync_round import SyncProgress, SyncStage, run_sync_round
from tests.sync.faulty_line import faulty_line
from tests.sync.scripted_server import reply
from tests.sync.small_hospital import PDF, SLIDE, SmallHospital, write_instance

CASE = CaseId("SO-1")


def test_that_a_round_brings_the_case_with_every_record_into_the_vault(hospital: SmallHospital, store: Store) -> None:
    hospital.add_case()
    news: list[SyncProgress] = []
    report = run_sync_round(store, hospital.profile(), on_progress=news.append)
    assert (report.problems, report.cases_seen, report.objects_fetched, report.complete) == ((), 1, 5, True)
    case = store.cases.get_case(CASE)
    assert (case.patient.patient_id, case.patient.display_name) == ("MRN-SO-1", "Moreau, Anne")
    assert case.questions == ("Is it benign?",)
    assert (case.consent, case.status) == (ConsentState.ACTIVE, CaseStatus.REQUESTED)
    assert case.manifest_reference == "List/manifest-so-1/_history/1"
    assert case.requester_name == "Small Hospital"
    by_source = {obj.source: obj for obj in store.objects.list_objects(CASE)}
    report_file, slide = by_source["DocumentReference/report-so-1"], by_source["DocumentReference/slide-so-1"]
    assert store.vault.read_bytes(report_file.sha256) == PDF
    assert store.vault.read_bytes(slide.sha256) == SLIDE
    assert (report_file.integrity, slide.integrity) == (Integrity.SHA1, Integrity.SHA256)
    assert len(store.objects.list_expected(CASE)[0].sop_instance_uids) == 3
    assert store.cases.find_resource(str(store.session.find(f"questionnaire:{case.questionnaire}"))) is not None
    assert news[-1].stage is SyncStage.FINISHED
    assert max((n.done, n.total) for n in news) == (5, 5)


def test_that_a_second_round_fetches_nothing_again(hospital: SmallHospital, store: Store) -> None:
    hospital.add_case()
    run_sync_round(store, hospital.profile())
    with faulty_line(hospital.port) as line:
        report = run_sync_round(store, hospital.profile(line.port))
    assert (report.problems, report.objects_fetched, report.bytes_fetched, report.cases_seen) == ((), 0, 0, 1)
    assert not [asked for asked in line.lines if "/files/" in asked or "/dicom-web/" in asked or "Binary" in asked]


def test_that_without_a_release_a_case_is_listed_and_nothing_of_it_is_fetched(
    hospital: SmallHospital, store: Store
) -> None:
    hospital.add_case(consented=False)
    with faulty_line(hospital.port) as line:
        report = run_sync_round(store, hospital.profile(line.port))
    assert (report.cases_seen, report.objects_fetched) == (1, 0)
    assert store.cases.get_case(CASE).consent is ConsentState.MISSING
    assert not [asked for asked in line.lines if "/files/" in asked or "/dicom-web/" in asked or "Binary/" in asked]


SECRET_WORDS = "Nodule of 9 mm, suspicious"


def add_clinical_words(hospital: SmallHospital) -> None:
    """A result, a report in words and a letter inside its resource, all on the case's list."""
    patient = {"reference": "Patient/p-so-1"}
    attachment = {
        "contentType": "text/plain",
        "title": "Letter",
        "data": base64.b64encode(SECRET_WORDS.encode()).decode(),
    }
    for resource in (
        {"resourceType": "Observation", "id": "o1", "subject": patient, "valueString": SECRET_WORDS},
        {"resourceType": "DiagnosticReport", "id": "dr1", "subject": patient, "conclusion": SECRET_WORDS},
        {
            "resourceType": "DocumentReference", "id": "letter", "subject": patient, "text": {"div": SECRET_WORDS},
            "content": [{"attachment": attachment}],
        },
    ):  # fmt: skip
        hospital.state.put_resource(resource)
    listed = hospital.resource("Task/task-so-1")["input"]
    manifest = next(entry["valueReference"]["reference"] for entry in listed if "valueReference" in entry)
    entries = hospital.resource(manifest)["entry"]
    more = [
        {"item": {"reference": name}} for name in ("Observation/o1", "DiagnosticReport/dr1", "DocumentReference/letter")
    ]
    hospital.change(manifest, entry=[*entries, *more])


def kept_words(store: Store) -> str:
    resources = [
        store.cases.find_resource(f"{name}")
        for name in ("Observation/o1", "DiagnosticReport/dr1", "DocumentReference/letter")
    ]
    return repr([store.cases.get_case(CASE), *resources])


def test_that_without_a_release_no_clinical_word_is_read_or_kept_and_with_one_all_are(
    hospital: SmallHospital, store: Store
) -> None:
    hospital.add_case(consented=True)
    add_clinical_words(hospital)
    release = hospital.resource("Consent/consent-so-1")
    hospital.change("Consent/consent-so-1", status="inactive")
    with faulty_line(hospital.port) as line:
        run_sync_round(store, hospital.profile(line.port))
    encoded = base64.b64encode(SECRET_WORDS.encode()).decode()
    assert not [asked for asked in line.lines if "Observation/" in asked or "DiagnosticReport/" in asked]
    assert not [asked for asked in line.lines if "_include=List" in asked]
    assert SECRET_WORDS not in kept_words(store) and encoded not in kept_words(store)
    assert "Letter" in [document.title for document in store.cases.get_case(CASE).documents]
    hospital.state.put_resource({**release, "id": "another", "status": "active"})
    run_sync_round(store, hospital.profile())
    case = store.cases.get_case(CASE)
    assert ([one.value for one in case.lab_results], case.prior_reports[0].conclusion) == ([SECRET_WORDS], SECRET_WORDS)
    assert encoded in kept_words(store)


def test_that_results_and_reports_go_when_the_release_runs_out(hospital: SmallHospital, store: Store) -> None:
    hospital.add_case(consented=True)
    add_clinical_words(hospital)
    run_sync_round(store, hospital.profile())
    assert SECRET_WORDS in kept_words(store)
    provision = hospital.resource("Consent/consent-so-1")["provision"]
    hospital.change("Consent/consent-so-1", provision={**provision, "period": {"end": "2020-01-01"}})
    run_sync_round(store, hospital.profile())
    assert store.cases.get_case(CASE).consent is ConsentState.EXPIRED
    assert SECRET_WORDS not in kept_words(store)
    assert base64.b64encode(SECRET_WORDS.encode()).decode() not in kept_words(store)


def test_that_a_release_withdrawn_later_stops_the_downloads(hospital: SmallHospital, store: Store) -> None:
    hospital.add_case(consented=True)
    run_sync_round(store, hospital.profile())
    hospital.change("Consent/consent-so-1", status="inactive")
    (problem,) = run_sync_round(store, hospital.profile()).problems
    assert "its data is deleted" in problem
    assert store.cases.find_case(CASE) is None
    assert store.objects.list_objects(CASE) == ()
    assert list((store.directory / "vault").glob("*.rre")) == []
    run_sync_round(store, hospital.profile())
    assert store.cases.get_case(CASE).consent is ConsentState.MISSING
    assert store.objects.list_objects(CASE) == ()


def test_that_a_foreign_instance_is_kept_and_flagged(hospital: SmallHospital, store: Store) -> None:
    hospital.add_case(foreign=1)
    report = run_sync_round(store, hospital.profile())
    flagged = [obj for obj in store.objects.list_objects(CASE) if obj.patient_mismatch]
    assert [obj.patient_mismatch for obj in flagged] == [
        "The image is of patient OTHER-1, the case of patient MRN-SO-1."
    ]
    assert not any("OTHER-1" in problem for problem in report.problems), "a report goes into logs and mails"
    assert any(problem.startswith("Case SO-1: ") for problem in report.problems)
    assert run_sync_round(store, hospital.profile()).objects_fetched == 0


def test_that_images_here_are_compared_anew_when_the_hospital_corrects_the_patient(
    hospital: SmallHospital, store: Store
) -> None:
    hospital.add_case(foreign=1)
    run_sync_round(store, hospital.profile())
    store.objects.put_mismatch_override(CASE, "Maiden name.", datetime.now(UTC))
    images = [obj for obj in store.objects.list_objects(CASE) if obj.sop_instance_uid]
    reference = store.cases.get_case(CASE).patient.reference
    identifiers = hospital.resource(reference)["identifier"]
    hospital.change(reference, identifier=[{**identifier, "value": "OTHER-1"} for identifier in identifiers])
    run_sync_round(store, hospital.profile())
    now = [obj for obj in store.objects.list_objects(CASE) if obj.sop_instance_uid]
    assert [obj.sop_instance_uid for obj in now] == [obj.sop_instance_uid for obj in images]
    wrong = "The image is of patient MRN-SO-1, the case of patient OTHER-1."
    assert {obj.patient_mismatch for obj in now if obj.patient_mismatch != images[-1].patient_mismatch} >= {wrong}
    assert sum(obj.patient_mismatch == wrong for obj in now) == len(images) - 1
    assert store.objects.find_mismatch_override(CASE) is None, "nobody has taken responsibility for these"


def test_that_an_object_other_than_the_one_asked_for_is_turned_away_once(hospital: SmallHospital, store: Store) -> None:
    hospital.add_case()
    other = hospital.folder / "so-1-2.dcm"
    write_instance(other, "MRN-SO-1", 99)  # another instance under the listed name
    report = run_sync_round(store, hospital.profile())
    assert report.rejected == 1
    assert "another study" in store.objects.list_rejected(CASE)[0].reason
    assert len(store.objects.list_objects(CASE)) == 4
    kept = {obj.sha256 for obj in store.objects.list_objects(CASE)}
    assert len(list((store.directory / "vault").glob("*.rre"))) == len(kept), "no byte of what was turned away stays"
    assert run_sync_round(store, hospital.profile()).rejected == 0


def test_that_a_case_given_to_somebody_else_is_withdrawn_and_comes_back(hospital: SmallHospital, store: Store) -> None:
    reference = hospital.add_case(instances=0, slide=False)
    run_sync_round(store, hospital.profile())
    owner = hospital.resource(reference)["owner"]
    hospital.change(reference, owner={"reference": "Practitioner/other"})
    report = run_sync_round(store, hospital.profile())
    assert store.cases.find_withdrawal(CASE) == "The hospital has given case SO-1 to somebody else."
    assert report.problems == ("The hospital has given case SO-1 to somebody else.",)
    hospital.change(reference, owner=owner)
    run_sync_round(store, hospital.profile())
    assert store.cases.find_withdrawal(CASE) is None


def test_that_one_broken_case_does_not_stop_the_others(hospital: SmallHospital, store: Store) -> None:
    hospital.add_case("SO-1", instances=0, slide=False)
    hospital.add_case("SO-22", instances=0, slide=False)
    hospital.change("ServiceRequest/sr-so-1", note=None)
    hospital.change("Task/task-so-1", input=None)
    report = run_sync_round(store, hospital.profile())
    assert {case.case_id for case in store.cases.list_cases()} == {"SO-1", "SO-22"}
    assert "Case SO-1: the hospital sent no clinical question." in report.problems
    assert "Case SO-1: the hospital sent no list of records." in report.problems
    assert len(store.objects.list_objects(CaseId("SO-22"))) == 1


def test_that_an_interrupted_slide_is_resumed_and_not_begun_again(hospital: SmallHospital, store: Store) -> None:
    hospital.add_case(instances=0)
    cut_once = [True]

    def cut(line: str, whole: bytes) -> bytes:
        if "/files/" in line and cut_once:
            cut_once.clear()
            return whole[:300_000]
        return whole

    with faulty_line(hospital.port) as line:
        line.cut = cut
        report = run_sync_round(store, hospital.profile(line.port))
    assert (report.problems, report.objects_fetched) == ((), 2)
    assert report.bytes_fetched == len(SLIDE) + len(PDF)
    slide = store.objects.find_object(CASE, source="DocumentReference/slide-so-1")
    assert slide is not None
    assert store.vault.read_bytes(slide.sha256) == SLIDE


def test_that_a_slide_whose_bytes_are_not_those_announced_is_not_kept(hospital: SmallHospital, store: Store) -> None:
    hospital.add_case(instances=0)
    with faulty_line(hospital.port) as line:
        line.cut = lambda first, whole: whole[:-1] + b"\x00" if "/files/" in first else whole
        report = run_sync_round(store, hospital.profile(line.port))
    assert report.rejected == 1
    assert store.objects.find_object(CASE, source="DocumentReference/slide-so-1") is None
    assert store.objects.list_rejected(CASE)[0].reason == "“Slide A” is not the file that the hospital announced."


def test_that_an_image_is_kept_as_proven_where_the_hospital_names_its_digest(
    hospital: SmallHospital, store: Store
) -> None:
    hospital.add_case()
    run_sync_round(store, hospital.profile())
    images = [obj for obj in store.objects.list_objects(CASE) if obj.sop_instance_uid]
    assert images
    assert {obj.integrity for obj in images} == {Integrity.SHA256}


def test_that_an_image_of_several_parts_is_kept_as_unproven(hospital: SmallHospital, store: Store) -> None:
    hospital.add_case()
    hospital.faults.add("only-multipart")
    run_sync_round(store, hospital.profile())
    images = [obj for obj in store.objects.list_objects(CASE) if obj.sop_instance_uid]
    assert images
    assert {obj.integrity for obj in images} == {Integrity.STRUCTURE}


@pytest.mark.parametrize("fault", ["wrong-digest:instance", "damaged-bytes:instance"])
def test_that_an_image_that_is_not_the_one_whose_digest_was_named_is_not_kept_and_asked_again(
    hospital: SmallHospital, store: Store, fault: str
) -> None:
    hospital.add_case()
    hospital.faults.add(fault)
    report = run_sync_round(store, hospital.profile())
    assert any("is not the one whose digest the hospital named" in problem for problem in report.problems)
    assert not [obj for obj in store.objects.list_objects(CASE) if obj.sop_instance_uid]
    assert store.objects.list_rejected(CASE) == ()
    hospital.faults.clear()
    run_sync_round(store, hospital.profile())
    assert [obj.integrity for obj in store.objects.list_objects(CASE) if obj.sop_instance_uid] == [Integrity.SHA256] * 3


def test_that_a_fault_of_the_hospital_in_one_file_does_not_keep_the_others(
    hospital: SmallHospital, store: Store
) -> None:
    hospital.add_case(instances=3)
    with faulty_line(hospital.port) as line:
        line.cut = lambda first, whole: reply("500 Bug") if first.split()[1].endswith(".2") else whole
        report = run_sync_round(store, hospital.profile(line.port))
    assert (report.objects_fetched, report.complete) == (4, True)
    assert report.problems == ("Small Hospital has a fault of its own (500).",)


def test_that_a_busy_hospital_is_left_alone_for_as_long_as_it_asks(hospital: SmallHospital, store: Store) -> None:
    hospital.add_case(instances=1)
    with faulty_line(hospital.port) as line:
        busy = reply("503 Busy", Retry_After="120")
        line.cut = lambda first, whole: busy if "/instances" in first else whole
        report = run_sync_round(store, hospital.profile(line.port))
        assert len([first for first in line.lines if "/instances" in first]) == 1
    assert (report.complete, report.retry_after_s) == (False, 120.0)


def test_that_a_hospital_out_of_reach_is_one_sentence_and_everything_stays(
    hospital: SmallHospital, store: Store
) -> None:
    hospital.add_case(instances=0, slide=False)
    run_sync_round(store, hospital.profile())
    with faulty_line(hospital.port) as line:
        port = line.port
    report = run_sync_round(store, hospital.profile(port))
    assert (report.problems, report.complete) == (("Small Hospital cannot be reached.",), False)
    assert [case.case_id for case in store.cases.list_cases()] == ["SO-1"]


def test_that_a_cancelled_round_stops_and_the_next_one_finishes(hospital: SmallHospital, store: Store) -> None:
    hospital.add_case(instances=8)
    stop = threading.Event()

    def listen(progress: SyncProgress) -> None:
        if progress.done >= 2:
            stop.set()

    report = run_sync_round(store, hospital.profile(), on_progress=listen, cancelled=stop.is_set)
    assert (report.complete, report.problems) == (False, ())
    assert report.objects_fetched < 10
    assert run_sync_round(store, hospital.profile()).complete
    assert len(store.objects.list_objects(CASE)) == 10


def test_that_display_facts_are_worked_out_once_for_each_complete_series(hospital: SmallHospital, store: Store) -> None:
    hospital.add_case(slide=False)
    asked: list[tuple[Case, tuple[StoredObject, ...]]] = []

    def facts(case: Case, objects: tuple[StoredObject, ...]) -> bytes:
        asked.append((case, objects))
        return b"facts"

    run_sync_round(store, hospital.profile(), facts=facts)
    run_sync_round(store, hospital.profile(), facts=facts)
    assert [len(objects) for _, objects in asked] == [3]
    series_uid = asked[0][1][0].series_uid
    assert store.objects.find_display_facts(CASE, f"series:{series_uid}") == b"facts"


def test_that_the_open_case_comes_first_and_reports_before_images(hospital: SmallHospital, store: Store) -> None:
    for case_id in ("SO-1", "SO-22", "SO-333"):
        hospital.add_case(case_id, instances=1)
    store.session.put("open_case", "SO-22")
    with faulty_line(hospital.port) as line:
        run_sync_round(store, hospital.profile(line.port))
    fetched = [asked for asked in line.lines if "/files/" in asked or "/instances/" in asked or "/Binary/" in asked]
    order = [("b-" in asked, "so-22" in asked) for asked in fetched]
    assert "b-so-22" in fetched[0]
    assert {asked.split()[1].rpartition("/")[2] for asked in fetched[3:5]} == {"b-so-1", "b-so-333"}
    assert len(order) == 9


def test_that_many_cases_come_page_by_page(
    hospital: SmallHospital, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(searches, "PAGE_SIZE", 2)
    for number in range(5):
        hospital.add_case(f"SO-{number}", instances=0, slide=False, consented=False)
    with faulty_line(hospital.port) as line:
        report = run_sync_round(store, hospital.profile(line.port))
    assert (report.cases_seen, report.problems) == (5, ())
    assert len([asked for asked in line.lines if "_page=" in asked]) == 2
    token = store.cases.find_sync_token()
    assert token is not None
    assert (token["page_url"], token["pending"]) == (None, None)
    assert token["high_water"] is not None


def test_that_a_search_interrupted_between_pages_is_taken_up_or_begun_again(
    hospital: SmallHospital, store: Store
) -> None:
    hospital.add_case(instances=0, slide=False)
    store.cases.put_sync_token({
        "high_water": None, "page_url": f"{hospital.profile().fhir_base}?_page=gone&_offset=50", "pending": "x"
    })  # fmt: skip
    assert run_sync_round(store, hospital.profile()).cases_seen == 1
    store.cases.put_sync_token({"high_water": None, "page_url": "http://127.0.0.1:9/fhir?_page=old", "pending": "x"})
    assert run_sync_round(store, hospital.profile()).problems == ()


def test_that_the_wrong_token_ends_the_round_with_a_sentence(hospital: SmallHospital, store: Store) -> None:
    report = run_sync_round(store, replace(hospital.profile(), token="wrong"))
    assert not report.complete
    assert "does not accept the sign-in" in report.problems[0]
