"""The way through the main job: which cases, in which order, what is done at each stop and what is read back there."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from PySide6.QtCore import QPointF, Qt
from PySide6.QtWidgets import (
    QAbstractButton,
    QLabel,
    QLineEdit,
    QListWidget,
    QPlainTextEdit,
    QTableView,
    QTreeWidget,
    QWidget,
)

from viewers.geometry import PatientPoint
from viewers.image_view import ImageView
from viewers.pathology.slide_view import SlideView
from viewers.radiology.stack_view import StackView
from workstation.reading.empty_view import EmptyView
from workstation.tour.hands import Hands, TourStopped
from workstation.tour.interludes import Interludes
from workstation.unlocking import DEMO_PASSPHRASE

FIRST_BUILD_PATIENCE_S = 240.0
SHOWN_ONCE = frozenset(
    {
        "search as you type",
        "scrolled by the wheel",
        "window preset by key",
        "window by drag",
        "the form, question filled in",
        "findings, with a mark referred to",
        "opinion: refined opens what must follow",
        "a wrong PIN signs nothing",
        "messages with the hospital",
        "locked, nobody is named",
        "unlocked, every word is where it was",
        "transfers, case by case",
    }
)
"""Steps of every visit that look the same each time: done again, photographed the first time."""
LISTS = ("worklist", "transfers")
"""Where every patient may be named."""


@dataclass(frozen=True, slots=True)
class Aim:
    """A lesion whose place and size are known: the tour measures there. Point in mm, LPS."""

    centre: PatientPoint
    diameter_mm: float


@dataclass(frozen=True, slots=True)
class Visit:
    """A case that the tour reads, signs and delivers."""

    case_id: str
    aim: Aim | None
    answer: str
    findings: str


@dataclass(slots=True)
class Stop:
    """One screenshot with its step, the seconds since the tour began, and what widgets said at that moment."""

    number: int
    step: str
    seconds: float
    screenshot: str
    facts: dict[str, str]


@dataclass(slots=True)
class TourLog:
    """What `tour.json` holds of the way itself."""

    stops: list[Stop] = field(default_factory=list)
    carried_over: list[str] = field(default_factory=list)
    """What of the first case was still seen in the second; must stay empty."""

    def to_json(self) -> dict[str, Any]:
        return asdict(self)


class Tour:
    """Drives *window* through the visits; every stop is photographed into *directory*."""

    def __init__(self, window: QWidget, directory: Path, passphrase: str, pin: str) -> None:
        self._window = window
        self._directory = directory
        self._passphrase, self._pin = passphrase, pin
        self._hands = Hands()
        self._interludes = Interludes(window, self._hands, DEMO_PASSPHRASE, self._stop)
        self._began = time.monotonic()
        self._measured_mm = ""
        self._patients_before: set[str] = set()
        self._window_before = ""
        self.log = TourLog()

    # Stops ---------------------------------------------------------------------------------------------------------

    def see_worklist(self) -> None:
        """The list of assigned cases, everything that may be downloaded is here."""
        self._hands.key(self._window, Qt.Key.Key_F2)
        table = self._hands.wait_for("worklist-table", QTableView, FIRST_BUILD_PATIENCE_S)
        self._hands.wait_until(lambda: table.model().rowCount() > 0, "cases in the worklist", FIRST_BUILD_PATIENCE_S)
        synced = self._hands.find("status-sync", QLabel)
        self._hands.wait_until(
            lambda: "Synced" in synced.accessibleName(), "the first sync to end", FIRST_BUILD_PATIENCE_S
        )
        self._hands.rest(0.5)
        self._stop("worklist", "worklist", lambda: f"{table.model().rowCount()} cases")

    def see_blocked_case(self, case_id: str) -> None:
        """A foreign patient's instance blocks the images of its case."""
        self.open_case(case_id)
        banner = self._hands.wait_for("banner", QWidget)
        text = self._hands.find("banner-text", QLabel)
        self._hands.key(self._window, Qt.Key.Key_F4)
        self._hands.rest(0.3)
        blocked = "blocked" if self._hands.look_for("page-reading", QWidget) is None else "NOT BLOCKED"
        if blocked != "blocked" or not banner.isVisible():
            self.log.carried_over.append("the images of a case with a foreign instance opened without an override")
        self._hands.rest(1.0)
        self._stop("foreign instance blocks the images", "images " + blocked, lambda: text.text())

    def see_case_without_consent(self, case_id: str) -> None:
        """Listed, and nothing of it was downloaded."""
        self.open_case(case_id)
        missing = self._hands.wait_for("case-missing", QWidget)
        words = " ".join(label.text() for label in missing.findChildren(QLabel) if label.isVisible())
        if isinstance(missing, QLabel):
            words = missing.text()
        self._stop("no release, nothing downloaded", "no images", lambda: words[:200])

    def visit(self, visit: Visit, first: bool) -> None:
        """The whole job on one case: read, look, measure, outline, answer, sign, deliver.

        A later visit shows besides what the first did not: the messages, the lock, the transfers.
        """
        self.prepare(visit, first=first)
        if not first:
            self._interludes.lock_and_come_back()
        self._sign()
        self._patients_before.add(self._hands.find("patient-strip-name", QLabel).text())
        if not first:
            self._interludes.see_transfers()

    def prepare(self, visit: Visit, *, first: bool = True) -> None:
        """All of a visit that comes before signing."""
        self._measured_mm = ""
        self.open_case(visit.case_id)
        self._read_records()
        if not first:
            self._interludes.read_messages()
        self.open_images(first=first)
        stack, slide = self.view_of(StackView), self.view_of(SlideView)
        if stack is not None:
            self._look_at_stack(stack, visit.aim)
            self._measure(stack, visit.aim)
        if slide is not None:
            self._look_at_slide(slide)
            self._outline(slide)
        elif stack is not None:
            self._outline(stack)
        self._undo_and_redo()
        self._answer(visit)

    # The job, piece by piece ---------------------------------------------------------------------------------------

    def open_case(self, case_id: str) -> None:
        """Find the case in the worklist by typing, and open it by Enter."""
        self._hands.key(self._window, Qt.Key.Key_F2)
        table = self._hands.wait_for("worklist-table", QTableView)
        search = self._hands.find("worklist-search", QLineEdit)
        self._hands.overwrite(search, case_id)
        self._hands.wait_until(lambda: table.model().rowCount() == 1, f"one case for {case_id!r}")
        self._stop("search as you type", "worklist", lambda: search.text())
        self._hands.key(search, Qt.Key.Key_Return)
        if self._hands.look_for("page-case", QWidget) is None:
            self._hands.key(table, Qt.Key.Key_Return)
        self._hands.wait_for("page-case", QWidget)
        question = self._hands.wait_for("case-question", QWidget)
        self._hands.wait_until(lambda: bool(_words(question)), "the clinical question")

    def _read_records(self) -> None:
        records = self._hands.wait_for("case-records", QListWidget)
        self._hands.wait_until(lambda: records.count() > 0, "the records")
        reports = [row for row in range(records.count()) if "report" in records.item(row).text().lower()]
        if reports:
            self._hands.click(records.viewport(), QPointF(records.visualItemRect(records.item(reports[0])).center()))
            pages = self._hands.find("document-page", QLabel)
            self._hands.wait_until(lambda: "1 of" in pages.text(), "the report's first page")
            self._hands.rest(1.0)
        question = self._hands.find("case-question", QWidget)
        self._stop("question and first report", "document", lambda: _words(question)[:200])

    def open_images(self, *, first: bool) -> None:
        """F4, until an image hangs."""
        self._hands.key(self._window, Qt.Key.Key_F4)
        self._hands.wait_for("page-reading", QWidget)
        self._hands.wait_until(
            lambda: self.view_of(StackView) is not None or self.view_of(SlideView) is not None, "an image"
        )
        self._hands.wait_until(lambda: not self._still_opening(), "every image that hangs")
        self._hands.rest(1.0)
        marks = self._hands.look_for("marks-list", QTreeWidget)
        if not first:
            if marks is not None and marks.topLevelItemCount():
                self.log.carried_over.append("marks of another case in the list")
            undo = self._hands.find("mark-undo", QAbstractButton)
            if undo.isEnabled():
                self.log.carried_over.append("an undo step of another case")
            stack = self.view_of(StackView)
            if stack is not None and self._window_before in stack.corner_text().bottom_left:
                self.log.carried_over.append("the window of another case")
        self._stop(
            "images hang by themselves", self._shown(), lambda: f"{marks.topLevelItemCount() if marks else 0} marks"
        )

    def _look_at_stack(self, stack: StackView, aim: Aim | None) -> None:
        self._hands.click(stack, QPointF(40, stack.height() - 40))
        target = self._frame_of(stack, aim)
        for _ in range(2000):
            if stack.frame_index == target:
                break
            # Toward the wanted image by the wheel, whichever way it turns the pages.
            before = stack.frame_index
            self._hands.wheel(stack, QPointF(stack.width() / 2, stack.height() / 2), -1 if target > before else 1)
            if stack.frame_index == before:
                raise TourStopped(f"the wheel does not leave image {before + 1}")
        self._hands.wait_until(lambda: stack.frame_index == target, "the wanted image")
        self._hands.rest(0.5)
        self._stop("scrolled by the wheel", self._shown(), lambda: _corner(stack))
        self._hands.key(stack, Qt.Key.Key_2)
        self._hands.rest(0.3)
        self._stop("window preset by key", self._shown(), lambda: _corner(stack))
        centre = QPointF(stack.width() / 2, stack.height() / 2)
        self._hands.drag(stack, centre, centre + QPointF(30, 20), Qt.MouseButton.RightButton)
        self._window_before = stack.corner_text().bottom_left[-1]
        self._stop("window by drag", self._shown(), lambda: _corner(stack))

    def _measure(self, stack: StackView, aim: Aim | None) -> None:
        start, end = self._ends(stack, aim)
        self._hands.key(stack, Qt.Key.Key_L)
        self._hands.drag(stack, start, end)
        marks = self._hands.wait_for("marks-list", QTreeWidget)
        self._hands.wait_until(lambda: marks.topLevelItemCount() > 0, "the length in the list of marks")
        self._hands.key(stack, Qt.Key.Key_Escape)
        self._hands.rest(0.4)
        self._measured_mm = _mark_words(marks).split()[1]
        self._stop("length measured", self._shown(), lambda: _mark_words(marks))

    def _look_at_slide(self, slide: SlideView) -> None:
        centre = QPointF(slide.width() / 2, slide.height() / 2)
        self._hands.click(slide, centre)
        self._hands.wait_until(lambda: bool(slide.is_sharp), "the whole slide, sharp")
        self._stop("whole slide, fitted", self._shown(), lambda: _corner(slide))
        self._hands.wheel(slide, centre, 6)
        self._hands.rest(1.5)
        self._hands.drag(slide, centre, centre + QPointF(-120, -60))
        self._hands.wait_until(lambda: bool(slide.is_sharp), "the field to be sharp")
        self._stop("zoomed to the cursor and panned", self._shown(), lambda: _corner(slide))

    def _outline(self, view: StackView | SlideView) -> None:
        marks = self._hands.look_for("marks-list", QTreeWidget)
        before = marks.topLevelItemCount() if marks is not None else 0
        self._hands.key(view, Qt.Key.Key_P)
        cx, cy = view.width() / 2, view.height() / 2
        corners = [(-70, -50), (10, -75), (75, -20), (60, 55), (-20, 70), (-80, 25)]
        for dx, dy in corners:
            self._hands.click(view, QPointF(cx + dx, cy + dy))
            self._hands.rest(0.05)
        self._hands.key(view, Qt.Key.Key_Return)
        marks = self._hands.wait_for("marks-list", QTreeWidget)
        self._hands.wait_until(lambda: marks.topLevelItemCount() == before + 1, "the outline in the list of marks")
        self._hands.key(view, Qt.Key.Key_Escape)
        self._hands.rest(0.4)
        self._stop("region outlined", self._shown(), lambda: _mark_words(marks))

    def _undo_and_redo(self) -> None:
        marks = self._hands.find("marks-list", QTreeWidget)
        count = marks.topLevelItemCount()
        self._hands.key(self._window, Qt.Key.Key_Z, Qt.KeyboardModifier.ControlModifier)
        self._hands.wait_until(lambda: self._mark_count() == count - 1, "undo to take the last mark away")
        both = Qt.KeyboardModifier.ControlModifier | Qt.KeyboardModifier.ShiftModifier
        self._hands.key(self._window, Qt.Key.Key_Z, both)
        self._hands.wait_until(lambda: self._mark_count() == count, "redo to bring it back")

    def _answer(self, visit: Visit) -> None:
        self._hands.key(self._window, Qt.Key.Key_F6)
        self._hands.wait_for("page-opinion", QWidget)
        self._hands.wait_for("opinion-form", QWidget)
        self._hands.wait_for("item:find.text", QPlainTextEdit)
        self._stop("the form, question filled in", "opinion form", lambda: self._text("item:q.asked")[:200])
        row = 0
        while self._hands.look_for(f"item:q.answer.text[{row}]", QPlainTextEdit) is not None:
            self._type(f"item:q.answer.text[{row}]", visit.answer)
            self._choose(f"choice:q.answer.status[{row}]=yes")
            row += 1
        self._list_materials()
        self._choose("choice:mat.adequacy=adequate")
        self._choose("choice:mat.reread=imaging")
        self._type("item:find.text", visit.findings)
        self._refer("find.keyimages")
        self._stop("findings, with a mark referred to", "opinion form", lambda: self._text("item:find.text")[:200])
        self._type("item:dx0.text", "As stated in the first report.")
        self._choose("choice:opinion.agreement=refined")
        self._hands.wait_for("item:opinion.dx", QPlainTextEdit)
        self._type("item:opinion.dx", visit.answer)
        self._choose("choice:opinion.confidence=high")
        self._choose("choice:opinion.significance=minor")
        self._stop(
            "opinion: refined opens what must follow", "opinion form", lambda: self._text("item:opinion.dx")[:200]
        )
        self._choose("choice:rec.treatment.change=same")
        self._choose("choice:crit.flag=false")
        self._type("item:lim", "Read on the images that were sent.")
        if self._measured_mm:
            self._take_measurement()
        self._type("item:time.min", "18")
        self._hands.rest(0.5)
        self._stop("measurements and their sum", "opinion form", lambda: self._text("item:sum") or "nothing measured")

    def _take_measurement(self) -> None:
        if self._hands.look_for("item:meas.label[0]", QLineEdit) is None:
            self._hands.click(self._hands.find("add:meas", QAbstractButton))
        self._hands.wait_for("item:meas.label[0]", QLineEdit)
        self._type("item:meas.label[0]", "Target")
        self._type("item:meas.long[0]", self._measured_mm)

    def open_signing(self) -> QWidget:
        """The signing dialog, with the report's pages in it."""
        self._hands.click(self._hands.wait_for("opinion-sign", QAbstractButton))
        dialog = self._hands.wait_for("signing-dialog", QWidget)
        preview = self._hands.wait_for("signing-preview", QWidget)
        self._hands.wait_until(lambda: "Drawing" not in _words(preview), "the pages of the report")
        self._hands.rest(0.5)
        return dialog

    def confirm_signing(self) -> None:
        """Press the button that signs."""
        confirm = self._hands.find("signing-confirm", QAbstractButton)
        self._hands.wait_until(confirm.isEnabled, "the sign button")
        self._hands.click(confirm)

    def _sign(self) -> None:
        dialog = self.open_signing()
        self._try_to_sign("000000")
        message = self._hands.find("signing-message", QLabel)
        passphrase = self._hands.find("signing-passphrase", QLineEdit)
        self._hands.wait_until(lambda: passphrase.isEnabled() and bool(message.text()), "the refusal of a wrong PIN")
        self._stop("a wrong PIN signs nothing", "report preview", message.text, dialog)
        self._try_to_sign(self._pin)
        self._hands.wait_until(
            lambda: self._hands.look_for("signing-dialog", QWidget) is None, "the dialog to close after signing"
        )
        receipt = self._hands.wait_for("receipt-text", QLabel)
        self._hands.wait_until(lambda: "DiagnosticReport" in receipt.text(), "the hospital's receipt")
        self._hands.rest(0.5)
        self._stop("signed, delivered, receipt", "receipt", receipt.text)

    # Hands and eyes for this program -------------------------------------------------------------------------------

    def _try_to_sign(self, pin: str) -> None:
        for name, text in (("signing-passphrase", self._passphrase), ("signing-pin", pin)):
            self._hands.overwrite(self._hands.find(name, QLineEdit), text)
        self.confirm_signing()

    def _type(self, name: str, text: str) -> None:
        self._hands.overwrite(self._hands.wait_for(name, QWidget), text)

    def _choose(self, name: str) -> None:
        self._hands.click(self._hands.wait_for(name, QAbstractButton))

    def _list_materials(self) -> None:
        """Every record that the form offers as reviewed."""
        for box in self._offered("mat.list"):
            self._hands.click(box)

    def _refer(self, link_id: str) -> None:
        """Tick the first of the offered references."""
        self._hands.click(self._offered(link_id)[0])

    def _offered(self, link_id: str) -> list[QAbstractButton]:
        """The boxes of a ticked list, once there are any."""
        area = self._hands.wait_for(f"item:{link_id}", QWidget)
        self._hands.wait_until(lambda: bool(area.findChildren(QAbstractButton)), f"{link_id} to offer something")
        return [box for box in area.findChildren(QAbstractButton) if box.isVisible()]

    def view_of(self, kind: type[Any]) -> Any:
        """The first viewport's view of that kind; None where there is none."""
        for index in range(4):
            view = self._hands.look_for(f"viewport-{index}-view", kind)
            if view is not None:
                return view
        return None

    def _frame_of(self, stack: StackView, aim: Aim | None) -> int:
        series = stack.series
        if series is None:
            raise TourStopped("the viewport holds no series")
        if aim is None:
            return len(series.frames) // 2
        distances = [
            abs(_offset_mm(frame.geometry, aim.centre)) if frame.geometry is not None else 1e9
            for frame in series.frames
        ]
        return distances.index(min(distances))

    def _ends(self, stack: StackView, aim: Aim | None) -> tuple[QPointF, QPointF]:
        series = stack.series
        to_view = stack.image_to_view()
        if aim is None or series is None:
            centre = QPointF(stack.width() / 2, stack.height() / 2)
            return centre - QPointF(45, 10), centre + QPointF(45, 10)
        geometry = series.frames[stack.frame_index].geometry
        if geometry is None:
            raise TourStopped("the image has no place in the patient")
        middle = geometry.to_pixel(aim.centre)
        half = aim.diameter_mm / 2 / geometry.column_spacing_mm
        return (
            to_view.map(QPointF(middle.column - half, middle.row)),
            to_view.map(QPointF(middle.column + half, middle.row)),
        )

    def _still_opening(self) -> bool:
        views = [self._hands.look_for(f"viewport-{index}-view", ImageView) for index in range(4)]
        return any(isinstance(view, EmptyView) and view.empty_text.startswith("Opening") for view in views)

    def _mark_count(self) -> int:
        marks = self._hands.look_for("marks-list", QTreeWidget)
        return marks.topLevelItemCount() if marks is not None else 0

    def _shown(self) -> str:
        titles = []
        for kind in (StackView, SlideView):
            view = self.view_of(kind)
            if view is not None:
                titles.append(" ".join(view.corner_text().top_left))
        return " | ".join(titles)

    def _text(self, name: str) -> str:
        widget = self._hands.wait_for(name, QWidget)
        if isinstance(widget, QPlainTextEdit):
            return widget.toPlainText()
        return widget.text() if isinstance(widget, QLabel | QLineEdit) else _words(widget)

    def _stop(self, step: str, image: str, value: Callable[[], str], window: QWidget | None = None) -> None:
        if image not in LISTS:
            self._see_nobody_else(step)
        if step in SHOWN_ONCE and any(stop.step == step for stop in self.log.stops):
            return
        number = len(self.log.stops) + 1
        name = f"{number:02d}-{''.join(c if c.isalnum() else '-' for c in step).strip('-').replace('--', '-')}.png"
        self._hands.photograph(window or self._window, self._directory / name)
        patient = self._hands.look_for("patient-strip-name", QLabel)
        facts = {"patient": patient.text() if patient is not None else "nobody", "image": image, "value": value()}
        self.log.stops.append(Stop(number, step, round(time.monotonic() - self._began, 2), name, facts))

    def _see_nobody_else(self, step: str) -> None:
        """Nobody whose case was read before may be named anywhere on the screen."""
        seen = self._hands.texts()
        for name in self._patients_before:
            if any(name in text for text in seen):
                self.log.carried_over.append(f"the name of an earlier patient at the stop “{step}”")


def _words(widget: QWidget) -> str:
    if isinstance(widget, QLabel):
        return widget.text()
    return " ".join(label.text() for label in widget.findChildren(QLabel)).strip()


def _corner(view: StackView | SlideView) -> str:
    text = view.corner_text()
    return " · ".join((*text.bottom_left, *text.bottom_right))


def _mark_words(marks: QTreeWidget) -> str:
    last = marks.topLevelItem(marks.topLevelItemCount() - 1)
    return "" if last is None else " ".join(last.text(column) for column in range(3))


def _offset_mm(geometry: Any, point: PatientPoint) -> float:
    normal, position = geometry.normal, geometry.position
    return float(sum(n * (p - q) for n, p, q in zip(normal, point, position, strict=True)))
