"""Who and what the hospital itself is in FHIR: organization, people, image archive, opinion form. No patients."""

from __future__ import annotations

import json
from typing import Any

from resources import resource
from sync.demo_hospital.identity import HOSPITAL_NAME, NPI, PRACTITIONER_ID
from sync.demo_hospital.state import BASE_PLACEHOLDER, HospitalState

Json = dict[str, Any]

COORDINATOR = "PractitionerRole/coordinator"
ARCHIVE_ENDPOINT = "Endpoint/dicomweb"

_PEOPLE = (
    (PRACTITIONER_ID, "Marwick", "Ilse", "Dr.", None),
    ("coordinator-person", "Pennhallow", "Oskar", "", "coordinator"),
    ("referrer-person", "Quillfeather", "Agathe", "Dr.", "referrer"),
)
"""Practitioner id, family, given, prefix, and the id of the role they have at the hospital."""


def put_hospital_resources(state: HospitalState) -> None:
    """Store, or bring up to date, everything cases refer to that is not of one case."""
    with state.transaction():
        for each in hospital_resources():
            state.put_resource_if_changed(each)


def hospital_resources() -> list[Json]:
    people: list[Json] = []
    for person_id, family, given, prefix, role_id in _PEOPLE:
        people.append(_practitioner(person_id, family, given, prefix))
        if role_id:
            people.append(
                {
                    "resourceType": "PractitionerRole",
                    "id": role_id,
                    "active": True,
                    "practitioner": {"reference": f"Practitioner/{person_id}", "display": f"{prefix} {family}".strip()},
                    "organization": {"reference": "Organization/lindenhof", "display": HOSPITAL_NAME},
                }
            )
    form: Json = json.loads(resource("questionnaires", "second-opinion.json").read_text("utf-8"))
    return [
        {"resourceType": "Organization", "id": "lindenhof", "active": True, "name": HOSPITAL_NAME},
        *people,
        archive_endpoint(),
        form,
    ]


def archive_endpoint(partition: str = "") -> Json:
    """The image archive, or a partition of it that keeps apart two studies with one UID."""
    below = f"/partitions/{partition}" if partition else ""
    return {
        "resourceType": "Endpoint",
        "id": f"dicomweb-{partition}" if partition else ARCHIVE_ENDPOINT.partition("/")[2],
        "status": "active",
        "connectionType": {
            "system": "http://terminology.hl7.org/CodeSystem/endpoint-connection-type",
            "code": "dicom-wado-rs",
        },
        "payloadType": [{"text": "DICOM"}],
        "payloadMimeType": ["application/dicom"],
        "address": f"{BASE_PLACEHOLDER}/dicom-web{below}",
    }


def _practitioner(person_id: str, family: str, given: str, prefix: str) -> Json:
    person: Json = {
        "resourceType": "Practitioner",
        "id": person_id,
        "active": True,
        "name": [{"family": family, "given": [given], **({"prefix": [prefix]} if prefix else {})}],
    }
    if person_id == PRACTITIONER_ID:
        person["identifier"] = [{"system": "http://hl7.org/fhir/sid/us-npi", "value": NPI}]
    return person
