"""Ten thousand cases and a million instances: opening, the worklist's rows, its search, and a round without changes."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

from sync.store.database import open_store
from sync.sync_round import run_sync_round
from tests.benchmarks.many_cases import NOW, QUIET_HOSPITAL, fill, profile
from tests.benchmarks.stopwatch import Row, median_ms

CASES, INSTANCES = 10_000, 100


def rows(cases: int = CASES, instances: int = INSTANCES) -> Iterator[Row]:
    """Each beside the same with a hundredth of the cases."""
    with TemporaryDirectory() as folder:
        few, many = Path(folder) / "few", Path(folder) / "many"
        for directory, number in ((few, cases // 100), (many, cases)):
            store = open_store(directory)
            fill(store, number, instances)
            store.close()
        reference = f"the same with {cases // 100:,} cases"
        for action, few_ms, many_ms, bar in zip(
            ("open the store", "first rows of the worklist", "all rows: our CPU", "search the worklist: our CPU",
             "round without changes: our CPU"),
            _measured(few), _measured(many), ("–", "≤ 1000 ms", "–", "≤ 50 ms", "≤ 1000 ms"), strict=True,
        ):  # fmt: skip
            yield Row(f"{action}, {cases:,} cases", many_ms, reference, few_ms, bar)


def _measured(directory: Path) -> list[float]:
    from workstation.worklist.presenter import ROWS_AT_ONCE, load_rows

    opening = median_ms(lambda: open_store(directory).close())
    store = open_store(directory)
    try:
        first = median_ms(lambda: load_rows(store, NOW, store.worklist.list_case_ids()[:ROWS_AT_ONCE]))
        start = time.thread_time()
        load_rows(store, NOW, None)
        everything = (time.thread_time() - start) * 1000
        search_ms = _search_ms(load_rows(store, NOW, None))
        hospital = subprocess.Popen([sys.executable, "-c", QUIET_HOSPITAL], stdout=subprocess.PIPE, text=True)
        try:
            assert hospital.stdout is not None
            port = int(hospital.stdout.readline())
            taken = []
            for _ in range(3):
                start = time.process_time()
                report = run_sync_round(store, profile(port))
                taken.append((time.process_time() - start) * 1000)
                assert report.complete and not report.problems, report
        finally:
            hospital.kill()
            hospital.wait()
            assert hospital.stdout is not None
            hospital.stdout.close()
    finally:
        store.close()
    return [opening, first, everything, search_ms, sorted(taken)[1]]


def _search_ms(found: tuple[object, ...]) -> float:
    """Our CPU from a letter typed to the table painted, the slowest of a search typed letter by letter."""
    from PySide6.QtGui import QImage
    from PySide6.QtWidgets import QApplication, QLineEdit

    from workstation.worklist.page import WorklistPage

    application = QApplication.instance() or QApplication([])
    page = WorklistPage()
    page.resize(1400, 900)
    page.show()
    page.show_rows(found)  # type: ignore[arg-type]
    search = page.findChild(QLineEdit, "worklist-search")
    assert search is not None
    target = QImage(1400, 900, QImage.Format.Format_RGB32)
    page.render(target)
    slowest = 0.0
    for typed in ("f", "fa", "fam", "family9", "family99", "family999", "", "nodule", "nodule family1"):
        start = time.thread_time()
        search.setText(typed)
        page.render(target)
        slowest = max(slowest, (time.thread_time() - start) * 1000)
    page.close()
    page.deleteLater()
    del application
    return slowest
