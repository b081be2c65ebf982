"""What the reader made of a slide, as JSON: for `readingroom inspect` and for people who doubt."""

from __future__ import annotations

from typing import Any

from viewers.pathology.slide_calibration import mpp_of
from viewers.pathology.slide_source import SlideSource


def inspect_slide(source: SlideSource) -> dict[str, Any]:
    """Name, format, levels, scale with its class and note, profile, pictures beside the slide, warnings."""
    mpp = mpp_of(source.calibration)
    return {
        "kind": "slide",
        "name": source.name,
        "format": source.format_name,
        "width_px": source.levels[0].width_px,
        "height_px": source.levels[0].height_px,
        "levels": [
            {
                "width_px": level.width_px,
                "height_px": level.height_px,
                "downsample": level.downsample,
                "tile_px": [level.tile_width_px, level.tile_height_px],
            }
            for level in source.levels
        ],
        "calibration": {
            "class": source.calibration.kind.value,
            "mpp_x": None if mpp is None else mpp[0],
            "mpp_y": None if mpp is None else mpp[1],
            "note": source.calibration.note,
        },
        "objective_power": source.objective_power,
        "icc_profile_bytes": None if source.icc_profile is None else len(source.icc_profile),
        "associated": list(source.associated_names),
        "warnings": list(source.warnings),
    }
