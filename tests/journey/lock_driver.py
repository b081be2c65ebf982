"""A process of its own: opens the workstation on a profile, locks and unlocks it by hand, and tells what is seen.

Run as ``python -m tests.journey.lock_driver HOME PROFILE PICTURES``; standard input gives one order a line. Each answer
is one line of JSON: what the window shows, and whether the store's keys are in memory.
"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable
from pathlib import Path

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QApplication, QLabel, QLineEdit, QPlainTextEdit, QWidget

from workstation.startup import RunningApplication, build_application
from workstation.tour.hands import Hands, let_live


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


def main() -> None:
    home, profile, pictures = Path(sys.argv[1]), sys.argv[2], Path(sys.argv[3])
    running = build_application(home, profile)
    hands = Hands()
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
        elif order == "findings":
            hands.write(hands.wait_for("item:find.text", QPlainTextEdit), argument)
        elif order == "uncovered":
            wait_until(lambda: not running.window.is_covered, "the pages")
            wait_until(lambda page=argument: not page or running.window.current_page == page, argument)
            let_live(1.0)
        elif order == "rest":
            let_live(float(argument))
        elif order == "quit":
            running.close()
            return
        pictures.mkdir(parents=True, exist_ok=True)
        running.window.grab().save(str(pictures / f"{number:02d}-{order}.png"))
        fields = [
            field.text() for field in running.window.findChildren(QLineEdit) if field.objectName().startswith("lock-")
        ]
        print("seen " + json.dumps({**seen(running), "lock_fields": fields, "failure": running.failure}), flush=True)


def _row(running: RunningApplication, case_id: str) -> bool:
    store = running._store
    return store is not None and store.cases.find_case(case_id) is not None  # type: ignore[arg-type]


if __name__ == "__main__":
    main()
