"""FHIRPath in opinion forms: initialExpression and calculatedExpression (SDC), evaluated safely.

The traps of fhirpathpy are met here: the R4 model is always passed, every call is caught and limited in time, and a
value that cannot be calculated says so. It is never 0.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Mapping
from decimal import Decimal
from functools import lru_cache
from pathlib import Path
from types import FrameType
from typing import Any

import antlr4
import fhirpathpy
from fhirpathpy import compile as compile_fhirpath
from fhirpathpy.models import models

from sync.errors import SyncError

Json = dict[str, Any]

LONGEST_EXPRESSION = 2000
_UNINTERRUPTIBLE = ("matches", "replaceMatches")
"""Regular expressions run in C, where no time limit reaches them."""


_INTERRUPTIBLE = tuple(str(Path(str(library.__file__)).parent) for library in (fhirpathpy, antlr4))


class NotCalculated(SyncError):
    """A form's expression gave no usable value; the sentence begins “could not be calculated”."""


def calculate(
    expression: str, response: Json, context: Mapping[str, Json], *, timeout_s: float = 0.5
) -> tuple[bool | int | float | str | Json, ...]:
    """The values of a FHIRPath expression over a QuestionnaireResponse; empty where nothing is found.

    *context* gives the launch resources by name, e.g. ``{"serviceRequest": {...}}`` for ``%serviceRequest``;
    ``%resource`` and ``%context`` are the response. Numbers come as plain JSON numbers, fit for RFC 8785.
    Raises NotCalculated.
    """
    if len(expression) > LONGEST_EXPRESSION:
        raise NotCalculated("could not be calculated: the form's expression is too long")
    if any(f"{name}(" in expression for name in _UNINTERRUPTIBLE):
        raise NotCalculated("could not be calculated: the form's expression uses regular expressions")
    variables = {**context, "resource": response, "context": response}
    try:
        with _Deadline(timeout_s):
            found = _compiled(expression)(response, variables)
    except _TimeIsUp:
        raise NotCalculated(f"could not be calculated within {timeout_s:g} s") from None
    except Exception as error:  # whatever the library raises, the form goes on
        raise NotCalculated(f"could not be calculated: {error}") from error
    return tuple(_plain(value) for value in found)


@lru_cache(maxsize=256)
def _compiled(expression: str) -> Callable[[Json, Mapping[str, Json]], list[Any]]:
    """Parsed once: parsing costs a hundred evaluations. Without the model ``answer.value`` silently finds nothing."""
    parsed: Callable[[Json, Mapping[str, Json]], list[Any]] = compile_fhirpath(expression, models["r4"])
    return parsed


def _plain(value: Any) -> bool | int | float | str | Json:
    if isinstance(value, Decimal):
        # Sums of decimals are exact here; float() is only their nearest JSON number.
        return int(value) if value == value.to_integral_value() and abs(value) < 2**53 else float(value)
    if isinstance(value, bool | int | float | str | dict):
        return value
    return str(value)


class _TimeIsUp(Exception):
    pass


class _Deadline:
    """Stops the libraries' Python code in this thread once it has used its time, by raising from the call hook.

    Only where one of their functions is being called: the hook also sees whatever the garbage collector happens to end
    meanwhile (finalizers, callbacks of weak references, windows), where an exception is lost, or worse. The time is the
    thread's own: a computer that sleeps or is busy elsewhere uses none of it.
    """

    def __init__(self, timeout_s: float) -> None:
        self._ends_at_s = time.thread_time() + timeout_s

    def __enter__(self) -> None:
        self._before = sys.getprofile()
        sys.setprofile(self._look_at_the_clock)

    def __exit__(self, *_exception: object) -> None:
        sys.setprofile(self._before)

    def _look_at_the_clock(self, frame: FrameType, event: str, _argument: object) -> None:
        is_theirs = event == "call" and frame.f_code.co_filename.startswith(_INTERRUPTIBLE)
        if is_theirs and time.thread_time() > self._ends_at_s:
            raise _TimeIsUp
