"""A greyscale softcopy presentation state (DICOM PS3.3 A.33.1) as the records it is made of, read from its file.

Applying one to an image is `presentation`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from enum import Enum

from pydicom.dataset import Dataset

from viewers.byte_source import ByteSource
from viewers.errors import UnreadableFile, UnsupportedImage
from viewers.radiology.dicom_header import element, items, number, numbers, read_header, text, whole_number
from viewers.radiology.display_facts import LookupTable, Shutter, VoiFunction, VoiWindow
from viewers.radiology.display_orientation import DisplayOrientation
from viewers.radiology.frame import Frame
from viewers.radiology.overlay_header import OverlayPlane, own_planes
from viewers.radiology.pydicom_warnings import silenced
from viewers.radiology.shutter import read_shutter
from viewers.radiology.table_header import lookup_table
from viewers.radiology.windowing import Voi

GREYSCALE_STATE = "1.2.840.10008.5.1.4.1.1.11.1"

Images = Mapping[str, frozenset[int] | None]
"""SOP Instance UID → frame numbers (from 1), None for all of them."""


class GraphicKind(Enum):
    """Graphic Type (0070,0023)."""

    POINT = "POINT"
    POLYLINE = "POLYLINE"
    INTERPOLATED = "INTERPOLATED"
    CIRCLE = "CIRCLE"
    ELLIPSE = "ELLIPSE"


@dataclass(frozen=True, slots=True)
class Graphic:
    """One drawing. Points are (x, y): image pixels, (0, 0) the image's corner; or, not *in_pixels*, shares of the area
    as it is displayed. ``images`` None: on all that the state is for."""

    kind: GraphicKind
    points: tuple[tuple[float, float], ...]
    filled: bool
    in_pixels: bool
    order: int
    images: Images | None


@dataclass(frozen=True, slots=True)
class GraphicText:
    """Words at a place, given as `Graphic` gives its points."""

    words: str
    place: tuple[float, float]
    in_pixels: bool
    images: Images | None


@dataclass(frozen=True, slots=True)
class DisplayedArea:
    """The part of the image to be seen (C.10.4): columns and rows, from 1, ends included, before any turning."""

    left: int
    top: int
    right: int
    bottom: int
    images: Images | None


@dataclass(frozen=True, slots=True)
class PresentationState:
    """How images are to be seen, whatever they say themselves: what is not given here is not done (PS3.4 N.2)."""

    name: str
    label: str
    description: str
    series_uids: frozenset[str]
    images: Images
    slope: float
    intercept: float
    unit: str
    modality_lut: LookupTable | None
    vois: tuple[tuple[Voi, Images | None], ...]
    inverted: bool
    presentation_lut: LookupTable | None
    shutter: Shutter | None
    orientation: DisplayOrientation
    areas: tuple[DisplayedArea, ...]
    image_overlays: frozenset[int]
    own_overlays: tuple[OverlayPlane, ...]
    graphics: tuple[Graphic, ...]
    texts: tuple[GraphicText, ...]

    def is_for(self, frame: Frame) -> bool:
        """Whether the state names this image."""
        return among(frame, self.images)


def among(frame: Frame, images: Images | None) -> bool:
    """Whether *frame* is one of *images*; None are all."""
    if images is None:
        return True
    if frame.sop_instance_uid not in images:
        return False
    frames = images[frame.sop_instance_uid]
    return frames is None or frame.frame_number in frames


def read_presentation_state(source: ByteSource) -> PresentationState:
    """Raises UnreadableFile where *source* is damaged, UnsupportedImage where it is no greyscale presentation state."""
    with silenced():
        header = read_header(source)
        dataset = header.dataset
        if text(dataset, "SOPClassUID") != GREYSCALE_STATE:
            raise UnsupportedImage(f"{source.name} is not a greyscale presentation state.")
        if header.ended_early:
            raise UnreadableFile(f"{source.name} is cut off within its header.")
        return _state(source.name, dataset)


def _state(name: str, dataset: Dataset) -> PresentationState:
    images: dict[str, frozenset[int] | None] = {}
    series = items(dataset, "ReferencedSeriesSequence")
    for item in series:
        images.update(_images(item) or {})
    table = next((t for item in items(dataset, "ModalityLUTSequence") if (t := _modality_table(item))), None)
    slope, intercept = number(dataset, "RescaleSlope"), number(dataset, "RescaleIntercept") or 0.0
    layers = {
        text(item, "GraphicLayer"): whole_number(item, "GraphicLayerOrder") or 0
        for item in items(dataset, "GraphicLayerSequence")
    }
    annotations = items(dataset, "GraphicAnnotationSequence")
    graphics = [graphic for item in annotations for graphic in _graphics(item, layers)]
    planes = own_planes(dataset)
    hiding = whole_number(dataset, "ShutterOverlayGroup")
    shutter = read_shutter(dataset)
    if hiding is not None:
        bitmap = next((plane.pictures[0] for plane in planes if plane.group == hiding and plane.pictures), None)
        shutter = replace(shutter or read_shutter(dataset, always=True) or Shutter(), bitmap=bitmap)
    shown = _active_groups(dataset) - {hiding}
    return PresentationState(
        name=name,
        label=text(dataset, "ContentLabel"),
        description=text(dataset, "ContentDescription"),
        series_uids=frozenset(text(item, "SeriesInstanceUID") for item in series),
        images=images,
        slope=slope if slope else 1.0,
        intercept=intercept,
        unit=text(dataset, "RescaleType"),
        modality_lut=table,
        vois=tuple(
            (voi, _images(item))
            for item in items(dataset, "SoftcopyVOILUTSequence")
            for voi in _voi(item, below_zero=table is None)[:1]
        ),
        inverted=text(dataset, "PresentationLUTShape") == "INVERSE",
        presentation_lut=next(
            (t for item in items(dataset, "PresentationLUTSequence") if (t := lookup_table(item, signed=False))), None
        ),
        shutter=shutter,
        orientation=DisplayOrientation(
            (whole_number(dataset, "ImageRotation") or 0) // 90 % 4, text(dataset, "ImageHorizontalFlip") == "Y"
        ),
        areas=tuple(
            area for item in items(dataset, "DisplayedAreaSelectionSequence") if (area := _area(item)) is not None
        ),
        image_overlays=frozenset(group for group in shown if group is not None),
        own_overlays=tuple(plane for plane in planes if plane.group in shown),
        graphics=tuple(sorted(graphics, key=lambda graphic: graphic.order)),
        texts=tuple(found for item in annotations for found in _texts(item)),
    )


def _images(item: Dataset) -> Images | None:
    """The images an item is for; None where it names none, and so is for all."""
    named = items(item, "ReferencedImageSequence")
    if not named:
        return None
    found: dict[str, frozenset[int] | None] = {}
    for image in named:
        frames = frozenset(int(frame) for frame in numbers(image, "ReferencedFrameNumber"))
        found[text(image, "ReferencedSOPInstanceUID")] = frames or None
    return found


def _modality_table(item: Dataset) -> LookupTable | None:
    # Its input is stored values, whose sign only the image knows; a descriptor above 32767 in a state is taken as
    # its VR says, which pydicom has done.
    first = numbers(item, "LUTDescriptor")[1:2]
    return lookup_table(item, signed=bool(first and first[0] < 0))


def _voi(item: Dataset, *, below_zero: bool) -> list[Voi]:
    tables = [t for table in items(item, "VOILUTSequence") if (t := lookup_table(table, signed=below_zero))]
    centre, width = number(item, "WindowCenter"), number(item, "WindowWidth")
    windows: list[Voi] = []
    if centre is not None and width is not None and width > 0:
        try:
            function = VoiFunction(text(item, "VOILUTFunction") or "LINEAR")
        except ValueError:
            function = VoiFunction.LINEAR
        windows.append(VoiWindow.make(centre, width, function, text(item, "WindowCenterWidthExplanation")))
    return [*tables, *windows]


def _area(item: Dataset) -> DisplayedArea | None:
    start = numbers(item, "DisplayedAreaTopLeftHandCorner")
    end = numbers(item, "DisplayedAreaBottomRightHandCorner")
    if len(start) != 2 or len(end) != 2:
        return None
    left, right = sorted((int(start[0]), int(end[0])))
    top, bottom = sorted((int(start[1]), int(end[1])))
    return DisplayedArea(left, top, right, bottom, _images(item))


def _active_groups(dataset: Dataset) -> set[int | None]:
    """Overlay groups, the image's or the state's own, that an Overlay Activation Layer switches on (C.11.7)."""
    active: set[int | None] = set()
    for group in range(0x6000, 0x6020, 2):
        try:
            layer = str(dataset[group, 0x1001].value or "")
        except Exception:  # noqa: BLE001 - a malformed value is an absent value
            continue
        if layer.strip():
            active.add(group)
    return active


def _graphics(item: Dataset, layers: Mapping[str, int]) -> list[Graphic]:
    found = []
    for drawn in items(item, "GraphicObjectSequence"):
        points = _points(numbers(drawn, "GraphicData"))
        try:
            kind = GraphicKind(text(drawn, "GraphicType"))
        except ValueError:
            continue
        if points:
            in_pixels = text(drawn, "GraphicAnnotationUnits") != "DISPLAY"
            filled = text(drawn, "GraphicFilled") == "Y"
            order = layers.get(text(item, "GraphicLayer"), 0)
            found.append(Graphic(kind, points, filled, in_pixels, order, _images(item)))
    return found


def _texts(item: Dataset) -> list[GraphicText]:
    found = []
    for written in items(item, "TextObjectSequence"):
        box = numbers(written, "BoundingBoxTopLeftHandCorner")
        anchor = numbers(written, "AnchorPoint")
        place, units = (box, "BoundingBoxAnnotationUnits") if len(box) == 2 else (anchor, "AnchorPointAnnotationUnits")
        words = str(element(written, "UnformattedTextValue") or "").strip()
        if words and len(place) == 2:
            found.append(GraphicText(words, (place[0], place[1]), text(written, units) != "DISPLAY", _images(item)))
    return found


def _points(flat: Sequence[float]) -> tuple[tuple[float, float], ...]:
    return tuple(zip(flat[::2], flat[1::2], strict=False))
