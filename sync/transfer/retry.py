"""Trying again after a passing failure, with growing pauses, never after a refusal."""

from __future__ import annotations

import random
import time
from collections.abc import Callable
from typing import TypeVar

from sync.errors import HospitalBusy, SyncError

Result = TypeVar("Result")
Cancelled = Callable[[], bool]

ATTEMPTS = 3
_FIRST_PAUSE_S = 0.25
_LONGEST_PAUSE_S = 10.0
_POLL_S = 0.05


class TransferCancelled(Exception):
    """The work was stopped on purpose; what was begun is forgotten."""


def check_cancelled(cancelled: Cancelled) -> None:
    if cancelled():
        raise TransferCancelled


def pause(seconds: float, cancelled: Cancelled) -> None:
    """Sleeps, and wakes at once when cancelled."""
    end = time.monotonic() + seconds
    while (left := end - time.monotonic()) > 0:
        check_cancelled(cancelled)
        time.sleep(min(_POLL_S, left))


def pause_before(attempt: int, error: SyncError) -> float:
    """Seconds before the given attempt (1 = the second): what the hospital asked for, else 2^n with jitter."""
    if isinstance(error, HospitalBusy) and error.retry_after_s is not None:
        return error.retry_after_s
    return float(_FIRST_PAUSE_S * 2**attempt) * random.uniform(0.5, 1.0)


def with_retries(work: Callable[[], Result], cancelled: Cancelled) -> Result:
    """Runs ``work`` up to three times while it fails in passing. A pause longer than ten seconds is left to the next
    sync round."""
    for attempt in range(1, ATTEMPTS + 1):
        check_cancelled(cancelled)
        try:
            return work()
        except SyncError as error:
            wait_s = pause_before(attempt, error)
            if not error.transient or attempt == ATTEMPTS or wait_s > _LONGEST_PAUSE_S:
                raise
        pause(wait_s, cancelled)
    raise AssertionError("unreachable")
