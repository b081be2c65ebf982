"""Builds what the reading page shows of a case from the store, and keeps the marks made there. No Qt."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import UTC, date, datetime
from hashlib import sha256

from sync.changes import Changes
from sync.errors import CaseLocked
from sync.lease import known_time
from sync.records.annotation_record import AnnotationRevision
from sync.records.case import Case, CaseId
from sync.records.stored_object import StoredObject
from sync.release_end import as_released
from sync.store.database import Store
from viewers.annotation.annotation import Annotation, SlideTarget
from viewers.annotation.annotation_set import AnnotationSet
from viewers.errors import UnreadableFile
from viewers.pathology.plain_file import Lend, lend_nothing
from viewers.radiology.frame import DicomPatient, DicomSlide
from workstation.completeness import Count
from workstation.count_words import counted
from workstation.lanes import Lanes
from workstation.reading.annotation_autosave import AnnotationAutosave, SaveState
from workstation.reading.case_reading import CaseReading, NotShownItem, SeriesItem, SlideItem, StructuresItem
from workstation.reading.kept_hangings import KeptHangings
from workstation.reading.mark_record import first_free_number, mark_of
from workstation.release_words import withheld_sentence
from workstation.stored_series import SeriesFiles, instance_counts, load_series, series_files
from workstation.window.patient_identity import identity_of

OWN_WINDOWS, SCREEN_SIZES = "own_windows", "screen_sizes"
"""Keys in the session store."""
Lender = Callable[[CaseId, Callable[[str], None]], Lend]


class CaseReadingPresenter:
    """Between the store and the reading page. ``reader`` is the author of new marks (``Practitioner/…``)."""

    def __init__(self, store: Store, lanes: Lanes, reader: str, lender: Lender | None = None) -> None:
        """*lender*: who lends slides of a case unencrypted, to be read by path; without, those are not opened."""
        self._store = store
        self._lender = lender
        self._lanes = lanes
        self._reader = reader
        self.hangings = KeptHangings(store, lanes, self.build)
        """The reader's own hanging rules."""

    def load(
        self, case_id: CaseId, done: Callable[[CaseReading], None], failed: Callable[[Exception], None] | None = None
    ) -> None:
        """Build the reading of that case in the background; *done* is called on the UI thread.

        The store lane is passed once first, so that marks handed over before are in it; it is not kept waiting.
        """
        self._lanes.store_lane(
            lambda: None, lambda _: self._lanes.cpu_lane(lambda: self.build(case_id), done, failed), failed
        )

    def ask_whether_closed(self, case_id: CaseId, answer: Callable[[bool], None]) -> None:
        """Whether the case's opinion is signed and not being amended now; *answer* is called on the UI thread."""
        self._lanes.store_lane(lambda: self._is_closed(case_id), answer)

    def _is_closed(self, case_id: CaseId) -> bool:
        """Marks are part of what was signed: only an amendment opens them again."""
        return self._store.opinions.find_signed(case_id) is not None and self._store.amendments.find(case_id) is None

    def ask_why_withheld(self, case_id: CaseId, answer: Callable[[str], None]) -> None:
        """Why nothing of the case may be looked at any more; *answer* is called on the UI thread, with an empty
        sentence where it may be."""
        self._lanes.store_lane(lambda: self._why_withheld(case_id), answer)

    def _why_withheld(self, case_id: CaseId) -> str:
        case = self._store.cases.find_case(case_id)
        return "" if case is None else withheld_sentence(as_released(case, known_time(self._store)))

    def build(self, case_id: CaseId) -> CaseReading:
        """Everything the page needs of that case. From any thread; the first time it parses each new header.

        CaseLocked where no release of the patient holds.
        """
        store = self._store
        case = store.cases.get_case(case_id)
        if sentence := self._why_withheld(case_id):
            raise CaseLocked(sentence)
        today = datetime.now(UTC).astimezone().date()
        objects = store.objects.list_objects(case_id)
        rejected = store.objects.list_rejected(case_id)
        overridden = store.objects.find_mismatch_override(case_id) is not None
        shelf = _Shelf(store, case, today, overridden, instance_counts(store, case, objects))
        for files in series_files(objects):
            shelf.add_series(files)
        for obj in objects:
            shelf.add_slide_file(obj)
        shelf.add_absent(objects)
        shelf.not_shown += [NotShownItem(item.title, item.reason) for item in rejected]
        history = store.annotations.list_history(case_id)
        marks = shelf.read_marks(store.annotations.list_current(case_id))
        return CaseReading(
            case_id=case_id,
            reader=self._reader,
            series=tuple(shelf.series),
            slides=tuple(shelf.slides),
            not_shown=tuple(shelf.not_shown),
            structures=tuple(shelf.structures),
            marks=marks,
            first_label_number=first_free_number(history),
            revisions={revision.annotation_id: revision.revision for revision in history},
            read_only=self._is_closed(case_id),
            kept_rules=self.hangings.list_rules(),
        )

    def load_windows(self, done: Callable[[str], None]) -> None:
        """The reader's own windows as they were kept, where there are any; *done* is called on the UI thread."""
        self._load(OWN_WINDOWS, done)

    def keep_windows(self, text: str) -> None:
        """Keep them for the next time."""
        self._keep(OWN_WINDOWS, text)

    def load_screens(self, done: Callable[[str], None]) -> None:
        """The sizes of the monitors as they were kept, where there are any; *done* is called on the UI thread."""
        self._load(SCREEN_SIZES, done)

    def keep_screens(self, text: str) -> None:
        """Keep them for the next time."""
        self._keep(SCREEN_SIZES, text)

    def _load(self, key: str, done: Callable[[str], None]) -> None:
        def heard(text: str | None) -> None:
            if text is not None:
                done(text)

        self._lanes.store_lane(lambda: self._store.session.find(key), heard)

    def _keep(self, key: str, text: str) -> None:
        self._lanes.store_lane(lambda: self._store.session.put(key, text))

    def lend_slides(self, case_id: CaseId | None, on_step: Callable[[str], None]) -> Lend:
        """How a slide of that case is had unencrypted; *on_step* hears in words what it waits for."""
        if self._lender is None or case_id is None:
            return lend_nothing
        return self._lender(case_id, on_step)

    def keep_marks(
        self,
        reading: CaseReading,
        annotations: AnnotationSet,
        *,
        on_state: Callable[[SaveState], None],
        on_stored: Callable[[Changes], None],
        later: Callable[[float, Callable[[], None]], None],
    ) -> AnnotationAutosave | None:
        """Store every change of *annotations* from now on; None for files that belong to no case."""
        if reading.case_id is None:
            return None
        return AnnotationAutosave(
            self._store.annotations,
            self._lanes,
            annotations,
            reading.case_id,
            reading.revisions,
            on_state=on_state,
            on_stored=on_stored,
            later=later,
        )


class _Shelf:
    """Collects the items of one case."""

    def __init__(self, store: Store, case: Case, today: date, overridden: bool, counts: dict[str, Count]) -> None:
        self._store = store
        self._case = case
        self._patient_line = identity_of(case, today).line
        self._overridden = overridden
        self._counts = counts
        self._slide_titles = {document.reference: document.title for document in case.slides}
        self.series: list[SeriesItem] = []
        self.slides: list[SlideItem] = []
        self.not_shown: list[NotShownItem] = []
        self.structures: list[StructuresItem] = []

    def add_slide_file(self, obj: StoredObject) -> None:
        if obj.source not in self._slide_titles:
            return
        title = self._slide_titles[obj.source] or obj.title
        source = self._store.vault.source(obj.sha256, title)
        blocked = bool(obj.patient_mismatch) and not self._overridden
        line = self._line(obj.patient_mismatch, None)
        self.slides.append(SlideItem(SlideTarget(obj.sha256), title, (source,), line, obj.patient_mismatch, blocked))

    def add_absent(self, objects: Sequence[StoredObject]) -> None:
        """Series and slides that the hospital lists and of which nothing has come."""
        here = {obj.series_uid for obj in objects}
        for study in self._case.studies:
            for entry in study.series:
                if entry.series_uid not in here:
                    name = " ".join(part for part in (entry.modality, entry.description) if part) or "Series"
                    reason = f"Not here yet: 0 of {counted(entry.instance_count, 'image')}."
                    self.not_shown.append(NotShownItem(name, reason))
        sources = {obj.source for obj in objects}
        self.not_shown += [
            NotShownItem(title or "Slide", "Not here yet.")
            for reference, title in self._slide_titles.items()
            if reference not in sources
        ]

    def read_marks(self, revisions: Sequence[AnnotationRevision]) -> tuple[Annotation, ...]:
        """The stored marks; one that cannot be read is listed, and does not keep the others from being seen."""
        marks = []
        for revision in revisions:
            try:
                marks.append(mark_of(revision))
            except UnreadableFile as error:
                self.not_shown.append(NotShownItem("A stored mark", str(error)))
        return tuple(marks)

    def add_series(self, files: SeriesFiles) -> None:
        name, mismatch = files.facts_name, files.mismatch
        content = load_series(self._store, self._case.case_id, name, files.objects)
        blocked = bool(mismatch) and not self._overridden
        count = self._counts.get(files.series_uid)
        here = "" if count is None or count.is_whole else f"{count.words('image', 'images')} here"
        for series in content.stacks:
            key = f"series:{name}" if len(content.stacks) == 1 else f"series:{name}#{series.part}"
            line = self._line(mismatch, series.patient)
            comparable = count is not None and not count.is_whole and len(series.frames) == count.here
            expected = count.expected if count is not None and comparable else None
            self.series.append(SeriesItem(key, series, line, here, mismatch, blocked, expected))
        for slide in content.slides:
            arrived = "" if count is None or count.is_whole else count.words("part", "parts")
            target = SlideTarget(digest_of_files([obj.sha256 for obj in files.objects]))
            line = self._line(mismatch, slide.patient)
            title, key = _slide_title(slide), f"slide-series:{name}"
            self.slides.append(SlideItem(target, title, slide.sources, line, mismatch, blocked, key, arrived))
        self.structures += [
            StructuresItem(found.title, found.source, self._line(mismatch, found.patient), blocked)
            for found in content.structures
        ]
        self.not_shown += [NotShownItem(item.name, item.reason) for item in content.not_shown]

    def _line(self, mismatch: str, patient: DicomPatient | None) -> str:
        """Whose picture it is: the case's patient, unless its own header says otherwise."""
        if not mismatch:
            return self._patient_line
        return f"{patient_words(patient)} · NOT the patient of case {self._case.case_id}"


def _slide_title(slide: DicomSlide) -> str:
    return slide.description or "Slide"


def patient_words(patient: DicomPatient | None) -> str:
    """The patient as an image's own header names it."""
    if patient is None or not (patient.display_name or patient.patient_id):
        return "Patient unknown"
    parts = [patient.display_name or "Name missing"]
    if len(patient.birth_date) == 8:
        born = patient.birth_date
        parts.append(f"born {born[:4]}-{born[4:6]}-{born[6:]}")
    parts.append(f"ID {patient.patient_id}" if patient.patient_id else "ID missing")
    return " · ".join(parts)


def digest_of_files(digests: Sequence[str]) -> str:
    """What a slide is known by: its file's SHA-256; of several files, the SHA-256 over theirs, sorted, one a line."""
    if len(digests) == 1:
        return digests[0]
    return sha256("\n".join(sorted(digests)).encode()).hexdigest()
