"""The pixels a reader would see of one region of a slide, without a window."""

from __future__ import annotations

import numpy as np

from viewers.errors import OutOfRange
from viewers.pathology.derived_levels import CompletedSlide
from viewers.pathology.field_picture import draw_field
from viewers.pathology.magnification import magnification_lines, scale_bar
from viewers.pathology.slide_source import Pixels, SlideSource
from viewers.pathology.tile_cache import TileCache
from viewers.pathology.tile_grid import Field

LARGEST_PICTURE_PX = 200_000_000
SCALE_BAR_SHARE = 0.3


def render_slide_snapshot(
    source: SlideSource,
    region: tuple[int, int, int, int] | None = None,
    size: tuple[int, int] | None = None,
    *,
    bare: bool = False,
    no_icc: bool = False,
    patient_line: str = "",
) -> Pixels:
    """RGB (height, width, 3) of *region* (x, y, width, height in level-0 px; default the whole slide) at *size*
    (width, height; default one pixel per level-0 pixel).

    Not *bare*: with *patient_line*, scale bar, magnification and the notice on colour. Colour profiles are not applied
    yet, so *no_icc* only takes the notice away. OutOfRange unless the region lies within the slide.
    """
    full = source.levels[0]
    x, y, width, height = region or (0, 0, full.width_px, full.height_px)
    if width < 1 or height < 1 or x < 0 or y < 0 or x + width > full.width_px or y + height > full.height_px:
        raise OutOfRange(
            f"The region {x},{y},{width},{height} does not lie within the {full.width_px} × {full.height_px} pixels "
            f"of {source.name}."
        )
    out_width, out_height = size or (width, height)
    if out_width < 1 or out_height < 1 or out_width * out_height > LARGEST_PICTURE_PX:
        raise OutOfRange(f"A picture of {out_width} × {out_height} pixels cannot be made; ask for a smaller one.")
    scale_x, scale_y = out_width / width, out_height / height
    field = Field(x * scale_x, y * scale_y, out_width, out_height, scale_x, scale_y)
    rgb = np.ascontiguousarray(_draw_whole(source, field)[..., 2::-1])
    if not bare:
        from viewers.pathology.slide_painter import write_on_picture

        lines = [*filter(None, [patient_line]), source.name, *magnification_lines(scale_x, source.calibration)]
        if not no_icc:
            lines.append("Colour not managed")
        length, text = scale_bar(scale_x, source.calibration, out_width * SCALE_BAR_SHARE)
        write_on_picture(rgb, length, text, tuple(lines))
    return rgb


def _draw_whole(source: SlideSource, field: Field) -> Pixels:
    """The field with every tile read, now, on this thread."""
    completed = CompletedSlide(source)
    cache = TileCache(LARGEST_PICTURE_PX * 8)
    picture = draw_field(completed, cache, field)
    for key in picture.missing:
        cache.put(key, completed.read_tile(*key))
    return draw_field(completed, cache, field).pixels
