"""What the reading page is given: every image of one case with its source, the stored marks, and what may be done."""

from __future__ import annotations

from dataclasses import dataclass, field

from sync.records.case import CaseId
from viewers.annotation.annotation import Annotation, FrameTarget, SlideTarget, Target
from viewers.byte_source import ByteSource
from viewers.radiology.frame import Series
from workstation.count_words import counted
from workstation.reading.hanging.rule import HangingRule


@dataclass(frozen=True, slots=True)
class SeriesItem:
    """One stack of the strip. ``key`` is unique in the case; several stacks may come from one DICOM series.

    ``here`` is empty, or says how much of the series is on this computer ("48 of 56 images here").
    ``expected_frames`` is set only then, and only where images listed and frames of this stack can be told against one
    another: not for one of several stacks of a series. ``mismatch`` is empty, or the sentence that says whose images
    these seem to be; ``is_blocked`` until that was overridden.
    """

    key: str
    series: Series
    patient_line: str
    here: str = ""
    mismatch: str = ""
    is_blocked: bool = False
    expected_frames: int | None = None

    @property
    def title(self) -> str:
        return self.series.title

    @property
    def detail(self) -> str:
        return self.here or counted(len(self.series.frames), "image")

    @property
    def is_whole(self) -> bool:
        """Whether every image of the DICOM series is here, as far as is known."""
        return not self.here

    def find_frame(self, target: FrameTarget) -> int | None:
        """The place of that frame in display order; None when this stack does not have it."""
        for index, frame in enumerate(self.series.frames):
            if (frame.sop_instance_uid, frame.frame_number) == (target.sop_instance_uid, target.frame_number):
                return index
        return None


@dataclass(frozen=True, slots=True)
class SlideItem:
    """One slide of the strip, of one file or (DICOM) of several opened together.

    ``series_key`` names a slide of several files: its key, however many of them have come. ``arrived`` is empty, or
    says how many have ("2 of 6 parts"). ``target`` is of exactly these files: marks wait until all are here.
    """

    target: SlideTarget
    title: str
    sources: tuple[ByteSource, ...] = field(repr=False, compare=False)
    patient_line: str
    mismatch: str = ""
    is_blocked: bool = False
    series_key: str = ""
    arrived: str = ""

    @property
    def key(self) -> str:
        return self.series_key or self.target.key

    @property
    def detail(self) -> str:
        return f"{self.arrived} here" if self.arrived else "Whole slide"


ImageItem = SeriesItem | SlideItem


@dataclass(frozen=True, slots=True)
class StructuresItem:
    """A structure set of the case, whose outlines lie over its stacks. ``is_blocked`` while it seems to be another
    patient's."""

    title: str
    source: ByteSource = field(repr=False, compare=False)
    patient_line: str
    is_blocked: bool = False


@dataclass(frozen=True, slots=True)
class NotShownItem:
    """Something that came with the case and cannot be shown, with its reason; it stays in the list."""

    name: str
    reason: str


@dataclass(frozen=True, slots=True)
class CaseReading:
    """One case, ready to be read. ``case_id`` is None for files of this computer that belong to no case.

    ``first_label_number``: the lowest number a new mark may take, so that a removed mark's label is never reused.
    ``revisions``: the latest revision number of each mark ever made in this case, by annotation id.
    """

    case_id: CaseId | None
    reader: str
    series: tuple[SeriesItem, ...] = ()
    slides: tuple[SlideItem, ...] = ()
    not_shown: tuple[NotShownItem, ...] = ()
    structures: tuple[StructuresItem, ...] = ()
    marks: tuple[Annotation, ...] = ()
    first_label_number: int = 1
    revisions: dict[str, int] = field(default_factory=dict)
    read_only: bool = False
    kept_rules: tuple[HangingRule, ...] = ()
    """The reader's own hanging rules, in the order they are tried."""

    @property
    def items(self) -> tuple[ImageItem, ...]:
        """Stacks, then slides: the order of the strip."""
        return (*self.series, *self.slides)

    def shows_the_same_as(self, other: CaseReading) -> bool:
        """Whether both have the same case's same images, in the same state; marks apart."""
        return (self.case_id, self.items, self.not_shown, self.read_only) == (
            other.case_id,
            other.items,
            other.not_shown,
            other.read_only,
        )

    def find_successor(self, item: ImageItem, shown: Target | None) -> ImageItem | None:
        """What *item* of an earlier reading of this case is now: the image with the picture *shown*, else with its key.

        Stacks of a series are numbered by what they hold, so with more images a key may come to mean another one.
        """
        place = None if shown is None else self.find_place(shown)
        return self.find_item(item.key) if place is None else place[0]

    def find_item(self, key: str) -> ImageItem | None:
        return next((item for item in self.items if item.key == key), None)

    def find_place(self, target: Target) -> tuple[ImageItem, int] | None:
        """The image a mark lies on, and the frame's place in its stack (0 for a slide); None when it is not here."""
        if isinstance(target, SlideTarget):
            slide = next((item for item in self.slides if item.target == target), None)
            return None if slide is None else (slide, 0)
        for item in self.series:
            index = item.find_frame(target)
            if index is not None:
                return item, index
        return None
