"""A process of its own: opens the workstation, does one scenario with hands, says so, waits to be killed."""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path

from PySide6.QtCore import QPointF, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QLabel, QLineEdit, QPlainTextEdit, QTreeWidget, QWidget

from workstation.startup import RunningApplication, build_application
from workstation.tour.hands import let_live

CHEST = "SO-2026-00101"


def say(line: str) -> None:
    print(line, flush=True)


def open_program(home: Path) -> RunningApplication:
    running = build_application(home, "demo")
    deadline = time.monotonic() + 120
    while not running.is_ready:
        if running.failure or time.monotonic() > deadline:
            raise SystemExit(f"did not open: {running.failure}")
        let_live(0.02)
    return running


def main() -> None:
    home, scenario, arguments = Path(sys.argv[1]), sys.argv[2], sys.argv[3:]
    running = open_program(home)
    from viewers.pathology.slide_view import SlideView
    from viewers.radiology.stack_view import StackView
    from workstation.tour.hands import Hands
    from workstation.tour.itinerary import Tour, Visit

    hands = Hands()
    tour = Tour(running.window, home, arguments[0] if arguments else "", arguments[1] if len(arguments) > 1 else "")
    if scenario == "mark":
        tour.open_case(CHEST)
        tour.open_images(first=True)
        stack = tour.view_of(StackView)
        hands.key(stack, Qt.Key.Key_L)
        middle = QPointF(stack.width() / 2, stack.height() / 2)
        hands.drag(stack, middle - QPointF(50, 0), middle + QPointF(50, 0))
        say("acted")
    elif scenario == "keystroke":
        tour.open_case(CHEST)
        hands.key(running.window, Qt.Key.Key_F6)
        text = hands.wait_for("item:find.text", QPlainTextEdit)
        hands.click(text)
        QTest.keyClicks(text, arguments[0])
        say("acted")
    elif scenario == "look":
        hands.wait_for("patient-strip-name", QLabel)
        hands.rest(2.0)
        page = next((p for p in ("reading", "opinion", "case", "worklist") if hands.look_for(f"page-{p}", QWidget)), "")
        identity = hands.find("patient-strip-identity", QLabel).text()
        seen = {"page": page, "identity": identity}
        hands.key(running.window, Qt.Key.Key_F4)
        hands.wait_until(lambda: tour.view_of(StackView) is not None or tour.view_of(SlideView) is not None, "an image")
        hands.rest(1.0)
        marks = hands.look_for("marks-list", QTreeWidget)
        seen["marks"] = str(marks.topLevelItemCount() if marks else 0)
        hands.key(running.window, Qt.Key.Key_F6)
        seen["findings"] = hands.wait_for("item:find.text", QPlainTextEdit).toPlainText()
        say("seen " + json.dumps(seen))
    elif scenario == "fill":
        tour.prepare(Visit(CHEST, None, "An answer.", "Findings."))
        hands.rest(1.5)
        say("acted")
    elif scenario == "sign":
        hands.key(running.window, Qt.Key.Key_F6)
        tour.open_signing()
        for name, text in zip(("signing-passphrase", "signing-pin"), arguments, strict=True):
            hands.write(hands.find(name, QLineEdit), text)
        say("confirming")
        tour.confirm_signing()
        say("confirmed")
    elif scenario == "deliver":
        # Nothing is pressed: the program comes back to the opinion page and delivers by itself.
        receipt = hands.wait_for("receipt-text", QLabel)
        hands.wait_until(lambda: "DiagnosticReport" in receipt.text(), "the hospital's receipt")
        say("delivered")
    else:
        raise SystemExit(f"no scenario {scenario}")
    while True:
        let_live(0.05)


if __name__ == "__main__":
    main()
