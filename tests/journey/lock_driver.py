"""A process of its own: opens the workstation on a profile, locks and unlocks it by hand, and tells what is seen.

Run as ``python -m tests.journey.lock_driver HOME PROFILE PICTURES``; standard input gives one order a line. Each answer
is one line of JSON: what the window shows, and whether the store's keys are in memory.
"""

from __future__ import annotations

import ctypes
import json
import os
import sys
import time
from collections.abc import Callable
from pathlib import Path

from PySide6.QtCore import Qt, QTimer
from PySide6.QtWidgets import QApplication, QLabel, QLineEdit, QPlainTextEdit, QWidget

from viewers.image_view import ImageView
from viewers.pathology import memory_file
from viewers.pathology.slide_view import SlideView
from workstation.logs import start_logging
from workstation.no_core_dumps import forbid_core_dumps
from workstation.startup import RunningApplication, build_application
from workstation.tour.hands import Hands, let_live
from workstation.tour.itinerary import Tour, Visit


def wait_until(condition: Callable[[], object], what: str) -> None:
    deadline = time.monotonic() + 90
    while not condition():
        if time.monotonic() > deadline:
            raise SystemExit(f"waited in vain for {what}")
        let_live(0.02)


def seen(running: RunningApplication) -> dict[str, object]:
    """Every text on the screen, and the state behind it."""
    texts = [running.window.windowTitle()]
    for window in QApplication.topLevelWidgets():
        if window.isVisible():
            texts += [window.windowTitle(), window.toolTip()]
            for widget in window.findChildren(QWidget):
                if widget.isVisible():
                    texts += [str(widget.property(name) or "") for name in ("text", "plainText", "title", "toolTip")]
    store = running._store
    return {
        "page": running.window.current_page,
        "covered": running.window.is_covered,
        "locked": store is not None and store.is_locked,
        "texts": [text for text in texts if text],
    }


def note_files_written() -> set[str]:
    """Every path that Python code opens for writing, renames or links from now on, also what is gone soon."""
    written: set[str] = set()

    def listen(event: str, arguments: tuple[object, ...]) -> None:
        if event == "open":
            path, _mode, flags = arguments
            changes = os.O_WRONLY | os.O_RDWR | os.O_CREAT
            if not isinstance(path, int) and isinstance(flags, int) and flags & changes:
                written.add(os.fsdecode(path))  # type: ignore[arg-type]
        elif event in ("os.rename", "os.link", "os.symlink"):
            written.add(os.fsdecode(arguments[1]))  # type: ignore[arg-type]

    sys.addaudithook(listen)
    return written


def main() -> None:
    home, profile, pictures = Path(sys.argv[1]), sys.argv[2], Path(sys.argv[3])
    forbid_core_dumps()
    start_logging(os.environ.get("READINGROOM_TEST_LOG", "warning"))
    written = note_files_written()
    running = build_application(home, profile)
    hands = Hands()
    tour = Tour(running.window, pictures, "", "")
    pictures.mkdir(parents=True, exist_ok=True)
    for number, line in enumerate(sys.stdin):
        order, _, argument = line.strip().partition(" ")
        if order == "ready":
            wait_until(lambda: running.is_ready or running.failure, "the pages")
        elif order == "asked":
            wait_until(lambda: running.window.is_covered, "the lock page")
        elif order == "write":
            name, _, text = argument.partition(" ")
            hands.write(hands.wait_for(name, QWidget), text)
        elif order == "press":
            hands.click(hands.wait_for(argument, QWidget))
            let_live(0.3)
        elif order == "said":
            label = hands.wait_for("lock-said", QLabel)
            wait_until(lambda label=label, word=argument: word in label.text(), argument)
        elif order == "key":
            hands.key(running.window, Qt.Key[f"Key_{argument}"])
            let_live(0.3)
        elif order == "lock":
            assert running.registry.run("app.lock")
            wait_until(lambda: running._store is not None and running._store.is_locked, "the keys to go")
        elif order == "open":
            wait_until(lambda case=argument: _row(running, case), "the case")
            running._room._desk.open_case(argument, "case")  # type: ignore[union-attr]
            wait_until(lambda: running.window.current_page == "case", "the case page")
            let_live(0.5)
        elif order == "no-memory":
            memory_file.free_memory_bytes = lambda: 0
        elif order == "sharp":
            wait_until(lambda: _slide_views(running) and all(v.is_sharp for v in _slide_views(running)), "the slide")
        elif order == "findings":
            hands.write(hands.wait_for("item:find.text", QPlainTextEdit), argument)
        elif order == "prepare":
            case, _, words = argument.partition(" ")
            tour.prepare(Visit(case, None, words, words))
            let_live(1.5)
        elif order == "sign":
            tour.open_signing()
            for name, text in zip(("signing-passphrase", "signing-pin"), argument.split("|"), strict=True):
                hands.write(hands.find(name, QLineEdit), text)
            tour.confirm_signing()
            wait_until(lambda: hands.look_for("signing-dialog", QWidget) is None, "the signature")
            let_live(1.5)
        elif order == "receipt":
            assert running.registry.run("sync.now")
            receipt = hands.wait_for("receipt-text", QLabel)
            wait_until(lambda label=receipt: "DiagnosticReport" in label.text(), "the receipt")
        elif order == "stumble":
            QTimer.singleShot(0, lambda words=argument: _stumble(words))
            let_live(0.5)
        elif order == "crash":
            ctypes.string_at(0)
        elif order == "uncovered":
            wait_until(lambda: not running.window.is_covered, "the pages")
            wait_until(lambda page=argument: not page or running.window.current_page == page, argument)
            let_live(1.0)
        elif order == "rest":
            let_live(float(argument))
        elif order == "quit":
            running.close()
            return
        running.window.grab().save(str(pictures / f"{number:02d}-{order}.png"))
        fields = [
            field.text() for field in running.window.findChildren(QLineEdit) if field.objectName().startswith("lock-")
        ]
        slides = _slide_views(running)
        images = running.window.findChildren(ImageView)
        on_images = {
            "slide": slides[0].slide.format_name if slides and slides[0].slide is not None else "",
            "notices": [notice for view in slides for notice in view.notices()],
            "empty": " ".join(view.empty_text for view in images if view.isVisible() and view.current_target() is None),
        }
        print(
            "seen "
            + json.dumps(
                {
                    **seen(running),
                    **on_images,
                    "lock_fields": fields,
                    "failure": running.failure,
                    "written": sorted(written),
                }
            ),
            flush=True,
        )


def _stumble(words: str) -> None:
    """A fault that nobody foresaw, with a patient's data in its message, as data tend to get there."""
    raise LookupError(words)


def _slide_views(running: RunningApplication) -> list[SlideView]:
    """Those with a slide in them that the reader sees."""
    return [view for view in running.window.findChildren(SlideView) if view.isVisible() and view.slide is not None]


def _row(running: RunningApplication, case_id: str) -> bool:
    store = running._store
    return store is not None and store.cases.find_case(case_id) is not None  # type: ignore[arg-type]


if __name__ == "__main__":
    main()
