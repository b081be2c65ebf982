"""What the loaders made of a set of files, as a JSON-able record: what `readingroom inspect` prints."""

from __future__ import annotations

from itertools import pairwise
from statistics import median
from typing import Any

from viewers.geometry import PlaneGeometry
from viewers.radiology import transfer_syntax as syntax
from viewers.radiology.display_facts import DisplayFacts
from viewers.radiology.display_orientation import DisplayOrientation, letters
from viewers.radiology.frame import Frame, NotShown, Series, StudyScan
from viewers.radiology.sop_class import sop_class_name
from viewers.radiology.stack_words import place_of


def inspect_series(scan: StudyScan) -> dict[str, Any]:
    """Series in display order with every warning a reader would be shown; slides; what is not shown, and why."""
    return {
        "series": [_series(series) for series in scan.series],
        "slides": [
            {"series_uid": s.series_uid, "description": s.description, "files": [source.name for source in s.sources]}
            for s in scan.slides
        ],
        "other": [_not_shown(item) for item in scan.other],
        "unusable": [_not_shown(item) for item in scan.unusable],
    }


def _series(series: Series) -> dict[str, Any]:
    first = series.frames[0]
    calibration = series.calibration
    return {
        "title": series.title,
        "study_uid": series.study_uid,
        "series_uid": series.series_uid,
        "number": series.number,
        "part": series.part,
        "parts": series.parts,
        "modality": series.modality,
        "description": series.description,
        "body_part": series.body_part,
        "patient": {
            "id": series.patient.patient_id,
            "name": series.patient.display_name,
            "birth_date": series.patient.birth_date,
            "sex": series.patient.sex,
        },
        "sop_classes": sorted({sop_class_name(frame.sop_class_uid) for frame in series.frames}),
        "transfer_syntaxes": _syntaxes(series),
        "rows": series.rows,
        "columns": series.columns,
        "pixels": _pixels(first),
        "frame_of_reference_uid": series.frame_of_reference_uid,
        "geometry": _geometry(series),
        "calibration": {
            "class": calibration.kind.value,
            "column_mm": calibration.column_mm,
            "row_mm": calibration.row_mm,
            "note": calibration.note,
        },
        "display": _display(first.display),
        "warnings": list(series.warnings),
        "frames": [_frame(series, index) for index in range(len(series.frames))],
    }


def _syntaxes(series: Series) -> list[dict[str, str]]:
    uids = dict.fromkeys(frame.layout.transfer_syntax for frame in series.frames)
    return [{"uid": uid, "name": syntax.syntax_name(uid)} for uid in uids]


def _pixels(frame: Frame) -> dict[str, Any]:
    layout = frame.layout
    return {
        "photometric": layout.photometric,
        "samples": layout.samples,
        "bits_allocated": layout.bits_allocated,
        "bits_stored": layout.bits_stored,
        "signed": layout.signed,
        "aspect": frame.pixel_aspect,
    }


def _geometry(series: Series) -> dict[str, Any] | None:
    """Orientation, letters at the screen's edges, and the spacing found between positions; None without positions."""
    planes = [frame.geometry for frame in series.frames if frame.geometry is not None]
    if len(planes) < len(series.frames):
        return None
    first = planes[0]
    shown = letters(series.frames[0], DisplayOrientation())
    steps = [_along(first, b) - _along(first, a) for a, b in pairwise(planes)]
    return {
        "row_direction": list(first.row_direction),
        "column_direction": list(first.column_direction),
        "normal": list(first.normal),
        "row_spacing_mm": first.row_spacing_mm,
        "column_spacing_mm": first.column_spacing_mm,
        "slice_spacing_mm": round(median(steps), 5) if steps else None,
        "first_position_mm": list(first.position),
        "last_position_mm": list(planes[-1].position),
        "letters": shown and {"left": shown.left, "right": shown.right, "top": shown.top, "bottom": shown.bottom},
    }


def _along(reference: PlaneGeometry, plane: PlaneGeometry) -> float:
    return sum(n * p for n, p in zip(reference.normal, plane.position, strict=True))


def _display(display: DisplayFacts) -> dict[str, Any]:
    return {
        "unit": display.unit,
        "slope": display.slope,
        "intercept": display.intercept,
        "modality_lut": display.modality_lut is not None,
        "windows": [
            {"centre": w.centre, "width": w.width, "function": w.function.value, "explanation": w.explanation}
            for w in display.windows
        ],
        "voi_luts": len(display.voi_luts),
        "padding": list(display.padding) if display.padding else None,
        "inverted": display.inverted,
        "palette": display.palette is not None,
        "coloured_from": display.supplement.first_mapped if display.supplement else None,
        "overlays": len(display.overlays),
        "shutter": display.shutter is not None,
        "icc_profile": bool(display.icc),
    }


def _frame(series: Series, index: int) -> dict[str, Any]:
    frame = series.frames[index]
    return {
        "image": index + 1,
        "place": place_of(series, index).words,
        "file": frame.source.name,
        "sop_instance_uid": frame.sop_instance_uid,
        "frame_number": frame.frame_number,
        "instance_number": frame.instance_number,
        "position_mm": list(frame.geometry.position) if frame.geometry is not None else None,
    }


def _not_shown(item: NotShown) -> dict[str, str]:
    return {"file": item.name, "reason": item.reason}
