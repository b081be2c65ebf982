"""The stored images that marks lie on: found by a mark's target, opened for measuring and for key images. No Qt."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from hashlib import sha256
from typing import TYPE_CHECKING

from sync.records.case import Case
from sync.records.stored_object import StoredObject
from sync.store.database import Store
from viewers.annotation.annotation import FrameTarget, SlideTarget, Target
from viewers.errors import UnreadableFile
from viewers.image_place import ImagePlace
from viewers.pathology.plain_file import Lend, lend_nothing
from workstation.completeness import Count
from workstation.stored_series import SeriesContent, SeriesFiles, instance_counts, load_series, series_files

if TYPE_CHECKING:
    from viewers.pathology.slide_source import SlideSource
    from viewers.radiology.frame import Series


@dataclass(frozen=True, slots=True)
class MarkedFrame:
    """A frame by its stack and its index there (from 0), and how its place is said for good."""

    series: Series
    index: int
    place: ImagePlace


class MarkedImages:
    """The images of one case as the store has them now."""

    def __init__(self, store: Store, case: Case, lend: Lend = lend_nothing) -> None:
        """*lend* gives slides unencrypted that can only be read by path."""
        self._store = store
        self._lend = lend
        self._case = case
        self._objects = store.objects.list_objects(case.case_id)
        self._contents: dict[str, SeriesContent] = {}
        self._counts: dict[str, Count] | None = None

    def get_frame(self, target: FrameTarget) -> MarkedFrame:
        """The frame in its stack, which is put together from all of the series that is here, as it is for the screen.

        UnreadableFile where it is not here or cannot be shown.
        """
        from viewers.radiology.stack_words import place_of  # numpy: not before a mark needs it

        files, stored = self._find_files(target)
        content = self._content(files)
        for series in content.stacks:
            for index, frame in enumerate(series.frames):
                if (frame.sop_instance_uid, frame.frame_number) == (target.sop_instance_uid, target.frame_number):
                    place = place_of(series, index, is_whole=self._is_whole(files.series_uid, content))
                    return MarkedFrame(series, index, place.lasting())
        raise UnreadableFile(f"{stored.title} has no image {target.frame_number} that can be shown.")

    def _find_files(self, target: FrameTarget) -> tuple[SeriesFiles, StoredObject]:
        for files in series_files(self._objects):
            for stored in files.objects:
                if stored.sop_instance_uid == target.sop_instance_uid:
                    return files, stored
        raise UnreadableFile("The image is not on this computer.")

    def _content(self, files: SeriesFiles) -> SeriesContent:
        if files.facts_name not in self._contents:
            found = load_series(self._store, self._case.case_id, files.facts_name, files.objects)
            self._contents[files.facts_name] = found
        return self._contents[files.facts_name]

    def _is_whole(self, series_uid: str, content: SeriesContent) -> bool:
        """Whether a place in display order is certain: all that the hospital lists is here, and all of it is shown."""
        if self._counts is None:
            self._counts = instance_counts(self._store, self._case, self._objects)
        count = self._counts.get(series_uid)
        return count is not None and count.is_whole and not content.not_shown

    @contextmanager
    def open_slide(self, target: SlideTarget) -> Iterator[SlideSource]:
        """The slide, closed again afterwards. ViewerError where it is not here or cannot be read."""
        from viewers.pathology.slide_source import open_slide

        stored = self._slide_objects(target)
        if not stored:
            raise UnreadableFile("The slide is not on this computer.")
        slide = open_slide([self._store.vault.source(o.sha256, o.title) for o in stored], self._lend)
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
