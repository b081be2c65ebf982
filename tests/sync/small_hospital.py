"""The demo hospital's real server with a tiny cohort, on a thread: cases made in milliseconds, every door real."""

from __future__ import annotations

import base64
import hashlib
import random
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pydicom
import uvicorn
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.uid import ExplicitVRLittleEndian
from starlette.types import ASGIApp, Receive, Scope, Send

from sync.demo_hospital.case_resources import (
    OWNER,
    QUESTIONNAIRE,
    CaseSheet,
    consent,
    document_reference,
    file_attachment,
    imaging_study,
    manifest,
    service_request,
    task,
)
from sync.demo_hospital.faults import FaultScript
from sync.demo_hospital.identity import DemoIdentity
from sync.demo_hospital.server import make_app
from sync.demo_hospital.state import BASE_PLACEHOLDER, HospitalState
from sync.hospital_profile import HospitalProfile

Json = dict[str, Any]
TOKEN = "small-hospital-token"
FORM_URL, _, FORM_VERSION = QUESTIONNAIRE.partition("|")
STUDY_UID, SERIES_UID = "1.2.826.0.1.3680043.8.498.1", "1.2.826.0.1.3680043.8.498.1.1"
PDF = b"%PDF-1.7 a report in a few bytes\n%%EOF\n"
SLIDE = bytes(range(256)) * 2000


@dataclass
class SmallHospital:
    """A running hospital and its memory; change ``state`` to change what it says next."""

    state: HospitalState
    port: int
    folder: Path
    faults: FaultScript = field(default_factory=FaultScript)
    """What goes wrong from now on: ``faults.add("answer-503:write@2")``, ``faults.clear()``."""

    def profile(self, port: int | None = None) -> HospitalProfile:
        base = f"http://127.0.0.1:{port or self.port}"
        return HospitalProfile(
            name="demo",
            hospital_name="Small Hospital",
            fhir_base=f"{base}/fhir",
            dicomweb_base=f"{base}/dicom-web",
            files_base=f"{base}/files",
            token=TOKEN,
            practitioner_reference=OWNER,
            practitioner_name="Dr. Ilse Marwick",
        )

    def resource(self, reference: str) -> Json:
        found = self.state.find_resource(*reference.split("/"))
        assert found is not None
        return found.json

    def count(self, kind: str) -> int:
        return len(self.state.list_resources(kind))

    def change(self, reference: str, **elements: Any) -> None:
        """The hospital's own edit of a resource: None removes an element."""
        changed = {**self.resource(reference), **elements}
        self.state.put_resource({key: value for key, value in changed.items() if value is not None})

    def add_case(
        self, case_id: str = "SO-1", *, instances: int = 3, consented: bool = True, status: str = "requested",
        slide: bool = True, foreign: int = 0, study: str = "", file_bytes: int = 0,
    ) -> str:  # fmt: skip
        """A whole case with a study, a report as Binary and a slide as file; its Task's reference.

        *study*: its UID, else one that cases with numbers of the same length share. *file_bytes*: so much of a further
        file that no part of the program opens, so that it may be of any content.
        """
        slug = case_id.lower()
        now = datetime.now(UTC)
        sheet = CaseSheet(
            case_id=case_id, patient_reference=f"Patient/p-{slug}", questions=("Is it benign?",),
            asked_by="Dr. Asking", working_diagnosis="Nodule", diagnosis_code="R91.1",
            order_details=("imaging-reread",), priority="urgent", authored=now - timedelta(days=1),
            due=now + timedelta(days=13), requester="Organization/here", requester_name="Small Hospital", status=status,
        )  # fmt: skip
        self._put({"resourceType": "Organization", "id": "here", "name": "Small Hospital"})
        self._put({"resourceType": "Practitioner", "id": OWNER.partition("/")[2]})
        self._put({
            "resourceType": "Patient", "id": f"p-{slug}", "birthDate": "1961-04-05", "gender": "female",
            "identifier": [{"value": f"MRN-{case_id}"}],
            "name": [{"use": "official", "family": "Moreau", "given": ["Anne"]}],
        })  # fmt: skip
        self._put({
            "resourceType": "Endpoint", "id": "archive", "status": "active", "payloadType": [{"text": "DICOM"}],
            "connectionType": {"code": "dicom-wado-rs"}, "address": f"{BASE_PLACEHOLDER}/dicom-web",
        })  # fmt: skip
        entries = []
        for number in range(1, instances + 1):
            path = self.folder / f"{slug}-{number}.dcm"
            strange = number <= foreign
            write_instance(
                path, f"OTHER-{number}" if strange else f"MRN-{case_id}", number,
                study=study or f"{STUDY_UID}{len(case_id)}",
            )  # fmt: skip
            entries.append(self.state.put_instance(path))
        items = [f"DocumentReference/report-{slug}"]
        binary = self._put({
            "resourceType": "Binary", "id": f"b-{slug}", "contentType": "application/pdf",
            "data": base64.b64encode(PDF).decode(),
        })  # fmt: skip
        attachment = {
            "contentType": "application/pdf", "url": binary, "size": len(PDF),
            "hash": base64.b64encode(hashlib.sha1(PDF).digest()).decode(),
        }  # fmt: skip
        self._put(document_reference(
            f"report-{slug}", sheet.patient_reference, "imaging-report", "First report", attachment, now,
            ("18748-4", ""),
        ))  # fmt: skip
        if entries:
            self._put(imaging_study(f"is-{slug}", sheet.patient_reference, entries, "Endpoint/archive"))
            items.append(f"ImagingStudy/is-{slug}")
        if slide:
            path = self.folder / f"{slug}.svs"
            path.write_bytes(SLIDE)
            stored = self.state.put_file(path, "image/x-aperio-svs", f"slide-{slug}")
            self._put(document_reference(
                f"slide-{slug}", sheet.patient_reference, "wsi", "Slide A", file_attachment(stored), now,
                ("60567-5", ""),
            ))  # fmt: skip
            items.append(f"DocumentReference/slide-{slug}")
        if file_bytes:
            path = self.folder / f"{slug}.bin"
            path.write_bytes(random.Random(case_id).randbytes(file_bytes))
            stored = self.state.put_file(path, "application/octet-stream", f"file-{slug}")
            self._put(document_reference(
                f"file-{slug}", sheet.patient_reference, "letter", "A large file", file_attachment(stored), now,
                ("18748-4", ""),
            ))  # fmt: skip
            items.append(f"DocumentReference/file-{slug}")
        self._put(manifest(sheet, items))
        self._put(service_request(sheet, items))
        self._put({
            "resourceType": "Questionnaire", "id": "second-opinion", "status": "active", "version": FORM_VERSION,
            "url": FORM_URL,
            "item": [{"linkId": "opinion.dx", "type": "text"}],
        })  # fmt: skip
        if consented:
            self._put(consent(sheet, None))
        return self._put(task(sheet, "radiologist"))

    def _put(self, resource: Json) -> str:
        return self.state.put_resource(resource).reference


def write_instance(path: Path, patient_id: str, number: int, *, study: str = STUDY_UID, **elements: Any) -> None:
    """One 16 × 16 CT slice."""
    meta = FileMetaDataset()
    meta.MediaStorageSOPClassUID = "1.2.840.10008.5.1.4.1.1.2"
    meta.MediaStorageSOPInstanceUID = f"{study}.1.{number}"
    meta.TransferSyntaxUID = ExplicitVRLittleEndian
    dataset = Dataset()
    dataset.file_meta = meta
    values: Json = {
        "SOPClassUID": meta.MediaStorageSOPClassUID, "SOPInstanceUID": meta.MediaStorageSOPInstanceUID,
        "StudyInstanceUID": study, "SeriesInstanceUID": f"{study}.1", "Modality": "CT", "InstanceNumber": number,
        "PatientID": patient_id, "PatientName": "MOREAU^ANNE", "PatientBirthDate": "19610405",
        "Rows": 16, "Columns": 16, "SamplesPerPixel": 1,
        "BitsAllocated": 16, "BitsStored": 16, "HighBit": 15, "PixelRepresentation": 0,
        "PhotometricInterpretation": "MONOCHROME2", "PixelData": bytes([number % 256, 0]) * 256,
    }  # fmt: skip
    for keyword, value in (values | elements).items():
        if value is not None:
            setattr(dataset, keyword, value)
    pydicom.dcmwrite(path, dataset, enforce_file_format=True)


class HospitalServer:
    """One listening server for many tests; each test puts its own hospital behind it."""

    def __init__(self) -> None:
        # The protocol must be named for asyncio to set TCP_NODELAY; else each answer waits 40 ms for an ACK.
        self._listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
        self._listener.bind(("127.0.0.1", 0))
        self.port = int(self._listener.getsockname()[1])
        self._app: ASGIApp | None = None
        config = uvicorn.Config(
            self._answer,
            log_level="error",
            access_log=False,
            lifespan="off",
            timeout_graceful_shutdown=1,
            interface="asgi3",
        )
        self._server = uvicorn.Server(config)
        self._thread = threading.Thread(target=self._server.run, kwargs={"sockets": [self._listener]}, daemon=True)

    def __enter__(self) -> HospitalServer:
        self._thread.start()
        while not self._server.started:
            time.sleep(0.005)
        return self

    def __exit__(self, *_: object) -> None:
        self._server.should_exit = True
        self._thread.join(5)
        self._listener.close()

    async def _answer(self, scope: Scope, receive: Receive, send: Send) -> None:
        assert self._app is not None
        await self._app(scope, receive, send)

    @contextmanager
    def hospital(self, folder: Path, around: Callable[[ASGIApp], ASGIApp] = lambda app: app) -> Iterator[SmallHospital]:
        """*around*: what stands between the line and the hospital (`tests.sync.request_watch`)."""
        folder.mkdir(parents=True, exist_ok=True)
        with HospitalState(folder / "state") as state:
            hospital = SmallHospital(state, self.port, folder)
            self._app = around(make_app(state, DemoIdentity(b"", b"", TOKEN), hospital.faults))
            yield hospital
