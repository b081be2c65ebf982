"""Taking DICOM objects into the archive: which are stored, which are refused and why (PS3.18 section 10.5). No HTTP."""

from __future__ import annotations

import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sync.demo_hospital.dicom_index import InstanceEntry, UnusableInstance, read_entry
from sync.demo_hospital.state import HospitalState

Json = dict[str, Any]

PROCESSING_FAILURE = 0x0110
SOP_CLASS_NOT_SUPPORTED = 0x0122
NOT_VALID = 0xA900
STUDY_MISMATCH = 0xA901
STORED_BEFORE = 0xB00E
NOT_UNDERSTOOD = 0xC000
COERCED = 0xB000
"""FailureReason and WarningReason (PS3.18 table 10.5.3-2; study mismatch and duplicate: what archives use)."""


@dataclass(frozen=True, slots=True)
class Intake:
    """What became of one object; *entry* is None where not even its UIDs could be read."""

    entry: InstanceEntry | None
    failure: int | None = None
    warning: int | None = None


class ArchiveIntake:
    """Stores objects below the hospital's state folder."""

    def __init__(self, state: HospitalState) -> None:
        self._state = state
        self._folder = state.state_dir / "received"

    def take(self, contents: list[bytes], study_uid: str | None, partition: str) -> list[Intake]:
        """Store each object, or say why not; what is said to be stored is on disk when this returns."""
        return [self._take_one(content, study_uid, partition) for content in contents]

    def refuse(self, content: bytes, failure: int) -> Intake:
        """Store nothing; the object is named as far as it can be read."""
        with self._arriving(content) as path:
            try:
                return Intake(read_entry(path), failure)
            except UnusableInstance:
                return Intake(None, failure)

    def _take_one(self, content: bytes, study_uid: str | None, partition: str) -> Intake:
        with self._arriving(content) as arrived:
            try:
                entry = read_entry(arrived)
            except UnusableInstance as error:
                return Intake(None, NOT_VALID if "truncated" in str(error) else NOT_UNDERSTOOD)
            if study_uid is not None and entry.study_uid != study_uid:
                return Intake(entry, STUDY_MISMATCH)
            held = self._state.find_instance(entry.sop_uid)
            if held is not None:
                # The same bytes again are what a client sends that lost the answer
                return Intake(entry, None if held.path.read_bytes() == content else STORED_BEFORE)
            path = self._folder / f"{entry.sop_uid}.dcm"
            arrived.rename(path)
            _sync_folder(self._folder)
            self._state.put_instance_entry(path, entry, partition)
            return Intake(entry)

    @contextmanager
    def _arriving(self, content: bytes) -> Iterator[Path]:
        """A file with these bytes, on disk, gone afterwards unless it was renamed."""
        self._folder.mkdir(exist_ok=True)
        path = self._folder / f"{secrets.token_hex(8)}.new"
        try:
            with path.open("wb") as opened:
                opened.write(content)
                opened.flush()
                os.fsync(opened.fileno())
            yield path
        finally:
            path.unlink(missing_ok=True)


def to_store_response(intakes: list[Intake], studies_url: str, study_uid: str | None) -> Json:
    """The Store Instances response as DICOM JSON (PS3.18 table 10.5.3-1), with both sequences where they have items."""
    study_uids = {one.entry.study_uid for one in intakes if one.entry}
    response: Json = {}
    if study_uid or len(study_uids) == 1:
        response["00081190"] = {"vr": "UR", "Value": [f"{studies_url}/{study_uid or study_uids.pop()}"]}
    failed = [{**_reference(one), **_number("00081197", one.failure)} for one in intakes if one.failure is not None]
    if failed:
        response["00081198"] = {"vr": "SQ", "Value": failed}
    stored: list[Json] = []
    for one in intakes:
        if one.failure is None and one.entry is not None:
            address = f"{studies_url}/{one.entry.study_uid}/series/{one.entry.series_uid}/instances/{one.entry.sop_uid}"
            item = {**_reference(one), "00081190": {"vr": "UR", "Value": [address]}}
            stored.append({**item, **(_number("00081196", one.warning) if one.warning is not None else {})})
    if stored:
        response["00081199"] = {"vr": "SQ", "Value": stored}
    return response


def _reference(intake: Intake) -> Json:
    if intake.entry is None:
        return {}
    return {
        "00081150": {"vr": "UI", "Value": [intake.entry.sop_class]},
        "00081155": {"vr": "UI", "Value": [intake.entry.sop_uid]},
    }


def _number(tag: str, value: int | None) -> Json:
    return {tag: {"vr": "US", "Value": [value]}}


def _sync_folder(folder: Path) -> None:
    """A rename is on disk when its folder is; only POSIX lets a folder be synced."""
    if os.name != "posix":
        return
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
