"""Prepares newly arrived images for their first look: their headers are parsed once, in the background."""

from __future__ import annotations

import logging
from collections.abc import Callable
from functools import partial

from sync.changes import Changes
from sync.records.case import CaseId
from workstation.lanes import Lanes

log = logging.getLogger("ui.images")


class ImageArrivals:
    """Collects which cases got files during a round. *prepare_case* works out what a first look needs."""

    def __init__(self, lanes: Lanes, prepare_case: Callable[[CaseId], object]) -> None:
        self._lanes = lanes
        self._prepare_case = prepare_case
        self._cases: set[CaseId] = set()

    def came(self, changes: Changes) -> None:
        """Some of a case's files are here."""
        self._cases |= changes.objects

    def prepare(self) -> None:
        """The round is over: each case once, however many files came."""
        cases, self._cases = self._cases, set()
        for case_id in cases:
            self._lanes.cpu_lane(partial(self._prepare_case, case_id), failed=_leave_to_first_look)


def _leave_to_first_look(error: Exception) -> None:
    """Nothing is lost: opening the case meets the same failure, and says it."""
    log.debug("images could not be prepared: %s", error)
