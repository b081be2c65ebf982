"""A store with ten thousand open cases and a million instances, and a hospital that has nothing new to say of them."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from sync.hospital_profile import HospitalProfile
from sync.records.case import (
    Case,
    CaseId,
    CaseStatus,
    ConsentState,
    Document,
    DocumentCategory,
    ImagingStudy,
    LabResult,
    Patient,
    Priority,
    SeriesEntry,
)
from sync.records.stored_object import Integrity, StoredObject
from sync.store.database import Store
from sync.store.record_codec import to_text

NOW = datetime(2026, 11, 25, 12, tzinfo=UTC)
READER = "Practitioner/me"
SERIES_PER_CASE = 2
DOCUMENTS_PER_CASE = 3
CASES_AT_ONCE = 200


def make_case(number: int, instances: int) -> Case:
    """A case as hospitals send them: a study of two series, three documents, eight laboratory values."""
    slug = f"so-{number:05}"
    study = ImagingStudy(
        f"ImagingStudy/is-{slug}", "1", f"1.2.3.{number}", "CT chest", NOW,
        tuple(
            SeriesEntry(f"1.2.3.{number}.{n}", "CT", "Lung 1 mm", instances // SERIES_PER_CASE)
            for n in range(SERIES_PER_CASE)
        ),
        "https://hospital.example/dicom-web",
    )  # fmt: skip
    documents = tuple(
        Document(
            f"DocumentReference/d{n}-{slug}", "1", DocumentCategory.IMAGING_REPORT, f"Report {n}", NOW,
            "application/pdf", f"Binary/b{n}-{slug}", 100_000, None,
        )
        for n in range(DOCUMENTS_PER_CASE)
    )  # fmt: skip
    labs = tuple(
        LabResult(f"Observation/l{n}-{slug}", "1", "C-reactive protein", "12", "mg/L", "< 5", "H", NOW)
        for n in range(8)
    )
    return Case(
        case_id=CaseId(f"SO-{number:05}"), task_reference=f"Task/task-{slug}", task_version="1",
        service_request_reference=f"ServiceRequest/sr-{slug}", manifest_reference=f"List/m-{slug}/_history/1",
        questionnaire="https://readingroom.example/fhir/Questionnaire/second-opinion|1.1.0",
        assignment=f"SO-{number:05}/1", status=CaseStatus.ACCEPTED, business_status="records complete",
        priority=list(Priority)[number % 4],
        patient=Patient(f"Patient/p-{slug}", f"MRN-{number}", f"Family{number}", "Given", NOW.date(), "female"),
        questions=("Is the nodule in the right upper lobe malignant, and is resection the right next step?",),
        working_diagnosis="Nodule of the lung", owner_reference=READER, requester_name="Hospital",
        authored=NOW, due=NOW + timedelta(hours=number % 400), consent=ConsentState.ACTIVE,
        consent_reference=f"Consent/c-{slug}", studies=(study,), documents=documents, lab_results=labs,
    )  # fmt: skip


def fill(store: Store, cases: int, instances: int) -> None:
    """*cases* cases of *instances* instances each, complete; written straight into the tables, a million a minute."""
    obj = StoredObject(
        CaseId("x"), "x", "0" * 64, 524_288, "application/dicom", "Image", Integrity.STRUCTURE, NOW, "1", "1", "1"
    )
    put_case = (
        "INSERT INTO case_record (case_id, record, read_again_at, to_fetch, status, task_reference, task_version,"
        " patient_reference) VALUES (?, ?, '9999', 0, ?, ?, ?, ?)"
    )
    put_resource = "INSERT INTO fhir_resource (reference, case_id, content) VALUES (?, ?, ?)"
    put_object = (
        "INSERT INTO stored_object (case_id, source, sop_instance_uid, sha256, record, series_uid)"
        " VALUES (?, ?, ?, ?, ?, ?)"
    )
    for start in range(0, cases, CASES_AT_ONCE):
        rows: dict[str, list[tuple[str | None, ...]]] = {put_case: [], put_resource: [], put_object: []}
        for number in range(start, min(start + CASES_AT_ONCE, cases)):
            case = make_case(number, instances)
            study = case.studies[0]
            rows[put_case].append(
                (case.case_id, to_text(case), case.status.value, case.task_reference, "1", case.patient.reference)
            )
            for reference in (case.task_reference, case.patient.reference, str(case.consent_reference)):
                kind, _, own_id = reference.partition("/")
                resource = {"resourceType": kind, "id": own_id, "meta": {"versionId": "1"}}
                rows[put_resource].append((reference, case.case_id, json.dumps(resource)))
            for n in range(instances):
                uid = study.series[n % SERIES_PER_CASE].series_uid
                stored = replace(
                    obj, case_id=case.case_id, source=study.reference, sha256=f"{number:032x}{n:032x}",
                    study_uid=study.study_uid, series_uid=uid, sop_instance_uid=f"{uid}.{n}",
                )  # fmt: skip
                rows[put_object].append(_object_row(stored))
            for document in case.documents:
                paper = replace(obj, case_id=case.case_id, source=document.reference, study_uid=None)
                rows[put_object].append(_object_row(replace(paper, series_uid=None, sop_instance_uid=None)))
        with store._database.writing() as connection:
            for statement, content in rows.items():
                connection.exec_driver_sql(statement, content)
    token = {"high_water": NOW.isoformat(), "watched": NOW.isoformat()}
    store.cases.put_sync_token(token)


def _object_row(stored: StoredObject) -> tuple[str | None, ...]:
    uid, record = stored.sop_instance_uid or "", to_text(stored)
    return stored.case_id, stored.source, uid, stored.sha256, record, stored.series_uid


def profile(port: int) -> HospitalProfile:
    """The quiet hospital on this computer."""
    base = f"http://127.0.0.1:{port}"
    return HospitalProfile(
        name="many", hospital_name="Quiet Hospital", fhir_base=f"{base}/fhir", dicomweb_base=f"{base}/dicom-web",
        files_base=f"{base}/files", token="none", practitioner_reference=READER, practitioner_name="Me",
    )  # fmt: skip


QUIET_HOSPITAL = """
import json, sys
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit

class Quiet(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    wbufsize = -1
    def log_message(self, *_): pass
    def do_GET(self):
        asked = urlsplit(self.path)
        ids = parse_qs(asked.query).get("_id", [""])[0].split(",")
        meta = {"versionId": "1", "lastUpdated": "2026-11-25T12:00:00+00:00"}
        if asked.path.endswith("/metadata"):
            answer = {"resourceType": "CapabilityStatement", "rest": [{"mode": "server"}]}
        else:
            found = [
                {"resource": {"resourceType": "Task", "id": one, "meta": meta, "status": "accepted",
                              "owner": {"reference": "Practitioner/me"}}}
                for one in ids if "/Task" in asked.path and one
            ]
            answer = {"resourceType": "Bundle", "type": "searchset", "meta": meta, "entry": found}
        body = json.dumps(answer).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/fhir+json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

server = ThreadingHTTPServer(("127.0.0.1", 0), Quiet)
server.daemon_threads = True
print(server.server_address[1], flush=True)
server.serve_forever()
"""
