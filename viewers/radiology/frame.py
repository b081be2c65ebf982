"""The records a loaded study is made of: layout of pixels, frame, series, study. No reading, no decoding here."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from viewers.byte_source import ByteSource
from viewers.calibration import Calibration
from viewers.geometry import PlaneGeometry
from viewers.radiology.display_facts import DisplayFacts

Span = tuple[int, int]
"""Offset and length in bytes inside the file (inside the inflated data set for a deflated file)."""


@dataclass(frozen=True, slots=True)
class PixelLayout:
    """How an instance's pixels are stored (DICOM PS3.3 C.7.6.3, PS3.5 section 8), shared by all its frames.

    ``element`` is "PixelData", "FloatPixelData" or "DoubleFloatPixelData". ``pixel_vr_is_ow`` matters for 8-bit big
    endian only, where bytes are swapped in pairs.
    """

    transfer_syntax: str
    rows: int
    columns: int
    samples: int
    bits_allocated: int
    bits_stored: int
    high_bit: int
    signed: bool
    photometric: str
    planar: int
    frame_count: int
    element: str = "PixelData"
    pixel_vr_is_ow: bool = False

    @property
    def is_colour(self) -> bool:
        """Three samples a pixel; palette images are single-sample and not colour in this sense."""
        return self.samples == 3


@dataclass(frozen=True, slots=True)
class Tile:
    """A part of a larger stored picture (a slice of a mosaic): the picture's size and the part's first pixel."""

    picture_rows: int
    picture_columns: int
    top: int
    left: int


@dataclass(frozen=True, slots=True)
class Frame:
    """One picture: where its pixels lie in the file, where it lies in the patient, how it wants to be shown.

    ``spans`` are the byte ranges of the frame's value: one for native pixels, one per fragment for compressed ones.
    ``frame_number`` counts from 1 within its instance; a mosaic's slices (``tile``) are counted as if each were a
    frame. ``layout`` is that of this picture, ``stored_picture`` what the file holds. ``patient_orientation`` is
    (0020,0020) as stated, for images without geometry: the patient direction of a row to the right and of a column
    downwards. ``view`` is how a projection was taken ("CC", "MLO", "PA"; (0018,5101) or the View Code Sequence), and
    ``contrast`` the contrast agent that is named (0018,0010); empty says nothing of either. ``pixel_aspect`` is a
    pixel's height over its width, which is 1 unless spacing or Pixel Aspect Ratio
    (0028,0034) say otherwise.
    """

    sop_instance_uid: str
    sop_class_uid: str
    frame_number: int
    source: ByteSource = field(repr=False, compare=False)
    layout: PixelLayout
    display: DisplayFacts = field(repr=False)
    spans: tuple[Span, ...]
    geometry: PlaneGeometry | None = None
    patient_orientation: tuple[str, str] | None = None
    instance_number: int | None = None
    thickness_mm: float | None = None
    laterality: str = ""
    view: str = ""
    contrast: str = ""
    pixel_aspect: float = 1.0
    lossy: str = ""
    tile: Tile | None = None

    @property
    def stored_picture(self) -> Frame:
        """The whole picture that this is a part of, which has no place in the patient; itself where it is none."""
        if self.tile is None:
            return self
        layout = replace(self.layout, rows=self.tile.picture_rows, columns=self.tile.picture_columns)
        return replace(self, layout=layout, frame_number=1, geometry=None, tile=None)


@dataclass(frozen=True, slots=True)
class DicomPatient:
    """Who the header says this is. ``name`` is the raw PN ("FAMILY^Given"), ``display_name`` what a reader is shown."""

    patient_id: str
    name: str
    birth_date: str
    sex: str
    display_name: str


@dataclass(frozen=True, slots=True)
class Series:
    """Frames that belong in one stack, in display order: one patient, one size, one orientation, one calibration.

    A DICOM series whose images do not fit one stack becomes several of these: ``part`` of ``parts``. ``apart`` is the
    sentence that says why, and one of ``warnings``, which are drawn on the image; ``variant`` is what tells this part
    from the others in a word ("TE 4.6 ms"). `series_joining` puts parts together again.
    """

    study_uid: str
    series_uid: str
    number: int | None
    modality: str
    description: str
    patient: DicomPatient
    frames: tuple[Frame, ...]
    calibration: Calibration
    warnings: tuple[str, ...]
    rows: int
    columns: int
    frame_of_reference_uid: str
    body_part: str
    study_description: str = ""
    study_date: str = ""
    part: int = 1
    parts: int = 1
    shared_numbers: frozenset[int] = frozenset()
    """Instance numbers (0020,0013) that more than one instance of the whole DICOM series has."""
    variant: str = ""
    apart: str = ""

    @property
    def title(self) -> str:
        """What lists and messages call it: number, modality, description, what is special of it, and which part."""
        number = f"{self.number}. " if self.number is not None else ""
        words = self.description or self.body_part or "series"
        words = f"{words}, {self.variant}" if self.variant else words
        part = f" ({self.part}/{self.parts})" if self.parts > 1 else ""
        return f"{number}{f'{self.modality} {words}'.strip()}{part}"


@dataclass(frozen=True, slots=True)
class DicomSlide:
    """A whole-slide image (VL WSI) found among the files; `pathology` opens its sources together."""

    series_uid: str
    description: str
    patient: DicomPatient
    sources: tuple[ByteSource, ...] = field(repr=False)


@dataclass(frozen=True, slots=True)
class StructureFile:
    """A structure set or segmentation found among the files; `structure_files` reads it, `outlines` lays it out."""

    title: str
    patient: DicomPatient
    source: ByteSource = field(repr=False)


@dataclass(frozen=True, slots=True)
class NotShown:
    """A file that is not on the screen, and why, in one plain sentence that names it."""

    name: str
    reason: str


@dataclass(frozen=True, slots=True)
class StudyScan:
    """What a set of files turned out to hold."""

    series: tuple[Series, ...]
    slides: tuple[DicomSlide, ...]
    other: tuple[NotShown, ...]
    unusable: tuple[NotShown, ...]
    structures: tuple[StructureFile, ...] = ()
    """They are in ``other`` too: no picture of their own."""
