"""Micrometres per pixel of a slide, and when they may be believed: only as the scanner's own statement."""

from __future__ import annotations

from viewers.calibration import Calibration, CalibrationClass, uncalibrated

SMALLEST_MPP = 0.05
LARGEST_MPP = 10.0


def calibration_from_mpp(mpp_x: float, mpp_y: float, stated_by: str) -> Calibration:
    """Calibration from micrometres per pixel across and down, as *stated_by* says (e.g. ``Aperio MPP``)."""
    for mpp in (mpp_x, mpp_y):
        if not SMALLEST_MPP <= mpp <= LARGEST_MPP:
            return uncalibrated(
                f"{stated_by} says {mpp:.4g} µm per pixel, outside {SMALLEST_MPP}–{LARGEST_MPP:g} µm: "
                "lengths are in pixels."
            )
    both = f"{mpp_x:.4g}" if mpp_x == mpp_y else f"{mpp_x:.4g} × {mpp_y:.4g}"
    note = f"{stated_by}: {both} µm per pixel."
    return Calibration(CalibrationClass.SLIDE_MPP, mpp_x / 1000, mpp_y / 1000, note)


def calibration_from_bare_resolution(um_per_px: float | None) -> Calibration:
    """No scanner spoke: a TIFF resolution tag is as a rule a default of the program that wrote the file."""
    if um_per_px is None:
        return uncalibrated("The file does not say how large a pixel is: lengths are in pixels.")
    return uncalibrated(
        f"Only a TIFF resolution tag ({um_per_px:.1f} µm per pixel) speaks of scale, which is no calibration: "
        "lengths are in pixels."
    )


def mpp_of(calibration: Calibration) -> tuple[float, float] | None:
    """(across, down) in micrometres per level-0 pixel; None where not calibrated."""
    if calibration.column_mm is None or calibration.row_mm is None:
        return None
    return calibration.column_mm * 1000, calibration.row_mm * 1000
