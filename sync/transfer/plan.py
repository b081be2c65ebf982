"""What of a case is still to be fetched, and in which order: reports before images, the open case before the others.

Decides only from what the store holds; fetches nothing but the archive's list of a study's instances.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import IntEnum
from typing import TYPE_CHECKING

from sync.dicomweb.dicomweb_gateway import DicomwebGateway
from sync.fhir.records_mapping import weak_digest
from sync.records.case import Case, CaseId, ConsentState, Document, DocumentCategory, ImagingStudy
from sync.transfer.file_download import PromisedFile

if TYPE_CHECKING:
    from sync.store.database import Store


class Urgency(IntEnum):
    """First what the question needs to be understood, then what it needs to be answered."""

    DOCUMENTS = 0
    STUDY = 1
    SLIDES = 2


@dataclass(frozen=True, slots=True)
class Batch:
    """Files of one case that are fetched together: documents, slides, or one study (then ``documents`` is empty)."""

    case: Case
    urgency: Urgency
    documents: tuple[Document, ...] = ()
    study: ImagingStudy | None = None


@dataclass(frozen=True, slots=True)
class WantedInstance:
    """One instance that the archive lists and that is not here."""

    series_uid: str
    sop_instance_uid: str


def plan_case(store: Store, case: Case) -> tuple[Batch, ...]:
    """What to look at for one case. Nothing without an active consent, and nothing of a case that is closed."""
    if case.consent is not ConsentState.ACTIVE or case.status.is_terminal:
        return ()
    missing = [d for d in case.documents if _is_document_missing(store, case.case_id, d)]
    reports = tuple(d for d in missing if d.category is not DocumentCategory.SLIDE)
    slides = tuple(d for d in missing if d.category is DocumentCategory.SLIDE)
    batches = [Batch(case, Urgency.DOCUMENTS, documents=reports)] if reports else []
    batches += [Batch(case, Urgency.STUDY, study=study) for study in case.studies if study.study_uid]
    if slides:
        batches.append(Batch(case, Urgency.SLIDES, documents=slides))
    return tuple(batches)


def next_batch(batches: Iterable[Batch], open_case: str | None) -> Batch:
    """Everything of the case the reader has open first; then all reports; then images, the earliest due date first."""
    latest = datetime.max.replace(tzinfo=UTC)

    def rank(batch: Batch) -> tuple[bool, int, datetime]:
        is_open = batch.case.case_id == open_case
        is_image = batch.urgency is not Urgency.DOCUMENTS
        return not is_open, batch.urgency if is_open else int(is_image), batch.case.due or latest

    return min(batches, key=rank)


def list_study(store: Store, archive: DicomwebGateway, case_id: CaseId, study: ImagingStudy) -> None:
    """Asks the archive what the study holds, where that is not known for this version of the study."""
    known_key = f"listed:{case_id}:{study.reference}"
    is_known = any(expected.source == study.reference for expected in store.objects.list_expected(case_id))
    if is_known and study.version_id and store.session.find(known_key) == study.version_id:
        return
    by_series: dict[str, list[str]] = {}
    entries = archive.list_instances(study.study_uid)
    # Of a whole slide the small levels first: label, overview and the lowest magnification have the fewest frames.
    for entry in sorted(entries, key=lambda one: one.frame_count if one.modality == _SLIDE else 0):
        by_series.setdefault(entry.series_uid, []).append(entry.sop_instance_uid)
    for series_uid, sop_uids in by_series.items():
        store.objects.put_expected(case_id, study.reference, series_uid, tuple(sop_uids))
    store.session.put(known_key, study.version_id)


def missing_instances(store: Store, case_id: CaseId, study: ImagingStudy) -> tuple[WantedInstance, ...]:
    """Of the listed instances those neither here nor turned away since the study last changed, in listed order."""
    here = {
        (obj.series_uid, obj.sop_instance_uid)
        for obj in store.objects.list_objects(case_id)
        if obj.source == study.reference and store.vault.contains(obj.sha256)
    }
    settled = _turned_away(store, case_id, study.reference, study.version_id)
    place = _series_places(study)
    listed = sorted(store.objects.list_expected(case_id), key=lambda one: place.get(one.series_uid, (1, len(place))))
    return tuple(
        WantedInstance(expected.series_uid, uid)
        for expected in listed
        if expected.source == study.reference
        for uid in expected.sop_instance_uids
        if (expected.series_uid, uid) not in here and instance_title(uid) not in settled
    )


_POINTING = frozenset({"KO", "PR", "SR"})
"""Modalities of a few kilobytes that say what to look at: key objects, presentation states, structured reports."""
_SLIDE = "SM"


def _series_places(study: ImagingStudy) -> dict[str, tuple[int, int]]:
    """What says where to look first, then the images as the hospital lists them, whole slides of gigabytes last."""
    return {
        entry.series_uid: (0 if entry.modality in _POINTING else 2 if entry.modality == _SLIDE else 1, number)
        for number, entry in enumerate(study.series)
    }


def instance_title(sop_uid: str) -> str:
    """How an instance is called in lists and sentences."""
    return f"Image {sop_uid}"


def promise_of(store: Store, document: Document) -> PromisedFile:
    """What the hospital announces of a document's file; its SHA-1 stands in the raw resource only."""
    sha1 = weak_digest(store.cases.find_resource(_resource_of(document.reference)) or {})
    return PromisedFile(
        document.title, document.url, document.content_type, document.size_bytes, document.sha256,
        sha1.hex() if sha1 else None,
    )  # fmt: skip


def count_files(store: Store, case: Case) -> tuple[int, int]:
    """Files of the case that are here, and that the hospital has, as far as it is known."""
    here = store.objects.list_objects(case.case_id)
    expected = store.objects.list_expected(case.case_id)
    listed = {item.source for item in expected}
    total = len(case.documents) + sum(len(item.sop_instance_uids) for item in expected)
    total += sum(study.instance_count for study in case.studies if study.reference not in listed)
    return len(here), max(total, len(here))


def count_bytes(store: Store, case: Case) -> tuple[int, int | None]:
    """Bytes of the case that are here, and that it will have; None where too little is known to say.

    An image's size is not announced, so images that are missing are taken to be as big as those that are here.
    """
    here = store.objects.list_objects(case.case_id)
    images = [obj.size_bytes for obj in here if obj.sop_instance_uid]
    have = sum(obj.size_bytes for obj in here)
    unfinished = sum(
        store.vault.unfinished_bytes(found.file_id)
        for document in case.documents
        if (found := store.checkpoints.find(case.case_id, document.reference)) is not None
    )
    fetched = {obj.source for obj in here}
    missing = [document.size_bytes for document in case.documents if document.reference not in fetched]
    files_here, files_total = count_files(store, case)
    images_missing = max(0, files_total - files_here - len(missing))
    if any(size is None for size in missing) or (images_missing and not images):
        return have + unfinished, None
    average = sum(images) / len(images) if images else 0.0
    return have + unfinished, have + sum(size for size in missing if size) + round(images_missing * average)


def try_again(store: Store, case_id: CaseId) -> None:
    """What of a case did not pass the door is asked for once more."""
    for rejected in store.objects.list_rejected(case_id):
        store.session.remove(_turned_away_key(case_id, rejected.source))
    store.objects.remove_rejected(case_id)
    store.rounds.note_wanted(case_id)


def note_fetched(store: Store, case_id: CaseId, document: Document) -> None:
    """This version of the document is here: what changes later has another."""
    store.session.put(_fetched_key(case_id, document), document.version_id)


def note_turned_away(store: Store, case_id: CaseId, source: str, version_id: str) -> None:
    """Something of this version of a document or study did not pass the door; asking again brings the same."""
    store.session.put(_turned_away_key(case_id, source), version_id)


def _is_document_missing(store: Store, case_id: CaseId, document: Document) -> bool:
    if document.title in _turned_away(store, case_id, document.reference, document.version_id):
        return False
    stored = store.objects.find_object(case_id, source=document.reference)
    if stored is None or not store.vault.contains(stored.sha256):
        return True
    if document.sha256 is not None:
        return stored.sha256 != document.sha256
    return store.session.find(_fetched_key(case_id, document)) != document.version_id


def _turned_away(store: Store, case_id: CaseId, source: str, version_id: str) -> frozenset[str]:
    """Titles that did not pass the door, where the hospital has not changed their resource since."""
    if store.session.find(_turned_away_key(case_id, source)) != version_id:
        return frozenset()
    return frozenset(rejected.title for rejected in store.objects.list_rejected(case_id) if rejected.source == source)


def _fetched_key(case_id: CaseId, document: Document) -> str:
    return f"fetched:{case_id}:{document.reference}"


def _turned_away_key(case_id: CaseId, source: str) -> str:
    return f"turned away:{case_id}:{source}"


def _resource_of(reference: str) -> str:
    return reference.partition("#")[0]
