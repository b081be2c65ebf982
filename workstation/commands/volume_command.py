"""`readingroom volume`: a series as one volume in a file that other programs read."""

from __future__ import annotations

from argparse import Namespace

from viewers.errors import UnreadableFile
from workstation.commands.answer import DONE, say
from workstation.commands.image_commands import choose_series, other_parts, read_volume
from workstation.local_files import scan_local_files


def write_volume(options: Namespace) -> int:
    """Write one NIfTI file; the sentences say what it holds and what was done to it."""
    from viewers.radiology.nifti import write_nifti
    from viewers.radiology.straight_volume import straightened

    series = choose_series(options, scan_local_files([options.path]))
    volume = read_volume(series)
    straight = straightened(volume)
    try:
        hole = write_nifti(straight, options.out)
    except OSError as error:
        raise UnreadableFile(f"{options.out} cannot be written: {error.strerror or error}.") from error
    slices, rows, columns = straight.geometry.shape
    deep, high, wide = straight.geometry.spacing_mm
    unit = f", in {straight.unit}" if straight.unit else ""
    say(
        f"{options.out}: “{series.title}”, {columns} × {rows} × {slices} voxels"
        f" of {wide:.4g} × {high:.4g} × {deep:.4g} mm{unit}{other_parts(options, series)}"
    )
    for warning in series.warnings:
        say(f"  {warning}")
    if straight is not volume:
        say("  Put on a straight, evenly spaced grid, linear between images.")
    if hole is not None:
        say(f"  Voxels without an image hold {hole:g}.")
    return DONE
