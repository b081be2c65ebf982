"""Hang by example, on the page: what hangs becomes a rule, is tried, named and kept; kept rules go by a click."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from PySide6.QtWidgets import QWidget

from workstation.reading.case_reading import CaseReading
from workstation.reading.hanging.choosing import find_hanging
from workstation.reading.hanging.example import ShownPicture, rule_by_example
from workstation.reading.hanging.rule import HangingRule
from workstation.reading.hanging_dialog import HangingDialog
from workstation.reading.kept_hangings import KeptHangings

NOTHING_TO_KEEP = "There is nothing to keep: show images of this patient first, one in each viewport that is to count."
OTHERWISE = "By this rule this very case would hang with other images: no rule tells them apart."


class HangingDesk:
    """UI thread only."""

    def __init__(self, parent: QWidget, kept: KeptHangings, say: Callable[[str], None]) -> None:
        self._parent = parent
        self._kept = kept
        self._say = say
        self.dialog: HangingDialog | None = None
        """The one that is open, or was last."""

    def ask(self, reading: CaseReading, layout: str, shown: Sequence[ShownPicture | None]) -> bool:
        """Open the dialog for what hangs; False where no rule can come of it."""
        rule = rule_by_example(reading, layout, shown)
        if rule is None:
            return False
        hanging = find_hanging(rule, reading)
        keys = tuple(one.key for one in shown if one is not None)
        dialog = HangingDialog(rule, "" if hanging is not None and hanging.keys == keys else OTHERWISE, self._parent)
        self.dialog = dialog
        dialog.keep_requested.connect(self._keep)
        dialog.removal_requested.connect(self._remove)
        dialog.show_kept(reading.kept_rules)
        self._kept.try_on_past_cases(rule, lambda trials: self._if_open(dialog, lambda: dialog.show_trials(trials)))
        dialog.open()
        return True

    def close(self) -> None:
        """The case is closed: nothing of it stays open."""
        if self.dialog is not None:
            self.dialog.close()
            self.dialog.deleteLater()
            self.dialog = None

    def _keep(self, rule: HangingRule) -> None:
        words = f"Kept: cases that fit are hung by the rule “{rule.name}” from their next opening on."
        self._kept.keep(rule, lambda _rules: self._say(words))

    def _remove(self, name: str) -> None:
        dialog = self.dialog

        def removed(rules: tuple[HangingRule, ...]) -> None:
            self._say(f"The rule “{name}” is removed.")
            if dialog is not None:
                self._if_open(dialog, lambda: dialog.show_kept(rules))

        self._kept.remove(name, removed)

    def _if_open(self, dialog: HangingDialog, then: Callable[[], None]) -> None:
        if self.dialog is dialog:
            then()
