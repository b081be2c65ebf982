"""How much of a case lies on this computer, and what is missing. Counts only; no Qt here."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sync.records.case import Case
from sync.records.case_standing import CaseStanding
from sync.records.stored_object import Integrity, RejectedObject, StoredObject
from workstation.count_words import counted
from workstation.release_words import withheld_words


@dataclass(frozen=True, slots=True)
class Count:
    """So many of so many."""

    here: int
    expected: int

    @property
    def is_whole(self) -> bool:
        return self.here >= self.expected

    def words(self, one: str, many: str) -> str:
        """``220 of 220 images``."""
        return f"{self.here} of {counted(self.expected, one, many)}"


@dataclass(frozen=True, slots=True)
class Completeness:
    """What of a case is here: images (DICOM instances), slides, documents; and what was turned away or is foreign."""

    withheld: str
    """Why none of it is shown, in a few words; empty where it is."""
    images: Count
    slides: Count
    documents: Count
    studies: dict[str, Count]
    """By the study's reference."""
    series: dict[str, Count]
    """By SeriesInstanceUID."""
    sources: frozenset[str]
    """References of which something is here."""
    rejected: tuple[RejectedObject, ...]
    foreign: tuple[StoredObject, ...]
    """Objects whose patient is not the case's."""
    trust: Mapping[str, Integrity]
    """Of what is here, by its source: how far its bytes are known to be the hospital's."""

    @property
    def is_whole(self) -> bool:
        return self.images.is_whole and self.slides.is_whole and self.documents.is_whole

    @property
    def nothing_here(self) -> bool:
        return not (self.images.here or self.slides.here or self.documents.here)

    def words(self) -> str:
        """One line for the worklist."""
        if self.withheld:
            return self.withheld
        parts = []
        if self.images.expected:
            parts.append(self.images.words("image", "images"))
        if self.slides.expected:
            parts.append(self.slides.words("slide", "slides"))
        if self.documents.expected and (not parts or not self.documents.is_whole):
            parts.append(self.documents.words("document", "documents"))
        return " · ".join(parts) or "no records listed"


def foreign_sentences(mismatches: Mapping[str, int]) -> tuple[str, ...]:
    """Whose the images of another patient are, and how many: ``3 images: The image is of …``."""
    return tuple(f"{count} images: {said}" if count > 1 else said for said, count in mismatches.items())


def accepted_words(count: int) -> str:
    """That the reader took responsibility for so many images of another patient."""
    verb = "it names" if count == 1 else "they name"
    return f"{counted(count, 'image')} accepted although {verb} another patient"


def completeness_of(case: Case, objects: Sequence[StoredObject], rejected: Sequence[RejectedObject]) -> Completeness:
    """Count what is here against what the hospital lists."""
    per_series: dict[str, set[str]] = {}
    for stored in objects:
        if stored.series_uid is not None and stored.sop_instance_uid is not None:
            per_series.setdefault(stored.series_uid, set()).add(stored.sop_instance_uid)
    return _completeness(
        case,
        {series_uid: len(instances) for series_uid, instances in per_series.items()},
        frozenset(stored.source for stored in objects),
        tuple(rejected),
        tuple(stored for stored in objects if stored.patient_mismatch),
        {stored.source: stored.integrity for stored in objects},
    )


def completeness_in(standing: CaseStanding) -> Completeness:
    """The same from the store's own counts, without the objects: what was rejected or foreign is not named."""
    per_series: dict[str, int] = {}
    for (_source, series_uid), count in standing.files_here.items():
        if series_uid:
            per_series[series_uid] = per_series.get(series_uid, 0) + count
    return _completeness(
        standing.case, per_series, frozenset(source for source, _series in standing.files_here), (), (), {}
    )


def _completeness(
    case: Case,
    per_series: Mapping[str, int],
    sources: frozenset[str],
    rejected: tuple[RejectedObject, ...],
    foreign: tuple[StoredObject, ...],
    trust: Mapping[str, Integrity],
) -> Completeness:
    series = {
        entry.series_uid: Count(per_series.get(entry.series_uid, 0), entry.instance_count)
        for study in case.studies
        for entry in study.series
    }
    studies = {
        study.reference: Count(sum(series[entry.series_uid].here for entry in study.series), study.instance_count)
        for study in case.studies
    }
    slides = case.slides
    papers = [document for document in case.documents if document not in slides]
    return Completeness(
        withheld=withheld_words(case),
        images=Count(sum(c.here for c in studies.values()), sum(c.expected for c in studies.values())),
        slides=Count(sum(s.reference in sources for s in slides), len(slides)),
        documents=Count(sum(p.reference in sources for p in papers), len(papers)),
        studies=studies,
        series=series,
        sources=sources,
        rejected=rejected,
        foreign=foreign,
        trust=trust,
    )
