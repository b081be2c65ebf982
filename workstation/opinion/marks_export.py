"""The marks of a case as the files that leave with its opinion, and as what the form offers to cite. No Qt.

Numbers are derived anew from each mark's shape and its image's calibration; where that is not known they are pixels.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from hashlib import sha256

from sync.records.annotation_record import AnnotationRevision
from sync.records.answer import Reference
from sync.records.case import Case, CaseId
from sync.records.opinion import MarksFile
from sync.store.database import Store
from viewers.annotation.annotation import Annotation, FrameTarget, SlideTarget, Target
from viewers.annotation.measurements import Measurement, measure
from viewers.calibration import Calibration, uncalibrated
from viewers.errors import UnreadableFile, ViewerError
from viewers.exchange import geojson, marks_json
from viewers.image_place import ImagePlace
from viewers.pathology.plain_file import Lend, lend_nothing
from workstation.opinion.form_state import Candidate, LengthMark
from workstation.opinion.marked_images import MarkedImages

MARK_SYSTEM = "https://readingroom.example/ids/mark"


class MarkShelf:
    """The marks of one case with what is needed to measure and to export them. Reads the store and the stored files."""

    def __init__(self, store: Store, case: Case, lend: Lend = lend_nothing) -> None:
        """*lend* gives slides unencrypted that can only be read by path."""
        self._images = MarkedImages(store, case, lend)
        self._calibrations: dict[Target, Calibration] = {}

    def read(self, revisions: Sequence[AnnotationRevision]) -> tuple[Annotation, ...]:
        """The marks in those revisions. UnreadableFile for a damaged one: an opinion must not leave without it."""
        marks = []
        for revision in revisions:
            try:
                value = json.loads(revision.payload)
            except ValueError as error:
                raise UnreadableFile(f"A mark of case {revision.case_id} cannot be read ({error}).") from error
            marks.append(Annotation.from_json(value))
        return tuple(marks)

    def export(self, marks: Sequence[Annotation]) -> tuple[MarksFile, ...]:
        """One file an image that has marks, in the order of the first mark on each."""
        files = []
        for key in dict.fromkeys(mark.target.key for mark in marks):
            on_image = [mark for mark in marks if mark.target.key == key]
            target = on_image[0].target
            if isinstance(target, SlideTarget):
                content = geojson.export_geojson(on_image, target, self.calibration_of(target))
                content_type, ending = geojson.CONTENT_TYPE, "geojson"
            else:
                content = marks_json.export_marks_json(
                    on_image, target.series_uid, self.calibration_of, self.find_place
                )
                content_type, ending = marks_json.CONTENT_TYPE, "json"
            title, subject = self._images.describe(target)
            files.append(
                MarksFile(
                    target=key,
                    title=f"Marks on {title}.{ending}",
                    content_type=content_type,
                    content=content,
                    sha256=sha256(content).hexdigest(),
                    annotation_ids=tuple(mark.annotation_id for mark in on_image),
                    subject_reference=subject,
                )
            )
        return tuple(files)

    def candidates(self, marks: Sequence[Annotation]) -> tuple[Candidate, ...]:
        """The marks as answers to a reference question: logical references, for they have no address yet."""
        return tuple(Candidate(self._reference(mark), "mark") for mark in marks)

    def lengths(self, marks: Sequence[Annotation]) -> tuple[LengthMark, ...]:
        """The length marks, with their millimetres where those are known."""
        found = []
        for mark in marks:
            measured = measure(mark, self.calibration_of(mark.target))
            length = next((m for m in measured if m.name == "Length"), None)
            if length is not None:
                found.append(LengthMark(self._reference(mark), mark.label, self.words(mark), _millimetres(length)))
        return tuple(found)

    def calibration_of(self, target: Target) -> Calibration:
        """Of the frame or slide *target*, read from its stored file once."""
        if target not in self._calibrations:
            try:
                found = self._measure_calibration(target)
            except ViewerError as error:
                found = uncalibrated(str(error))
            self._calibrations[target] = found
        return self._calibrations[target]

    def _measure_calibration(self, target: Target) -> Calibration:
        if isinstance(target, SlideTarget):
            with self._images.open_slide(target) as slide:
                return slide.calibration
        return self._images.get_frame(target).series.calibration

    def find_place(self, target: FrameTarget) -> ImagePlace | None:
        """Which image of its series that is; None where it is not here."""
        try:
            return self._images.get_frame(target).place
        except ViewerError:
            return None

    def _reference(self, mark: Annotation) -> Reference:
        return Reference(
            type="DocumentReference",
            display=self.words(mark),
            identifier_system=MARK_SYSTEM,
            identifier_value=mark.annotation_id,
        )

    def words(self, mark: Annotation) -> str:
        """``A1 Length 14.2 mm on CT Lung, image 149 of 220 (DICOM instance 72)``."""
        first = measure(mark, self.calibration_of(mark.target))[0]
        place = self.find_place(mark.target) if isinstance(mark.target, FrameTarget) else None
        where = "" if place is None else f", {place.words}"
        return f"{mark.label} {first.name} {first.text} on {self._images.describe(mark.target)[0]}{where}"


def export_marks(
    store: Store,
    case: Case,
    revisions: Sequence[AnnotationRevision] | None = None,
    *,
    lend: Lend = lend_nothing,
) -> tuple[MarksFile, ...]:
    """The files for the current marks of *case* (or for *revisions* of them)."""
    shelf = MarkShelf(store, case, lend)
    current = revisions if revisions is not None else store.annotations.list_current(CaseId(case.case_id))
    return shelf.export(shelf.read(current))


def _millimetres(length: Measurement) -> float | None:
    """The number as it is shown beside the mark, so that form and image say the same."""
    shown = float(length.text.partition(" ")[0])
    if length.unit == "mm":
        return shown
    return round(shown / 1000, 6) if length.unit == "µm" else None


def read_marks(file: MarksFile) -> tuple[Annotation, ...]:
    """The marks of an exported file, as they were. UnreadableFile."""
    read = geojson.read_geojson if file.content_type == geojson.CONTENT_TYPE else marks_json.read_marks_json
    return read(file.content, file.title)
