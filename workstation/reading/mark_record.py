"""A mark as the store keeps it, and back: joins what a mark is (viewers) with whose and which revision (sync)."""

from __future__ import annotations

import json
from collections.abc import Iterable
from contextlib import suppress
from datetime import datetime

from sync.records.annotation_record import AnnotationRevision
from sync.records.case import CaseId
from viewers.annotation.annotation import Annotation
from viewers.annotation.annotation_set import label_number
from viewers.errors import UnreadableFile


def revision_of(
    mark: Annotation, case_id: CaseId, revision: int, at: datetime, *, deleted: bool = False
) -> AnnotationRevision:
    """The mark's state as revision number *revision* of the journal."""
    payload = "" if deleted else json.dumps(mark.to_json(), ensure_ascii=False)
    return AnnotationRevision(case_id, mark.annotation_id, revision, mark.target.key, mark.reader, at, deleted, payload)


def mark_of(revision: AnnotationRevision) -> Annotation:
    """The mark in a revision that is not a deletion. UnreadableFile when its payload is damaged."""
    try:
        value = json.loads(revision.payload)
    except ValueError as error:
        raise UnreadableFile(f"A mark of case {revision.case_id} cannot be read ({error}).") from error
    return Annotation.from_json(value)


def first_free_number(history: Iterable[AnnotationRevision]) -> int:
    """One more than the highest label number ever given in the case, removed marks included."""
    highest = 0
    for revision in history:
        if not revision.deleted:
            with suppress(UnreadableFile):
                highest = max(highest, label_number(mark_of(revision).label))
    return highest + 1
