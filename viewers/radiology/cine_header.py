"""Reads how a recording says it is to be played out of its header (DICOM PS3.3 C.7.6.5). Playing it is `cine_run`."""

from __future__ import annotations

from statistics import fmean

from pydicom.dataset import Dataset

from viewers.radiology.dicom_header import element, number, numbers, whole_number
from viewers.radiology.display_facts import CineFacts

SLOWEST_FPS, FASTEST_FPS = 0.5, 120.0
"""What counts as a rate to look at. Outside it the number is something else: PET states a Frame Time of 0, a dynamic
scintigram minutes."""
_FRAME_TIME_VECTOR = 0x00181065


def read_cine(dataset: Dataset, frame_count: int, *, is_functional: bool = False) -> CineFacts | None:
    """None where no rate is stated that can be played.

    The rate recommended for display comes first, then the one recorded at: Cine Rate, the Frame Time Vector where the
    Frame Increment Pointer names it or nothing else is there, Frame Time. *is_functional*: the image has functional
    groups, whose frames are described one by one; of a vector only the mean is taken then.
    """
    waits = numbers(dataset, "FrameTimeVector")
    has_waits = len(waits) == frame_count > 1 and min(waits) >= 0 and sum(waits[1:]) > 0
    mean_ms = fmean(waits[1:]) if has_waits else 0.0
    single_ms = number(dataset, "FrameTime") or 0.0
    is_uneven = has_waits and (element(dataset, "FrameIncrementPointer") == _FRAME_TIME_VECTOR or not single_ms)
    recommended, cine_rate = number(dataset, "RecommendedDisplayFrameRate"), number(dataset, "CineRate")
    recorded = _rate(mean_ms if is_uneven else single_ms)
    rate = next((r for r in (recommended, cine_rate, recorded) if r and SLOWEST_FPS <= r <= FASTEST_FPS), None)
    if rate is None:
        return None
    start, stop = whole_number(dataset, "StartTrim"), whole_number(dataset, "StopTrim")
    trim = (start, stop) if start and stop and 1 <= start < stop <= frame_count else None
    return CineFacts(
        rate_fps=rate,
        waits_ms=tuple(waits) if is_uneven and not is_functional and len(set(waits[1:])) > 1 else (),
        sweeps=whole_number(dataset, "PreferredPlaybackSequencing") == 1,
        trim=trim,
    )


def _rate(frame_ms: float) -> float | None:
    return 1000 / frame_ms if frame_ms > 0 else None
