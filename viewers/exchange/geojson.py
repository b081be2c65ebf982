"""A slide's marks as GeoJSON that QuPath opens: level-0 pixels from the top-left corner of the full image.

QuPath reads geometry, name and measurements; what only we know travels in ``metadata`` under ``rr:`` and lets
`read_geojson` give the same marks back. RFC 7946 for the geometry, except that coordinates are pixels, as QuPath's.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from datetime import datetime
from typing import Any

from viewers.annotation.annotation import Annotation, SlideTarget
from viewers.annotation.measurements import measure
from viewers.annotation.presentation import presentation_from_json, presentation_to_json
from viewers.annotation.shapes import Polygon, shape_of
from viewers.calibration import Calibration
from viewers.errors import UnreadableFile

CONTENT_TYPE = "application/geo+json"


def export_geojson(marks: Iterable[Annotation], target: SlideTarget, calibration: Calibration) -> bytes:
    """UTF-8 bytes of a FeatureCollection of the marks on that slide; the same marks always give the same bytes."""
    chosen = sorted((m for m in marks if m.target == target), key=lambda m: (m.created, m.annotation_id))
    collection = {
        "type": "FeatureCollection",
        "features": [_feature(mark, calibration) for mark in chosen],
        "rr:slide": {
            "sha256": target.sha256,
            "coordinates": "level-0 pixels from the top-left corner of the full image",
            "calibration": calibration.kind.value,
            "mmPerPixel": None if calibration.column_mm is None else [calibration.column_mm, calibration.row_mm],
        },
    }
    return json.dumps(collection, ensure_ascii=False, separators=(",", ":")).encode()


def read_geojson(content: bytes, name: str) -> tuple[Annotation, ...]:
    """The marks of a file written by `export_geojson`. UnreadableFile, naming *name*, for anything else."""
    try:
        collection = json.loads(content)
        target = SlideTarget(str(collection["rr:slide"]["sha256"]))
        return tuple(_mark(feature, target) for feature in collection["features"])
    except (KeyError, TypeError, ValueError, IndexError) as error:
        raise UnreadableFile(f"{name} is not a marks file of this program ({error}).") from error


def _feature(mark: Annotation, calibration: Calibration) -> dict[str, Any]:
    points = [[p.x, p.y] for p in mark.shape.points]
    closed = isinstance(mark.shape, Polygon)
    geometry = (
        {"type": "Polygon", "coordinates": [[*points, points[0]]]}
        if closed
        else {"type": "LineString", "coordinates": points}
    )
    measurements = measure(mark, calibration)
    return {
        "type": "Feature",
        "id": mark.annotation_id,
        "geometry": geometry,
        "properties": {
            "objectType": "annotation",
            "name": mark.label,
            "isLocked": False,
            # QuPath writes squares as ^2.
            "measurements": {f"{m.name} {m.unit.replace('²', '^2')}": m.value for m in measurements},
            "metadata": {
                "rr:trackingUid": mark.tracking_uid,
                "rr:reader": mark.reader,
                "rr:created": mark.created.isoformat(),
                "rr:modified": mark.modified.isoformat(),
                "rr:comment": mark.comment,
                "rr:calibration": measurements[0].calibration_text,
                **_presentation(mark),
            },
        },
    }


def _presentation(mark: Annotation) -> dict[str, str]:
    """As JSON text: QuPath's metadata are texts by name."""
    if mark.presentation is None:
        return {}
    return {"rr:presentation": json.dumps(presentation_to_json(mark.presentation), separators=(",", ":"))}


def _mark(feature: dict[str, Any], target: SlideTarget) -> Annotation:
    geometry, properties = feature["geometry"], feature["properties"]
    metadata = properties["metadata"]
    if geometry["type"] == "Polygon":
        (ring,) = geometry["coordinates"]
        shape = shape_of("polygon", ring[:-1])
    elif geometry["type"] == "LineString":
        shape = shape_of("polyline", geometry["coordinates"])
    else:
        raise ValueError(f"geometry {geometry['type']}")
    return Annotation(
        annotation_id=str(feature["id"]),
        label=str(properties["name"]),
        reader=str(metadata["rr:reader"]),
        target=target,
        shape=shape,
        created=datetime.fromisoformat(metadata["rr:created"]),
        modified=datetime.fromisoformat(metadata["rr:modified"]),
        comment=str(metadata["rr:comment"]),
        presentation=presentation_from_json(json.loads(metadata.get("rr:presentation", "null"))),
    )
