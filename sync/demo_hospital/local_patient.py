"""The FHIR Patient of a local case, from a DICOM header or from nothing. Pure: header in, resource out."""

from __future__ import annotations

from typing import Any

from sync.demo_hospital.case_resources import NS, concept, fhir_date, patient_identifier
from sync.demo_hospital.dicom_index import InstanceEntry

Json = dict[str, Any]

_GENDERS = {"M": "male", "F": "female", "O": "other"}


def patient_resource(slug: str, entry: InstanceEntry | None, unidentified: int | None) -> Json:
    """The patient as the header names them; without a PatientID no identifier, and a tag that says so.

    *unidentified* is the patient's number among those without identity, None for a patient who has one.
    """
    patient: Json = {
        "resourceType": "Patient",
        "id": f"{slug}-patient" if unidentified is None else f"unidentified-{unidentified}",
        "gender": _GENDERS.get(str(entry.value("PatientSex") or "").strip().upper(), "unknown") if entry else "unknown",
    }
    if unidentified is None and entry:
        value = str(entry.value("PatientID")).strip()
        patient["identifier"] = [patient_identifier(value)]
    else:
        patient["meta"] = {"tag": [concept(f"{NS}/CodeSystem/record-tag", "identity-missing")["coding"][0]]}
    name = _human_name(str(entry.value("PatientName") or "")) if entry else {}
    if name:
        patient["name"] = [name]
    elif unidentified is not None:
        patient["name"] = [{"use": "anonymous", "family": patient["id"], "text": patient["id"]}]
    if entry and (born := fhir_date(entry.value("PatientBirthDate"))):
        patient["birthDate"] = born
    return patient


def _human_name(dicom_name: str) -> Json:
    """Family, given and middle, prefix, suffix of a DICOM PN component group (PS3.5 6.2.1.1)."""
    family, given, middle, prefix, suffix = (part.strip() for part in [*dicom_name.split("^"), "", "", "", "", ""][:5])
    name: Json = {"family": family} if family else {}
    if forenames := [part for part in (given, middle) if part]:
        name["given"] = forenames
    if not name:
        return {}
    name.update({key: [part] for key, part in (("prefix", prefix), ("suffix", suffix)) if part})
    return name
