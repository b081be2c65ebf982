"""One DICOM file as frames: everything grouping, ordering, display and decoding need, from a single parse."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace

from pydicom.dataset import Dataset

from viewers.byte_source import ByteSource
from viewers.calibration import Calibration
from viewers.errors import UnreadableFile, UnsupportedImage
from viewers.geometry import PlaneGeometry
from viewers.radiology import transfer_syntax as syntax
from viewers.radiology.calibration import calibrate
from viewers.radiology.dicom_header import (
    DicomHeader,
    element,
    items,
    number,
    numbers,
    read_header,
    text,
    texts,
    whole_number,
)
from viewers.radiology.display_header import display_facts
from viewers.radiology.fidelity import lossy_note
from viewers.radiology.frame import DicomPatient, Frame, PixelLayout
from viewers.radiology.mosaic import mosaic_slices, tile_layout
from viewers.radiology.overlay_header import overlay_planes, overlays_on, with_embedded_overlays
from viewers.radiology.pixel_spans import fragment_spans, native_spans
from viewers.radiology.plane import plane_of, plane_of_frame
from viewers.radiology.projection_view import projection_view
from viewers.radiology.pydicom_warnings import silenced
from viewers.radiology.variants import Variant, variants_of

_COLOUR = {"RGB", "YBR_FULL", "YBR_FULL_422", "YBR_RCT", "YBR_ICT", "YBR_PARTIAL_420", "YBR_PARTIAL_422"}
_GREY = {"MONOCHROME1", "MONOCHROME2", "PALETTE COLOR"}

LARGEST_FRAME_PX = 100_000_000
"""Of one image: ten times a mammogram, and little enough to hold it in memory decoded and drawn."""


@dataclass(frozen=True, slots=True)
class Instance:
    """One parsed file. ``frames`` is empty for objects without pixels; lists of frames run in file order.

    ``is_packed_mosaic``: its picture holds many slices, and the header does not say where they lie.
    """

    source: ByteSource
    sop_class_uid: str
    sop_instance_uid: str
    study_uid: str
    series_uid: str
    series_number: int | None
    modality: str
    series_description: str
    study_description: str
    study_date: str
    body_part: str
    frame_of_reference_uid: str
    patient: DicomPatient
    concatenation_uid: str
    image_type: tuple[str, ...]
    is_packed_mosaic: bool
    frames: tuple[Frame, ...]
    calibrations: tuple[Calibration, ...]
    variants: tuple[Variant, ...]


def load_instance(source: ByteSource) -> Instance:
    """Parse *source*. Pixels are located, not read.

    Raises UnreadableFile (damaged, incomplete, not DICOM) or UnsupportedImage (a syntax or layout not shown here).
    """
    with silenced():
        return instance_of(source, read_header(source))


def instance_of(source: ByteSource, header: DicomHeader, *, with_frames: bool = True) -> Instance:
    """As `load_instance`, from a header that is parsed already; to be called while pydicom is silenced."""
    dataset = header.dataset
    modality = text(dataset, "Modality")
    frames: tuple[Frame, ...] = ()
    image_type = texts(dataset, "ImageType")
    if header.pixels is not None and with_frames:
        frames = _frames(source, header, modality, "MOSAIC" in image_type)
    return Instance(
        source=source,
        sop_class_uid=text(dataset, "SOPClassUID") or text(dataset.file_meta, "MediaStorageSOPClassUID"),
        sop_instance_uid=text(dataset, "SOPInstanceUID"),
        study_uid=text(dataset, "StudyInstanceUID"),
        series_uid=text(dataset, "SeriesInstanceUID"),
        series_number=whole_number(dataset, "SeriesNumber"),
        modality=modality,
        series_description=text(dataset, "SeriesDescription"),
        study_description=text(dataset, "StudyDescription"),
        study_date=text(dataset, "StudyDate"),
        body_part=text(dataset, "BodyPartExamined"),
        frame_of_reference_uid=text(dataset, "FrameOfReferenceUID"),
        patient=_patient(dataset),
        concatenation_uid=text(dataset, "ConcatenationUID"),
        image_type=image_type,
        is_packed_mosaic="MOSAIC" in image_type and all(frame.tile is None for frame in frames),
        frames=frames,
        calibrations=tuple(calibrate(dataset, modality, frame.geometry) for frame in frames),
        variants=variants_of(dataset, len(frames)),
    )


def _patient(dataset: Dataset) -> DicomPatient:
    name = text(dataset, "PatientName")
    person = element(dataset, "PatientName")
    shown = name
    if person is not None and hasattr(person, "family_name"):
        given = " ".join(part for part in (person.given_name, person.middle_name) if part)
        shown = ", ".join(part for part in (person.family_name, given) if part) or name
        if person.ideographic:
            shown = f"{shown} ({str(person.ideographic).replace('^', ' ')})"
    return DicomPatient(
        text(dataset, "PatientID"), name, text(dataset, "PatientBirthDate"), text(dataset, "PatientSex"), shown.strip()
    )


def _frames(source: ByteSource, header: DicomHeader, modality: str, is_mosaic: bool) -> tuple[Frame, ...]:
    dataset, pixels = header.dataset, header.pixels
    assert pixels is not None
    layout = _layout(source, header)
    locate = fragment_spans if pixels.is_encapsulated else native_spans
    spans = locate(source, layout, pixels)
    shared = (items(dataset, "SharedFunctionalGroupsSequence") or (Dataset(),))[0]
    own = items(dataset, "PerFrameFunctionalGroupsSequence")
    oriented = texts(dataset, "PatientOrientation")
    orientation = (oriented[0], oriented[1]) if len(oriented) == 2 and all(oriented) else None
    single_plane = None if is_mosaic else plane_of(dataset)
    planes = overlay_planes(dataset, layout)
    everywhere = all(plane.first_frame is None for plane in planes)
    whole = display_facts(dataset, layout, modality, (shared,), overlays_on(planes, 1))
    if layout.photometric == "PALETTE COLOR" and whole.palette is None:
        raise UnreadableFile(f"{source.name} is damaged: the palette that its colours are in cannot be read.")
    lossy = lossy_note(dataset, layout.transfer_syntax)
    frames = []
    for index in range(layout.frame_count):
        group = own[index] if index < len(own) else Dataset()
        plane = plane_of_frame(shared, group) if own or len(shared) else None
        if plane is None and layout.frame_count == 1:
            plane = single_plane
        measures = (items(group, "PixelMeasuresSequence") or items(shared, "PixelMeasuresSequence") or (dataset,))[0]
        display = whole
        if len(group) or not everywhere:
            display = display_facts(dataset, layout, modality, (group, shared), overlays_on(planes, index + 1))
        frames.append(
            Frame(
                sop_instance_uid=text(dataset, "SOPInstanceUID"),
                sop_class_uid=text(dataset, "SOPClassUID"),
                frame_number=index + 1,
                source=source,
                layout=layout,
                display=display,
                spans=spans[index],
                geometry=plane,
                patient_orientation=orientation,
                instance_number=whole_number(dataset, "InstanceNumber"),
                thickness_mm=number(measures, "SliceThickness"),
                laterality=text(dataset, "ImageLaterality") or text(dataset, "Laterality"),
                view=projection_view(dataset),
                contrast=text(dataset, "ContrastBolusAgent"),
                pixel_aspect=_aspect(dataset, plane),
                lossy=lossy,
            )
        )
    drawn = tuple(with_embedded_overlays(frame, planes) for frame in frames)
    return _unpacked(dataset, drawn[0]) if is_mosaic and len(drawn) == 1 else drawn


def _unpacked(dataset: Dataset, picture: Frame) -> tuple[Frame, ...]:
    """The slices of a mosaic, each a frame of its own; the picture as it is where the header does not say where."""
    slices = mosaic_slices(dataset, picture.layout)
    if not slices:
        return (picture,)
    layout = tile_layout(picture.layout, slices)
    display = replace(picture.display, overlays=(), shutter=None)  # of the mosaic, not of its slices
    return tuple(
        replace(picture, layout=layout, display=display, frame_number=k + 1, geometry=one.plane, tile=one.tile)
        for k, one in enumerate(slices)
    )


def _layout(source: ByteSource, header: DicomHeader) -> PixelLayout:
    dataset, pixels = header.dataset, header.pixels
    assert pixels is not None
    transfer_syntax = _transfer_syntax(source, header)
    rows, columns = whole_number(dataset, "Rows"), whole_number(dataset, "Columns")
    if not rows or not columns:
        missing = "number of rows" if not rows else "number of columns"
        raise UnreadableFile(f"{source.name} has no {missing}, so its pixels cannot be read.")
    if rows * columns > LARGEST_FRAME_PX:
        raise UnsupportedImage(
            f"{source.name} has images of {columns} × {rows} pixels, more than this program can show at once."
        )
    allocated = whole_number(dataset, "BitsAllocated")
    if pixels.keyword != "PixelData":
        allocated = 32 if pixels.keyword == "FloatPixelData" else 64
    if allocated not in (1, 8, 16, 32, 64):
        raise UnreadableFile(f"{source.name} does not say how many bits a pixel has, so its pixels cannot be read.")
    if element(dataset, "NumberOfFrames") is None and text(dataset, "NumberOfFrames"):
        raise UnreadableFile(f"{source.name} is damaged: its number of frames is not a number.")
    frame_count = whole_number(dataset, "NumberOfFrames")
    if frame_count is None:
        frame_count = 1 if "NumberOfFrames" not in dataset or _is_empty(dataset, "NumberOfFrames") else 0
    if frame_count < 1:
        raise UnreadableFile(f"{source.name} is damaged: its number of frames is not a number above zero.")
    samples = whole_number(dataset, "SamplesPerPixel") or 1
    photometric = text(dataset, "PhotometricInterpretation") or ("RGB" if samples == 3 else "MONOCHROME2")
    colour = {*_COLOUR, "XYB"} if transfer_syntax in syntax.JPEG_XL else _COLOUR
    if (samples == 1 and photometric not in _GREY) or (samples == 3 and photometric not in colour) or samples == 2:
        # A damaged value may run on into the elements behind it: only what can be a term is quoted.
        term = photometric if re.fullmatch(r"[A-Z0-9_ ]{1,16}", photometric) else "something unreadable"
        raise UnsupportedImage(f"{source.name} has {samples} samples a pixel as {term}, which is not shown here.")
    if samples not in (1, 3):
        raise UnsupportedImage(f"{source.name} has {samples} samples a pixel, which is not shown here.")
    stored = whole_number(dataset, "BitsStored") or allocated
    return PixelLayout(
        transfer_syntax=transfer_syntax,
        rows=rows,
        columns=columns,
        samples=samples,
        bits_allocated=allocated,
        bits_stored=min(stored, allocated),
        high_bit=min(whole_number(dataset, "HighBit") or stored - 1, allocated - 1),
        signed=whole_number(dataset, "PixelRepresentation") == 1,
        photometric=photometric,
        planar=whole_number(dataset, "PlanarConfiguration") or 0,
        frame_count=frame_count,
        element=pixels.keyword,
        pixel_vr_is_ow=pixels.vr == "OW",
    )


def _aspect(dataset: Dataset, plane: PlaneGeometry | None) -> float:
    """Height over width of a pixel: from the plane, a stated spacing, or Pixel Aspect Ratio (PS3.3 C.7.6.3.1.7)."""
    if plane is not None:
        return plane.row_spacing_mm / plane.column_spacing_mm
    for keyword in ("PixelSpacing", "ImagerPixelSpacing", "NominalScannedPixelSpacing", "PixelAspectRatio"):
        pair = numbers(dataset, keyword)
        if len(pair) == 2 and min(pair) > 0:
            return pair[0] / pair[1]
    return 1.0


def _is_empty(dataset: Dataset, keyword: str) -> bool:
    try:
        raw = dataset.get_item(keyword)
    except Exception:  # noqa: BLE001 - a malformed element is not an empty one
        return False
    return raw is None or not raw.value


def _transfer_syntax(source: ByteSource, header: DicomHeader) -> str:
    """The stated syntax, or for a file that states none the native one that its header was read as."""
    stated = header.transfer_syntax
    assert header.pixels is not None
    if stated and stated in syntax.NOT_DECODED:
        name = syntax.syntax_name(stated)
        raise UnsupportedImage(f"{source.name} is compressed as {name}, which this program does not decode.")
    known = stated in syntax.NATIVE or stated in syntax.COMPRESSED
    if known and header.pixels.is_encapsulated == (stated in syntax.COMPRESSED):
        return stated
    if header.pixels.is_encapsulated:
        raise UnreadableFile(f"{source.name} does not say how its pixels are compressed.")
    if stated and not known:
        uid = stated if re.fullmatch(r"[0-9.]{1,64}", stated) else "(damaged)"
        raise UnsupportedImage(f"{source.name} has the transfer syntax {uid}, which this program does not know.")
    implicit, little = header.dataset.original_encoding
    if little is False:
        return syntax.EXPLICIT_BIG
    return syntax.IMPLICIT_LITTLE if implicit else syntax.EXPLICIT_LITTLE
