"""The stacks of one stored series, from what was found when its files came through the door. No Qt.

The door keeps what it read of each file; put together here, they are kept in the store under ``series:<uid>`` and are
believed only while the series consists of exactly the same instances. Only a file without such facts is parsed again.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from hashlib import sha256
from typing import TYPE_CHECKING

from sync.records.case import Case, CaseId
from sync.records.stored_object import StoredObject
from sync.store.database import Store
from viewers.byte_source import ByteSource
from viewers.errors import UnreadableFile, ViewerError
from viewers.radiology.frame import DicomSlide, NotShown, Series, StructureFile
from workstation.completeness import Count, completeness_of

if TYPE_CHECKING:
    from viewers.radiology.instance import Instance


@dataclass(frozen=True, slots=True)
class SeriesContent:
    """What the files of one series hold."""

    stacks: tuple[Series, ...]
    slides: tuple[DicomSlide, ...]
    not_shown: tuple[NotShown, ...]
    structures: tuple[StructureFile, ...] = ()


@dataclass(frozen=True, slots=True)
class SeriesFiles:
    """Files of one DICOM series that may share a stack. ``facts_name`` is theirs alone, as `load_series` takes it."""

    series_uid: str
    objects: tuple[StoredObject, ...]
    facts_name: str
    mismatch: str = ""
    """Of files whose patient is not the case's: the sentence that says so."""


def series_files(objects: Sequence[StoredObject]) -> list[SeriesFiles]:
    """The series among a case's *objects*; a foreign file never shares a stack with the patient's own."""
    grouped: dict[str, list[StoredObject]] = {}
    for obj in objects:
        if obj.series_uid is not None:
            grouped.setdefault(obj.series_uid, []).append(obj)
    found = []
    for series_uid, members in grouped.items():
        own = tuple(obj for obj in members if not obj.patient_mismatch)
        foreign = tuple(obj for obj in members if obj.patient_mismatch)
        if own:
            found.append(SeriesFiles(series_uid, own, series_uid))
        if foreign:
            found.append(SeriesFiles(series_uid, foreign, f"{series_uid}#foreign", foreign[0].patient_mismatch))
    return found


def instance_counts(store: Store, case: Case, objects: Sequence[StoredObject]) -> dict[str, Count]:
    """Images here against images listed, by series: by the instance list where there is one, else by the study's own
    count."""
    counts = dict(completeness_of(case, objects, ()).series)
    here = {obj.sop_instance_uid for obj in objects if obj.sop_instance_uid is not None}
    for expected in store.objects.list_expected(case.case_id):
        listed = set(expected.sop_instance_uids)
        if listed:
            counts[expected.series_uid] = Count(len(listed & here), len(listed))
    return counts


def load_series(store: Store, case_id: CaseId, facts_name: str, objects: Sequence[StoredObject]) -> SeriesContent:
    """The content of the series that *objects* (all of it that is here) make up; its facts are kept by *facts_name*."""
    sources: dict[str, ByteSource] = {
        obj.sop_instance_uid or obj.sha256: store.vault.source(obj.sha256, obj.title) for obj in objects
    }
    fingerprint = sha256("\n".join(sorted(obj.sha256 for obj in objects)).encode()).hexdigest()
    key = f"series:{facts_name}"
    stored = store.objects.find_display_facts(case_id, key)
    content = None if stored is None else _content_of(stored, fingerprint, sources)
    if content is None:
        content = scan_sources(tuple(sources.values()), _load_from(store, case_id, objects, sources))
        if not content.slides and not content.structures:
            store.objects.put_display_facts(case_id, key, _facts_of(content, fingerprint))
    return content


def scan_sources(sources: Sequence[ByteSource], load: Callable[[ByteSource], Instance] | None = None) -> SeriesContent:
    """What every file holds; never raises for a bad one, it is listed with its reason. *load* stands for parsing it."""
    from viewers.radiology.instance import load_instance
    from viewers.radiology.series_loader import scan_instances  # pydicom: 0.7 s that the window need not wait for

    scan = scan_instances(sources, load=load or load_instance)
    return SeriesContent(scan.series, scan.slides, (*scan.unusable, *scan.other), scan.structures)


def _load_from(
    store: Store, case_id: CaseId, objects: Sequence[StoredObject], sources: dict[str, ByteSource]
) -> Callable[[ByteSource], Instance]:
    """Reads an instance from what the door noted of its file, and parses the file where that is not to be had."""
    from viewers.radiology.instance import load_instance
    from viewers.radiology.instance_facts import instance_from_facts

    noted = store.objects.list_file_facts(case_id, [obj.sha256 for obj in objects])
    of_source = {
        id(sources[obj.sop_instance_uid or obj.sha256]): noted[obj.sha256] for obj in objects if obj.sha256 in noted
    }

    def load(source: ByteSource) -> Instance:
        facts = of_source.get(id(source))
        if facts is not None:
            with suppress(UnreadableFile):  # of an older form than this program writes
                return instance_from_facts(facts, source)
        return load_instance(source)

    return load


def _facts_of(content: SeriesContent, fingerprint: str) -> bytes:
    from viewers.radiology.series_facts import series_to_facts

    return json.dumps(
        {
            "fingerprint": fingerprint,
            "stacks": [series_to_facts(series).decode("utf-8") for series in content.stacks],
            "not_shown": [[item.name, item.reason] for item in content.not_shown],
        }
    ).encode()


def _content_of(facts: bytes, fingerprint: str, sources: dict[str, ByteSource]) -> SeriesContent | None:
    """None when the facts are of other files, or of an older form than this program writes."""
    from viewers.radiology.series_facts import series_from_facts

    try:
        value = json.loads(facts)
        if value["fingerprint"] != fingerprint:
            return None
        stacks = tuple(series_from_facts(text.encode("utf-8"), sources.__getitem__) for text in value["stacks"])
        return SeriesContent(stacks, (), tuple(NotShown(name, reason) for name, reason in value["not_shown"]))
    except (KeyError, TypeError, ValueError, ViewerError):
        return None
