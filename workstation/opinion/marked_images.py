"""The stored images that marks lie on: found by a mark's target, opened for measuring and for key images. No Qt."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from hashlib import sha256
from typing import TYPE_CHECKING

from sync.records.case import Case
from sync.records.stored_object import StoredObject
from sync.store.database import Store
from viewers.annotation.annotation import FrameTarget, SlideTarget, Target
from viewers.errors import UnreadableFile

if TYPE_CHECKING:
    from viewers.pathology.slide_source import SlideSource
    from viewers.radiology.frame import Series


class MarkedImages:
    """The images of one case as the store has them now."""

    def __init__(self, store: Store, case: Case) -> None:
        self._store = store
        self._case = case
        self._objects = store.objects.list_objects(case.case_id)

    def get_series(self, target: FrameTarget) -> tuple[Series, int]:
        """The frame's instance as a series of its own, and the frame's number in it (from 1). UnreadableFile."""
        from viewers.radiology.series_loader import scan_instances  # pydicom: not before a mark needs it

        stored = next((o for o in self._objects if o.sop_instance_uid == target.sop_instance_uid), None)
        if stored is None:
            raise UnreadableFile("The image is not on this computer.")
        for series in scan_instances([self._store.vault.source(stored.sha256, stored.title)]).series:
            for number, frame in enumerate(series.frames, 1):
                if frame.frame_number == target.frame_number:
                    return series, number
        raise UnreadableFile(f"{stored.title} has no image {target.frame_number} that can be shown.")

    @contextmanager
    def open_slide(self, target: SlideTarget) -> Iterator[SlideSource]:
        """The slide, closed again afterwards. ViewerError where it is not here or cannot be read."""
        from viewers.pathology.slide_source import open_slide

        stored = self._slide_objects(target)
        if not stored:
            raise UnreadableFile("The slide is not on this computer.")
        slide = open_slide([self._store.vault.source(o.sha256, o.title) for o in stored])
        try:
            yield slide
        finally:
            slide.close()

    def describe(self, target: Target) -> tuple[str, str]:
        """What a reader calls the image, and the record (ImagingStudy or DocumentReference) it belongs to."""
        if isinstance(target, FrameTarget):
            return self._describe_series(target.series_uid)
        stored = self._slide_objects(target)
        if stored and stored[0].series_uid is not None:
            return self._describe_series(stored[0].series_uid)
        source = stored[0].source if stored else ""
        document = next((d for d in self._case.documents if d.reference == source), None)
        return (document.title if document else "slide"), source

    def _describe_series(self, series_uid: str) -> tuple[str, str]:
        for study in self._case.studies:
            for entry in study.series:
                if entry.series_uid == series_uid:
                    words = " ".join(part for part in (entry.modality, entry.description) if part)
                    return words or study.description or "series", study.reference
        source = next((o.source for o in self._objects if o.series_uid == series_uid), "")
        return "series", source

    def _slide_objects(self, target: SlideTarget) -> list[StoredObject]:
        """The file of a slide; of a DICOM slide its instances, known by the digest over their sorted digests."""
        single = [stored for stored in self._objects if stored.sha256 == target.sha256]
        if single:
            return single[:1]
        by_series: dict[str, list[StoredObject]] = {}
        for stored in self._objects:
            if stored.series_uid is not None:
                by_series.setdefault(stored.series_uid, []).append(stored)
        for members in by_series.values():
            lines = "\n".join(sorted(stored.sha256 for stored in members))
            if sha256(lines.encode()).hexdigest() == target.sha256:
                return members
        return []
