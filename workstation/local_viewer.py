"""A window on files of this computer: the reading page without case, store or hospital. Nothing is kept or sent."""

from __future__ import annotations

from collections.abc import Sequence
from hashlib import sha256
from pathlib import Path

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QApplication, QMainWindow, QVBoxLayout, QWidget

from viewers.annotation.annotation import SlideTarget
from workstation.actions.action import Action
from workstation.actions.menus import Menus, Palette, ShortcutSheet
from workstation.actions.registry import ActionRegistry
from workstation.background import Background
from workstation.commands.answer import DONE, FAILED, complain
from workstation.count_words import counted
from workstation.local_files import LocalScan, LocalSlide, open_nothing, scan_local_files
from workstation.reading.case_reading import CaseReading, NotShownItem, SeriesItem, SlideItem
from workstation.reading.page import ReadingPage
from workstation.reading.presenter import patient_words
from workstation.reading.reading_actions import PAGE, reading_actions
from workstation.startup import make_qt_application
from workstation.window.opening_page import OpeningPage
from workstation.window.patient_identity import PatientIdentity
from workstation.window.patient_strip import PatientStrip
from workstation.window.sentence_dialog import show_sentence
from workstation.window.status_line import StatusLine


def show_local_files(paths: Sequence[Path]) -> int:
    """Scan *paths*, show them, stay until the window is closed; status 1 if there was nothing to show."""
    make_qt_application()
    background = Background()
    viewer = LocalViewer(background)
    viewer.show()
    viewer.activateWindow()  # keys must reach it at once, also where no window manager hands out the focus
    viewer.scan(paths)
    QApplication.exec()
    background.shutdown()
    return FAILED if viewer.found_nothing else DONE


def reading_of(scan: LocalScan) -> CaseReading:
    """What the reading page is given for local files: marks can be made, and end with the window.

    Where the files are of several patients, each image says in red whose it is, for as long as it is shown.
    """
    lines = [patient_words(one.patient) for one in scan.series] + [_slide_line(slide) for slide in scan.slides]
    several = len(set(lines)) > 1
    alerts = [f"Files of several patients are open; this is: {line}" if several else "" for line in lines]
    series = tuple(
        SeriesItem(f"series:{one.series_uid}#{index}", one, line, mismatch=alert)
        for index, (one, line, alert) in enumerate(zip(scan.series, lines, alerts, strict=False))
    )
    of_slides = zip(scan.slides, lines[len(series) :], alerts[len(series) :], strict=True)
    slides = tuple(
        SlideItem(_target(slide), slide.title, slide.sources, line, mismatch=alert) for slide, line, alert in of_slides
    )
    not_shown = tuple(NotShownItem(item.name, item.sentence) for item in scan.not_opened)
    return CaseReading(case_id=None, reader="", series=series, slides=slides, not_shown=not_shown)


def identity_of_files(reading: CaseReading) -> PatientIdentity:
    """Whose pictures these are by their own headers; a warning where there are several patients, or nobody is named."""
    lines = list(dict.fromkeys(item.patient_line for item in reading.items))
    if len(lines) == 1:
        name, _, person = lines[0].partition(" · ")
        missing = ""
        if "unknown" in lines[0].lower() or "missing" in lines[0]:
            missing = "Identity missing: the files do not say in full whose they are."
        return PatientIdentity(name, person or "nothing else known", "local files", missing)
    warning = "The files are of several patients, or say nothing of theirs: look whose image it is before you compare."
    return PatientIdentity(f"{len(lines)} patients", "see each image", "local files", warning)


def _slide_line(slide: LocalSlide) -> str:
    if slide.patient is not None:
        return patient_words(slide.patient)
    return f"{slide.title} · patient unknown"


class LocalViewer(QMainWindow):
    """Scans first, in the background, then shows the reading page with the menus and keys it has in a case."""

    def __init__(self, background: Background) -> None:
        super().__init__()
        self.setWindowTitle("Reading Room: local files")
        self.setAttribute(Qt.WidgetAttribute.WA_QuitOnClose, True)
        self.resize(1440, 900)
        self.found_nothing = False
        self._background = background
        self._opening = OpeningPage()
        self.setCentralWidget(self._opening)
        self._registry = ActionRegistry()
        self._registry.add(
            [
                Action("help.shortcuts", "&Keyboard shortcuts", self._show_sheet, "&Help", "F1", icon="keys"),
                Action("help.palette", "Do &what…", self._show_palette, "&Help", "Ctrl+K", icon="search"),
                Action("window.close", "&Close the window", self._close, "&File", "Ctrl+W"),
                Action("app.quit", "&Quit", self._close, "&File", "Ctrl+Q", icon="quit"),
            ]
        )
        self._menus = Menus(self, self._registry, lambda: PAGE)

    def scan(self, paths: Sequence[Path]) -> None:
        """Look what *paths* hold; what cannot be shown is printed and listed in the strip."""
        deliver, show = self._background.deliver, self._opening.show_progress

        def on_progress(done: int, total: int) -> None:
            deliver(lambda: show(f"Looking at {counted(total, 'file')}…", done / total))

        self._background.cpu_lane(lambda: scan_local_files(paths, on_progress), self._show)

    def _show(self, scan: LocalScan) -> None:
        for item in scan.not_opened:
            complain(item.sentence)
        if not scan.holds_images:
            self.found_nothing = True
            show_sentence(str(open_nothing(scan)), self)
            self.close()
            return
        reading = reading_of(scan)
        strip = PatientStrip()
        strip.show_identity(identity_of_files(reading))
        page, status = ReadingPage(self._background), StatusLine()
        status.show_sync("")
        page.said.connect(status.say)
        page.refused.connect(lambda sentence: status.say(sentence, failure=True))
        page.state_changed.connect(self._registry.notify)
        centre = QWidget()
        layout = QVBoxLayout(centre)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        layout.addWidget(strip)
        layout.addWidget(page, 1)
        layout.addWidget(status)
        self.setCentralWidget(centre)
        self._registry.add(reading_actions(page))
        page.show_reading(reading)
        page.setFocus(Qt.FocusReason.OtherFocusReason)

    def _close(self) -> None:
        self.close()

    def _show_sheet(self) -> None:
        from workstation.further_keys import FURTHER_KEYS

        ShortcutSheet(self._registry, [group for group in FURTHER_KEYS if group.page == PAGE], self).open()

    def _show_palette(self) -> None:
        Palette(self._registry, PAGE, self).open()


def _target(slide: LocalSlide) -> SlideTarget:
    """Marks on a local slide end with the window, so where it lies is identity enough; hashing gigabytes is not."""
    names = "\n".join(f"{source.path or source.name} {source.size_bytes}" for source in slide.sources)
    return SlideTarget(sha256(names.encode()).hexdigest())
