"""Draws the first picture of a series or slide once, with the painter that the screen uses: proof that it opens."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from viewers.radiology.frame import Series
    from workstation.local_files import LocalSlide

OVERVIEW_PX = 512


def draw_series(series: Series) -> None:
    """Decode and window the first image; ViewerError where that fails."""
    from viewers.radiology.snapshot import render_snapshot

    render_snapshot(series, 1, bare=True)


def draw_slide(slide: LocalSlide) -> tuple[int, int]:
    """Read an overview and the middle of the full image; its width and height in pixels. ViewerError otherwise."""
    from viewers.pathology.slide_source import open_slide

    source = open_slide(slide.sources)
    try:
        full = source.levels[0]
        coarse = len(source.levels) - 1
        level = source.levels[coarse]
        source.read_region(0, 0, min(OVERVIEW_PX, level.width_px), min(OVERVIEW_PX, level.height_px), coarse)
        width, height = min(OVERVIEW_PX, full.width_px), min(OVERVIEW_PX, full.height_px)
        source.read_region((full.width_px - width) // 2, (full.height_px - height) // 2, width, height)
        return full.width_px, full.height_px
    finally:
        source.close()
