"""From starting the process to the first painted window: the workstation against an empty PySide6 window."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

from tests.benchmarks.stopwatch import Row, median_ms

EMPTY = """
import sys
from PySide6.QtCore import QEvent, QObject
from PySide6.QtWidgets import QApplication, QMainWindow
class FirstPaint(QObject):
    def eventFilter(self, watched, event):
        if event.type() == QEvent.Type.Paint:
            print("painted", flush=True)
            watched.removeEventFilter(self)
        return False
application = QApplication(sys.argv)
window = QMainWindow()
watcher = FirstPaint()
window.installEventFilter(watcher)
window.show()
application.exec()
"""

WORKSTATION = """
import sys
from pathlib import Path
from PySide6.QtCore import QEvent, QObject, QTimer
from PySide6.QtWidgets import QApplication
from workstation import startup
class Moments(QObject):
    def eventFilter(self, watched, event):
        if event.type() == QEvent.Type.Paint:
            print("painted", flush=True)
            watched.removeEventFilter(self)
        return False
running = startup.build_application(Path(sys.argv[1]), "demo")
watcher = Moments()
running.window.installEventFilter(watcher)
running.ready.connect(lambda: print("ready", flush=True))
poll = QTimer()
def look():
    if running.window.current_page:
        print("worklist", flush=True)
        poll.stop()
poll.timeout.connect(look)
poll.start(2)
running.failed.connect(lambda sentence: print("failed " + sentence, flush=True))
QApplication.instance().exec()
"""


def _ms_until(word: str, program: str, *arguments: str) -> float:
    start = time.perf_counter()
    child = subprocess.Popen([sys.executable, "-c", program, *arguments], stdout=subprocess.PIPE, text=True)
    assert child.stdout is not None
    try:
        for line in child.stdout:
            if line.startswith("failed"):
                raise RuntimeError(line)
            if line.strip() == word:
                return (time.perf_counter() - start) * 1000
        raise RuntimeError(f"the program ended before {word}")
    finally:
        child.kill()
        child.wait()
        child.stdout.close()


def rows() -> Iterator[Row]:
    """First paint, and the worklist of a home that holds a store, three starts each; warm."""
    with TemporaryDirectory() as home:
        _prepare(Path(home))
        _ms_until("painted", EMPTY)
        _ms_until("painted", WORKSTATION, home)
        empty = median_ms(lambda: _ms_until("painted", EMPTY))
        reference = "an empty PySide6 window"
        yield Row("window painted", median_ms(lambda: _ms_until("painted", WORKSTATION, home)), reference, empty, "–")
        usable = median_ms(lambda: _ms_until("worklist", WORKSTATION, home))
        yield Row("usable worklist", usable, reference, empty, "≤ 1000 ms")
        everything = median_ms(lambda: _ms_until("ready", WORKSTATION, home))
        yield Row("images and opinion can be opened", everything, reference, empty, "–")


def _prepare(home: Path) -> None:
    """A profile with an empty store and a hospital that does not answer: the start must not wait for it."""
    from sync.hospital_profile import HospitalProfile
    from sync.store.database import open_store

    profile = HospitalProfile(
        name="demo",
        hospital_name="Nobody",
        fhir_base="http://127.0.0.1:9/fhir",
        dicomweb_base="http://127.0.0.1:9/dicom-web",
        files_base="http://127.0.0.1:9/files",
        token="none",
        practitioner_reference="Practitioner/demo-specialist",
        practitioner_name="Nobody",
    )
    (home / "demo").mkdir(parents=True)
    profile.save(home / "demo" / "profile.json")
    open_store(home / "demo").close()
