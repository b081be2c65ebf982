"""The reader's own hanging rules: kept in the encrypted store, tried on the cases of this computer before. No Qt."""

from __future__ import annotations

import json
import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from sync.errors import SyncError
from sync.records.case import CaseId
from sync.store.database import Store
from viewers.errors import ViewerError
from workstation.lanes import Lanes
from workstation.reading.case_reading import CaseReading
from workstation.reading.hanging.choosing import find_hanging
from workstation.reading.hanging.rule import HangingRule
from workstation.reading.hanging.rule_file import BadRule, rule_from_json, rule_to_json

log = logging.getLogger("reading.hanging")

SESSION_KEY = "hanging_rules"
MOST_CASES = 20
"""A rule is tried on the latest cases; more would keep the reader waiting for little."""


@dataclass(frozen=True, slots=True)
class Trial:
    """How a rule would hang one case: the titles of the images in reading order, empty where it does not fit."""

    case_id: CaseId
    titles: tuple[str, ...]


class KeptHangings:
    """Rules of one store, and so of one reader at one hospital; the one kept last is tried first."""

    def __init__(self, store: Store, lanes: Lanes, build: Callable[[CaseId], CaseReading]) -> None:
        """*build* makes a case's reading, from any thread."""
        self._store = store
        self._lanes = lanes
        self._build = build

    def list_rules(self) -> tuple[HangingRule, ...]:
        """From any thread. A rule that this version cannot read is left out, and logged."""
        try:
            texts = json.loads(self._store.session.find(SESSION_KEY) or "[]")
        except ValueError:
            log.warning("the kept hanging rules cannot be read")
            return ()
        rules = []
        for text in texts if isinstance(texts, list) else ():
            try:
                rules.append(rule_from_json(str(text)))
            except BadRule as error:
                log.warning("a kept hanging rule is left out: %s", error)
        return tuple(rules)

    def keep(self, rule: HangingRule, done: Callable[[tuple[HangingRule, ...]], None]) -> None:
        """First of all, in place of one with its name; *done* gets all there are now, on the UI thread."""
        self._write(lambda rules: (rule, *_without(rules, rule.name)), done)

    def remove(self, name: str, done: Callable[[tuple[HangingRule, ...]], None]) -> None:
        """That rule hangs nothing any more."""
        self._write(lambda rules: _without(rules, name), done)

    def try_on_past_cases(self, rule: HangingRule, done: Callable[[tuple[Trial, ...]], None]) -> None:
        """On the latest cases of this computer that have images and may be looked at; in the background."""
        self._lanes.cpu_lane(lambda: self._trials(rule), done)

    def _trials(self, rule: HangingRule) -> tuple[Trial, ...]:
        trials: list[Trial] = []
        for case in self._store.cases.list_cases():
            if len(trials) == MOST_CASES:
                break
            try:
                reading = self._build(case.case_id)
            except (SyncError, ViewerError):
                continue  # withheld, or gone meanwhile: nothing of it is looked at
            if reading.items:
                hanging = find_hanging(rule, reading)
                found = [reading.find_item(key) for key in (() if hanging is None else hanging.keys)]
                trials.append(Trial(case.case_id, tuple(item.title for item in found if item is not None)))
        return tuple(trials)

    def _write(
        self,
        change: Callable[[Sequence[HangingRule]], tuple[HangingRule, ...]],
        done: Callable[[tuple[HangingRule, ...]], None],
    ) -> None:
        def work() -> tuple[HangingRule, ...]:
            rules = change(self.list_rules())
            self._store.session.put(SESSION_KEY, json.dumps([rule_to_json(rule) for rule in rules]))
            return rules

        self._lanes.store_lane(work, done)


def _without(rules: Sequence[HangingRule], name: str) -> tuple[HangingRule, ...]:
    return tuple(rule for rule in rules if rule.name != name)
