"""Filling a hospital for tests of size: thousands of cases without images, files of gigabytes, series of hundreds."""

from __future__ import annotations

import hashlib
import os
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from sync.demo_hospital import case_resources as fhir
from sync.demo_hospital.hospital_resources import COORDINATOR, put_hospital_resources
from sync.demo_hospital.state import HospitalState, StoredFile
from tests.sync.demo_hospital.dicom_files import ROOT, write_dicom

Json = dict[str, Any]

_BLOCK_BYTES = 1 << 20


def add_cases(state: HospitalState, count: int, *, first: int = 1, status: str = "requested") -> list[str]:
    """*count* released cases ``BIG-00001``… with a question and no records; about 3 000 a second. Their numbers."""
    put_hospital_resources(state)
    today = datetime.now(UTC).replace(microsecond=0)
    numbers = [f"BIG-{number:05d}" for number in range(first, first + count)]
    with state.transaction():
        for index, case_id in enumerate(numbers):
            sheet = fhir.CaseSheet(
                case_id=case_id, patient_reference=f"Patient/{case_id.lower()}", questions=(f"Question of {case_id}?",),
                asked_by="Test", working_diagnosis="Not known", diagnosis_code=None, order_details=("imaging-reread",),
                priority=("routine", "urgent", "asap", "stat")[index % 4], authored=today,
                due=today + timedelta(days=1 + index % 30), requester=COORDINATOR, requester_name="Test", status=status,
            )  # fmt: skip
            patient: Json = {
                "resourceType": "Patient", "id": case_id.lower(), "birthDate": "1960-01-01", "gender": "female",
                "identifier": [fhir.patient_identifier(case_id)],
                "name": [{"use": "official", "family": f"Testfall{index}", "given": ["Anna"]}],
            }  # fmt: skip
            for resource in (
                patient, fhir.consent(sheet, None), fhir.service_request(sheet, ()), fhir.manifest(sheet, ()),
                fhir.task(sheet, "radiologist"),
            ):  # fmt: skip
                state.put_resource(resource)
    return numbers


def add_file(state: HospitalState, path: Path, size_bytes: int, file_id: str = "large") -> StoredFile:
    """Offer a file of *size_bytes* that does not compress and repeats nowhere within 64 KiB; its digest is known."""
    block = bytearray(os.urandom(_BLOCK_BYTES))
    digest = hashlib.sha256()
    with path.open("wb") as opened:
        for number in range(0, size_bytes, _BLOCK_BYTES):
            # No two blocks are equal, so that a chunk at a wrong place is seen
            block[:8] = number.to_bytes(8, "big")
            piece = bytes(block[: min(_BLOCK_BYTES, size_bytes - number)])
            digest.update(piece)
            opened.write(piece)
    return state.put_file(path, "image/x-aperio-svs", file_id, digest.hexdigest())


def add_series(state: HospitalState, folder: Path, count: int, *, rows: int = 512, study: int = 77) -> str:
    """*count* CT slices of *rows* × *rows* 16-bit pixels (512: half a MiB each). The Study Instance UID."""
    pixels = os.urandom(rows * rows * 2)
    with state.transaction():
        for number in range(1, count + 1):
            path = folder / f"{study}-{number:05d}.dcm"
            own = number.to_bytes(4, "little") + pixels[4:]
            write_dicom(path, study=study, number=number, Rows=rows, Columns=rows, PixelData=own)
            state.put_instance(path)
    return f"{ROOT}.{study}"
