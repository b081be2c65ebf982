"""`readingroom open`: the viewer on local files. Nothing is stored, nothing is uploaded."""

from __future__ import annotations

from argparse import Namespace
from pathlib import Path

from workstation.commands.answer import DONE, FAILED, complain, say
from workstation.count_words import counted


def open_files(options: Namespace) -> int:
    """Show what the paths hold in a window; without a screen, draw each first image once and say what opened."""
    from workstation.cli import has_display

    if has_display():
        from workstation.local_viewer import show_local_files

        return show_local_files(options.paths)
    return _open_without_screen(options.paths)


def _open_without_screen(paths: list[Path]) -> int:
    """Status 1 only if nothing could be opened."""
    from viewers.errors import ViewerError
    from workstation.first_pictures import draw_series, draw_slide
    from workstation.local_files import scan_local_files

    scan = scan_local_files(paths)
    opened = 0
    for series in scan.series:
        try:
            draw_series(series)
        except ViewerError as error:
            complain(str(error))
        else:
            opened += 1
            pictures = counted(len(series.frames), "image")
            say(f"opened  {series.title}: {pictures}, {series.columns} × {series.rows} pixels")
    for slide in scan.slides:
        try:
            width_px, height_px = draw_slide(slide)
        except ViewerError as error:
            complain(str(error))
        else:
            opened += 1
            say(f"opened  {slide.title}: slide, {width_px} × {height_px} pixels")
    for item in scan.not_opened:
        complain(item.sentence)
    if not opened and not scan.not_opened and not scan.holds_images:
        complain("There is nothing to open.")
    return DONE if opened else FAILED
