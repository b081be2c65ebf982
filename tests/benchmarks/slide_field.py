"""A field of a slide, 1920×1080 at full resolution, against decoding its tiles with nothing around it."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from tests.benchmarks.stopwatch import Row, median_ms

WIDTH, HEIGHT = 1920, 1080


def rows() -> Iterator[Row]:
    """Opening, an uncached field until sharp, a cached repaint; OpenSlide's read_region beside them."""
    from PySide6.QtCore import QCoreApplication
    from PySide6.QtGui import QImage
    from PySide6.QtWidgets import QApplication

    from sync.demo_hospital.phantoms.slide import write_slide
    from viewers.byte_source import FileByteSource
    from viewers.geometry import SlidePoint
    from viewers.pathology.openslide_source import open_with_openslide
    from viewers.pathology.slide_source import open_slide
    from viewers.pathology.slide_view import SlideView

    application = QApplication.instance() or QApplication([])
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "slide.tiff"
        write_slide(path, lambda _done: None)
        sources = [FileByteSource(path)]
        yield Row(
            "open a slide", median_ms(lambda: open_slide(sources).close(), 5),
            "read the file raw", median_ms(path.read_bytes, 5), "≤ 300 ms",
        )  # fmt: skip
        source = open_slide(sources)
        level = source.levels[0]
        x0, y0 = level.width_px // 2 - WIDTH // 2, level.height_px // 2 - HEIGHT // 2
        columns = range(x0 // level.tile_width_px, (x0 + WIDTH) // level.tile_width_px + 1)
        field = [
            (c, r)
            for c in columns
            for r in range(y0 // level.tile_height_px, (y0 + HEIGHT) // level.tile_height_px + 1)
        ]

        def bare() -> None:
            with ThreadPoolExecutor(2) as pool:
                list(pool.map(lambda tile: source.read_tile(0, *tile), field))

        bare_ms = median_ms(bare, 5)
        reference = f"bare decode of its {len(field)} tiles on two threads"
        target = QImage(WIDTH, HEIGHT, QImage.Format.Format_RGB32)

        def sharp() -> None:
            view = SlideView()
            view.resize(WIDTH, HEIGHT)
            view.set_slide(open_slide(sources), "bench", identity="bench")
            view.zoom.actual()
            view.pan.centre_on(SlidePoint(level.width_px / 2, level.height_px / 2))
            view.show()
            deadline = time.monotonic() + 10
            while not view.is_sharp:
                QCoreApplication.processEvents()
                time.sleep(0.001)  # the decoding threads need the interpreter too
                if time.monotonic() > deadline:
                    raise TimeoutError
            view.hide()
            view.set_slide(None, "", identity="")

        yield Row("uncached field until sharp, 1920×1080", median_ms(sharp, 5), reference, bare_ms, "≤ 100 ms")
        oracle = open_with_openslide(sources[0])
        oracle_ms = median_ms(lambda: oracle.read_region(x0, y0, WIDTH, HEIGHT), 3)
        yield Row("the same field by OpenSlide", oracle_ms, reference, bare_ms, "–")
        view = SlideView()
        view.resize(WIDTH, HEIGHT)
        view.set_slide(source, "bench", identity="bench")
        view.zoom.actual()
        deadline = time.monotonic() + 10
        while not view.is_sharp and time.monotonic() < deadline:
            view.render(target)
            QCoreApplication.processEvents()
        yield Row("cached field repainted", median_ms(lambda: view.render(target), 30), reference, bare_ms, "≤ 16 ms")
    del application
