"""What a hospital knows of its patients, taken from its own state: all that a lost laptop must not tell.

Nothing is listed by hand, so whatever the cohort gains is looked for as well.
"""

from __future__ import annotations

import base64
import json
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import numpy
import pydicom
import tifffile

from sync.demo_hospital.stories import STORIES
from tests.journey.leak_search import unpacked

RUN_BYTES = 64
SHORTEST_WORD = 5


def words_of(hospital: Path) -> list[str]:
    """Names, numbers, questions, letters, messages, and the ids of resources, studies, series and images."""
    found: set[str] = set()
    for story in STORIES:
        found |= {story.case_id, story.family, story.given, story.diagnosis, *story.questions}
        for patient in (story.patient, story.foreign_patient):
            if patient is not None:
                found |= {patient.patient_id, patient.dicom_name, patient.accession}
        for letter in story.letters:
            found |= {letter.title, letter.author, *(text for _heading, text in letter.sections)}
    for kind, resource_id, resource in resources_of(hospital):
        if kind == "Patient" or '"Patient/' in json.dumps(resource):
            found.add(resource_id)
        if kind == "Patient":
            found |= {number["value"] for number in resource.get("identifier", ())}
        if kind in ("Communication", "CommunicationRequest"):
            found |= {payload["contentString"] for payload in resource.get("payload", ()) if "contentString" in payload}
    with closing(sqlite3.connect(hospital / "hospital.db")) as database:
        for study, series, image in database.execute(
            "SELECT study_uid, series_uid, max(sop_uid) FROM instance GROUP BY study_uid, series_uid"
        ):
            found |= {study, series, image}
    return sorted(word for word in found if len(word) >= SHORTEST_WORD)


def resources_of(hospital: Path) -> Iterator[tuple[str, str, dict[str, Any]]]:
    """The current version of every resource: kind, id, content."""
    with closing(sqlite3.connect(hospital / "hospital.db")) as database:
        rows = database.execute("SELECT type, id, json FROM resource NATURAL JOIN current").fetchall()
    return ((kind, resource_id, json.loads(text)) for kind, resource_id, text in rows)


def runs_of(hospital: Path) -> dict[str, bytes]:
    """Bytes of each series, of the slide (as encoded, and as a viewer decodes them), and of each letter."""
    runs = {}
    for number, folder in enumerate(sorted({path.parent for path in hospital.rglob("*.dcm")})):
        images = sorted(folder.glob("*.dcm"))
        runs[f"series {number}"] = telling_run(bytes(pydicom.dcmread(images[len(images) // 2]).PixelData))
    for path in hospital.rglob("*.svs"):
        runs[f"tiles of {path.name}"] = telling_run(path.read_bytes())
        with tifffile.TiffFile(path) as slide:
            smallest = min((page.asarray() for page in slide.pages), key=lambda page: int(numpy.size(page)))
        runs[f"overview of {path.name}"] = telling_run(smallest.tobytes())
    for resource_id, letter in letters_of(hospital):
        runs[f"letter {resource_id}"] = telling_run(letter)
        runs[f"page of {resource_id}"] = telling_run(page_of(letter))
    return runs


def letters_of(hospital: Path) -> Iterator[tuple[str, bytes]]:
    """The PDF of every report, letter and release."""
    for kind, resource_id, resource in resources_of(hospital):
        if kind == "Binary" and resource["contentType"] == "application/pdf":
            yield resource_id, base64.b64decode(resource["data"])


def page_of(pdf: bytes) -> bytes:
    """The longest page's drawing orders, unpacked: its text shown by ``Tj`` or ``TJ`` (ISO 32000-1, 9.4.3)."""
    return max((layer for layer in unpacked(pdf) if b"TJ" in layer or b"Tj" in layer), key=len)


def telling_run(content: bytes) -> bytes:
    """64 bytes from the middle on that are not all alike."""
    for start in range(len(content) // 2, len(content) - RUN_BYTES, RUN_BYTES):
        run = content[start : start + RUN_BYTES]
        if len(set(run)) > 12:
            return run
    raise AssertionError("no telling bytes")
