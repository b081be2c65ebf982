"""QIDO-RS (PS3.18 section 10.6) over the archive's index: matching, returned attributes, paging. No HTTP here."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from pydicom.datadict import dictionary_VR, keyword_for_tag, tag_for_keyword

from sync.demo_hospital.dicom_index import read_metadata
from sync.demo_hospital.refusals import invalid
from sync.demo_hospital.state import StoredInstance

Json = dict[str, Any]
Query = Sequence[tuple[str, str]]

STUDY, SERIES, INSTANCE = "study", "series", "instance"

_ATTRIBUTES: dict[str, tuple[str, ...]] = {
    STUDY: (
        "SpecificCharacterSet", "StudyDate", "StudyTime", "AccessionNumber", "ReferringPhysicianName",
        "TimezoneOffsetFromUTC", "PatientName", "PatientID", "PatientBirthDate", "PatientSex", "StudyInstanceUID",
        "StudyID",
    ),
    SERIES: (
        "SpecificCharacterSet", "Modality", "TimezoneOffsetFromUTC", "SeriesDescription", "StudyInstanceUID",
        "SeriesInstanceUID", "SeriesNumber", "PerformedProcedureStepStartDate",
    ),
    INSTANCE: (
        "SpecificCharacterSet", "SOPClassUID", "SOPInstanceUID", "TimezoneOffsetFromUTC", "StudyInstanceUID",
        "SeriesInstanceUID", "InstanceNumber", "Rows", "Columns", "BitsAllocated", "NumberOfFrames",
    ),
}  # fmt: skip
"""Returned without being asked for: tables 10.6.3-3 to 10.6.3-5."""

_PAGING = ("includefield", "limit", "offset", "fuzzymatching")


def answer_query(level: str, instances: list[StoredInstance], query: Query, retrieve_base: str) -> list[Json]:
    """One DICOM JSON object for every study, series or instance that matches, in a stable order."""
    included = _included_tags(query)
    keys = [(_tag(name), value) for name, value in query if name.lower() not in _PAGING]
    groups: dict[str, list[StoredInstance]] = {}
    for instance in instances:
        groups.setdefault(_unit(level, instance), []).append(instance)
    found = [group for group in groups.values() if all(_matches(level, group, tag, value) for tag, value in keys)]
    offset, limit = _number(query, "offset", 0), _number(query, "limit", len(found))
    return [_describe(level, group, included, retrieve_base) for group in found[offset : offset + limit]]


def _unit(level: str, instance: StoredInstance) -> str:
    return {STUDY: instance.study_uid, SERIES: instance.series_uid, INSTANCE: instance.sop_uid}[level]


def _describe(level: str, group: list[StoredInstance], included: set[str] | None, retrieve_base: str) -> Json:
    first = group[0]
    held = first.attributes
    wanted = {f"{tag_for_keyword(keyword):08X}" for keyword in _ATTRIBUTES[level]}
    if included is None:
        held = read_metadata(first.path) if level == INSTANCE else held
        wanted = set(held)
    elif included - wanted:
        wanted |= included
        # Only what the index does not know costs opening the file
        held = {**read_metadata(first.path), **held} if included - set(held) and level == INSTANCE else held
    described = {tag: value for tag, value in held.items() if tag in wanted}
    described.update(_computed(level, group, retrieve_base))
    return dict(sorted(described.items()))


def _computed(level: str, group: list[StoredInstance], retrieve_base: str) -> Json:
    first = group[0]
    address = f"{retrieve_base}/studies/{first.study_uid}"
    computed: Json = {"00080056": {"vr": "CS", "Value": ["ONLINE"]}}
    if level == STUDY:
        modalities = sorted({m for one in group for m in one.attributes.get("00080060", {}).get("Value", [])})
        computed["00080061"] = {"vr": "CS", "Value": modalities}
        computed["00201206"] = {"vr": "IS", "Value": [len({one.series_uid for one in group})]}
        computed["00201208"] = {"vr": "IS", "Value": [len(group)]}
    else:
        address += f"/series/{first.series_uid}"
    if level == SERIES:
        computed["00201209"] = {"vr": "IS", "Value": [len(group)]}
    if level == INSTANCE:
        address += f"/instances/{first.sop_uid}"
        computed["00083002"] = {"vr": "UI", "Value": [first.transfer_syntax]}
    computed["00081190"] = {"vr": "UR", "Value": [address]}
    return computed


def _matches(level: str, group: list[StoredInstance], tag: str, wanted: str) -> bool:
    """Single value, UID list and wildcard matching (PS3.4 C.2.2.2.1 to C.2.2.2.4) on indexed attributes."""
    if tag == "00080061":
        return any(_matches(level, group, "00080060", one) for one in wanted.split("\\"))
    candidates = group if level == STUDY else group[:1]
    for instance in candidates:
        for value in instance.attributes.get(tag, {}).get("Value", []):
            text = str(value.get("Alphabetic", "") if isinstance(value, dict) else value)
            if dictionary_VR(tag) == "UI" and text in wanted.replace(",", "\\").split("\\"):
                return True
            if wanted.endswith("*") and text.lower().startswith(wanted[:-1].lower()):
                return True
            if text == wanted:
                return True
    return False


def _included_tags(query: Query) -> set[str] | None:
    """Tags asked for besides the usual ones; None for ``all``."""
    names = [name for key, value in query if key.lower() == "includefield" for name in value.split(",") if name]
    return None if "all" in names else {_tag(name) for name in names}


def _tag(name: str) -> str:
    """Eight hexadecimal digits for a keyword or a tag; 400 for anything else."""
    tag = tag_for_keyword(name)
    if tag is None and len(name) == 8 and all(c in "0123456789abcdefABCDEF" for c in name):
        tag = int(name, 16)
    if tag is None or (not keyword_for_tag(tag) and not (tag >> 16) & 1):
        raise invalid(f"{name} is not a DICOM attribute this archive can match or return", name)
    return f"{tag:08X}"


def _number(query: Query, wanted: str, default: int) -> int:
    for name, value in query:
        if name.lower() == wanted:
            if not value.isdigit():
                raise invalid(f"{wanted} is {value}, not a number", wanted)
            return int(value)
    return default
