"""A series as bytes the store keeps, and back: what lets a case open without parsing a single header again.

JSON; layouts and display facts that frames share are written once. A version that is not ours is refused, so that a
newer program loads the files anew instead of misreading old facts.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Callable
from dataclasses import asdict, astuple
from typing import Any

from viewers.byte_source import ByteSource
from viewers.calibration import Calibration, CalibrationClass
from viewers.errors import UnreadableFile
from viewers.geometry import PatientPoint, PlaneGeometry
from viewers.radiology.display_facts import (
    CineFacts,
    DisplayFacts,
    LookupTable,
    Overlay,
    Palette,
    Shutter,
    VoiFunction,
    VoiWindow,
)
from viewers.radiology.frame import DicomPatient, Frame, PixelLayout, Series, Tile

_FORMAT = "readingroom.series/6"


def series_to_facts(series: Series) -> bytes:
    """Everything about *series* but its pixels and where its bytes come from (frames name their SOP Instance UID)."""
    layouts: list[PixelLayout] = []
    displays: list[DisplayFacts] = []
    frames = []
    for frame in series.frames:
        if not layouts or layouts[-1] != frame.layout:
            layouts.append(frame.layout)
        if not displays or displays[-1] != frame.display:
            displays.append(frame.display)
        frames.append(frame_to_json(frame, len(layouts) - 1, len(displays) - 1))
    calibration = series.calibration
    document = {
        "format": _FORMAT,
        "study_uid": series.study_uid,
        "series_uid": series.series_uid,
        "number": series.number,
        "modality": series.modality,
        "description": series.description,
        "patient": asdict(series.patient),
        "calibration": [
            calibration.kind.name,
            calibration.column_mm,
            calibration.row_mm,
            calibration.note,
            calibration.region,
        ],
        "warnings": series.warnings,
        "rows": series.rows,
        "columns": series.columns,
        "frame_of_reference_uid": series.frame_of_reference_uid,
        "body_part": series.body_part,
        "study_description": series.study_description,
        "study_date": series.study_date,
        "part": series.part,
        "parts": series.parts,
        "shared_numbers": sorted(series.shared_numbers),
        "variant": series.variant,
        "apart": series.apart,
        "layouts": [asdict(layout) for layout in layouts],
        "displays": [display_to_json(display) for display in displays],
        "frames": frames,
    }
    return json.dumps(document, ensure_ascii=False, separators=(",", ":")).encode()


def series_from_facts(facts: bytes, open_source: Callable[[str], ByteSource]) -> Series:
    """The series that `series_to_facts` wrote; *open_source* gives the bytes of a SOP Instance UID.

    Raises UnreadableFile where the facts are damaged or of another version.
    """
    try:
        document = json.loads(facts)
        if document["format"] != _FORMAT:
            raise ValueError(document["format"])
        return _series_from_json(document, open_source)
    except (KeyError, TypeError, ValueError, IndexError, AttributeError) as error:
        raise UnreadableFile(
            "The stored description of a series cannot be read; its files have to be read anew."
        ) from error


def _series_from_json(document: dict[str, Any], open_source: Callable[[str], ByteSource]) -> Series:
    layouts = [PixelLayout(**layout) for layout in document["layouts"]]
    displays = [display_from_json(display) for display in document["displays"]]
    sources: dict[str, ByteSource] = {}

    def source_of(uid: str) -> ByteSource:
        if uid not in sources:
            sources[uid] = open_source(uid)
        return sources[uid]

    frames = tuple(frame_from_json(f, layouts, displays, source_of) for f in document["frames"])
    kind, column_mm, row_mm, note, region = document["calibration"]
    return Series(
        study_uid=document["study_uid"],
        series_uid=document["series_uid"],
        number=document["number"],
        modality=document["modality"],
        description=document["description"],
        patient=DicomPatient(**document["patient"]),
        frames=frames,
        calibration=Calibration(
            CalibrationClass[kind], column_mm, row_mm, note, None if region is None else tuple(region)
        ),
        warnings=tuple(document["warnings"]),
        rows=document["rows"],
        columns=document["columns"],
        frame_of_reference_uid=document["frame_of_reference_uid"],
        body_part=document["body_part"],
        study_description=document["study_description"],
        study_date=document["study_date"],
        part=document["part"],
        parts=document["parts"],
        shared_numbers=frozenset(document["shared_numbers"]),
        variant=document["variant"],
        apart=document["apart"],
    )


def frame_to_json(frame: Frame, layout: int, display: int) -> dict[str, Any]:
    plane = frame.geometry
    return {
        "sop": frame.sop_instance_uid,
        "class": frame.sop_class_uid,
        "n": frame.frame_number,
        "layout": layout,
        "display": display,
        "spans": frame.spans,
        "plane": plane
        and [
            plane.position,
            plane.row_direction,
            plane.column_direction,
            plane.row_spacing_mm,
            plane.column_spacing_mm,
        ],
        "orientation": frame.patient_orientation,
        "number": frame.instance_number,
        "thickness_mm": frame.thickness_mm,
        "laterality": frame.laterality,
        "view": frame.view,
        "contrast": frame.contrast,
        "aspect": frame.pixel_aspect,
        "lossy": frame.lossy,
        "tile": frame.tile and astuple(frame.tile),
    }


def frame_from_json(
    value: dict[str, Any],
    layouts: list[PixelLayout],
    displays: list[DisplayFacts],
    source_of: Callable[[str], ByteSource],
) -> Frame:
    plane = value["plane"]
    oriented = value["orientation"]
    return Frame(
        sop_instance_uid=value["sop"],
        sop_class_uid=value["class"],
        frame_number=value["n"],
        source=source_of(value["sop"]),
        layout=layouts[value["layout"]],
        display=displays[value["display"]],
        spans=tuple((offset, length) for offset, length in value["spans"]),
        geometry=plane and PlaneGeometry(PatientPoint(*plane[0]), tuple(plane[1]), tuple(plane[2]), plane[3], plane[4]),
        patient_orientation=oriented and (oriented[0], oriented[1]),
        instance_number=value["number"],
        thickness_mm=value["thickness_mm"],
        laterality=value["laterality"],
        view=value["view"],
        contrast=value["contrast"],
        pixel_aspect=value["aspect"],
        lossy=value["lossy"],
        tile=value["tile"] and Tile(*value["tile"]),
    )


def display_to_json(display: DisplayFacts) -> dict[str, Any]:
    value = asdict(display)
    value["windows"] = [[w.centre, w.width, w.function.name, w.explanation] for w in display.windows]
    for overlay in value["overlays"]:
        overlay["packed"] = base64.b64encode(overlay["packed"]).decode()
    value["icc"] = base64.b64encode(display.icc).decode()
    for rare in ("supplement", "shutter", "icc", "remarks", "presentation_lut", "cine"):
        if not value[rare]:
            del value[rare]
    return value


def display_from_json(value: dict[str, Any]) -> DisplayFacts:
    return DisplayFacts(
        slope=value["slope"],
        intercept=value["intercept"],
        unit=value["unit"],
        modality_lut=value["modality_lut"] and _table_from_json(value["modality_lut"]),
        windows=tuple(VoiWindow(c, w, VoiFunction[f], words) for c, w, f, words in value["windows"]),
        voi_luts=tuple(_table_from_json(table) for table in value["voi_luts"]),
        padding=value["padding"] and (value["padding"][0], value["padding"][1]),
        inverted=value["inverted"],
        palette=_palette_from_json(value["palette"]),
        supplement=_palette_from_json(value.get("supplement")),
        overlays=tuple(Overlay(**{**o, "packed": base64.b64decode(o["packed"])}) for o in value["overlays"]),
        shutter=_shutter_from_json(value.get("shutter")),
        icc=base64.b64decode(value.get("icc", "")),
        remarks=tuple(value.get("remarks", ())),
        cine=_cine_from_json(value.get("cine")),
    )


def _cine_from_json(value: dict[str, Any] | None) -> CineFacts | None:
    if value is None:
        return None
    trim = value["trim"]
    return CineFacts(value["rate_fps"], tuple(value["waits_ms"]), value["sweeps"], trim and (trim[0], trim[1]))


def _palette_from_json(value: dict[str, Any] | None) -> Palette | None:
    if value is None:
        return None
    tables = (tuple(value[colour]) for colour in ("red", "green", "blue"))
    return Palette(value["first_mapped"], value["bits"], *tables)


def _shutter_from_json(value: dict[str, Any] | None) -> Shutter | None:
    if value is None:
        return None
    rectangle, circle = value["rectangle"], value["circle"]
    return Shutter(
        rectangle and (rectangle[0], rectangle[1], rectangle[2], rectangle[3]),
        circle and (circle[0], circle[1], circle[2]),
        tuple((row, column) for row, column in value["polygon"]),
        value["grey"],
    )


def _table_from_json(value: dict[str, Any]) -> LookupTable:
    return LookupTable(value["first_mapped"], value["bits"], tuple(value["entries"]), value["explanation"])
