"""A CT series on disk: first image, whole volume and scrolling, against reading the same bytes raw."""

from __future__ import annotations

import statistics
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from sync.demo_hospital.phantoms import PhantomPatient
from sync.demo_hospital.phantoms.ct_chest import write_ct_chest
from tests.benchmarks.stopwatch import Row, median_ms
from viewers.byte_source import ByteSource, FileByteSource
from viewers.radiology.series_facts import series_from_facts, series_to_facts
from viewers.radiology.series_loader import scan_instances
from viewers.radiology.volume import SeriesPixels

SLICES = 220
PATIENT = PhantomPatient("BENCH-1", "BENCH^Mark", "19700101", "O", "Chest CT", "B1")


def rows() -> Iterator[Row]:
    """First image and volume from stored display facts (as after a sync), from a warm page cache."""
    with tempfile.TemporaryDirectory() as folder:
        directory = Path(folder)
        write_ct_chest(directory, PATIENT, slices=SLICES)
        paths = sorted(directory.glob("*.dcm"))
        sizes = [p.stat().st_size for p in paths]
        series = scan_instances([FileByteSource(p) for p in paths]).series[0]
        facts = series_to_facts(series)
        by_uid: dict[str, ByteSource] = {f.sop_instance_uid: f.source for f in series.frames}

        def raw() -> None:
            # Into memory of the whole series' size, as a volume needs it, not over and over into a warm buffer.
            volume = np.empty(sum(sizes), np.uint8).data
            offset = 0
            for path, size in zip(paths, sizes, strict=True):
                with path.open("rb", buffering=0) as file:
                    file.readinto(volume[offset : offset + size])
                offset += size

        def first_image() -> None:
            SeriesPixels(series_from_facts(facts, by_uid.__getitem__)).read_frame(SLICES // 2)

        def whole_volume() -> None:
            pixels = SeriesPixels(series_from_facts(facts, by_uid.__getitem__))
            pixels.start()
            if not pixels.wait(60):
                raise TimeoutError
            pixels.stop()

        raw()
        raw_ms = median_ms(raw, 5)
        reference = f"raw read of its {SLICES} files"
        yield Row("first CT image from stored facts", median_ms(first_image, 5), reference, raw_ms, "≤ 300 ms")
        yield Row("whole CT volume in memory", median_ms(whole_volume, 5), reference, raw_ms, "≤ 1.3 × raw read")
        yield Row(
            "scan of bare files",
            median_ms(lambda: scan_instances([FileByteSource(p) for p in paths])),
            reference,
            raw_ms,
            "–",
        )
        yield from _scrolling(series_from_facts(facts, by_uid.__getitem__))


def _scrolling(series: object) -> Iterator[Row]:
    """Frames of a 1600×1200 viewport: each is a new slice, resampled, windowed and painted."""
    import cv2
    from PySide6.QtGui import QImage
    from PySide6.QtWidgets import QApplication

    from viewers.radiology.frame import Series
    from viewers.radiology.stack_view import StackView

    assert isinstance(series, Series)
    application = QApplication.instance() or QApplication([])
    pixels = SeriesPixels(series)
    pixels.start()
    pixels.wait(60)
    view = StackView()
    view.resize(1600, 1200)
    view.set_series(series, pixels)
    target = QImage(1600, 1200, QImage.Format.Format_RGB32)
    taken = []
    for _ in range(120):
        start = time.perf_counter()
        view.scroll.by(1)
        view.render(target)
        taken.append((time.perf_counter() - start) * 1000)
    frame = pixels.read_frame(0)
    bare = median_ms(lambda: cv2.resize(np.ascontiguousarray(frame), (1200, 1200), interpolation=cv2.INTER_LINEAR), 50)
    yield Row(
        "scroll to the next slice, 1600×1200",
        statistics.median(taken),
        "cv2.resize of the slice alone",
        bare,
        "≤ 16 ms",
    )
    windows = []
    for step in range(120):
        start = time.perf_counter()
        view.window_level.set(40 + step, 400 + step)
        view.render(target)
        windows.append((time.perf_counter() - start) * 1000)
    yield Row(
        "drag the window, 1600×1200", statistics.median(windows), "cv2.resize of the slice alone", bare, "≤ 16 ms"
    )
    pixels.stop()
    del application
