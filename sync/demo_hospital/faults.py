"""What the demo hospital can do wrong on purpose, and when: ``NAME[=VALUE][:WHERE][@N]``, several joined by commas.

Requests are counted by what they are (`request_places`). Without ``@`` a fault strikes every request of its place;
``@N`` strikes the N-th of them only, counted from 1 since the fault was set; ``@N-`` the N-th and all later ones;
``@N-M`` the N-th to the M-th. A fault of kind EVENT happens once, just before its request is answered. One of kind
LACKING is a trait of the whole hospital and takes neither ``:WHERE`` nor ``@``.
"""

from __future__ import annotations

import re
import threading
from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum
from typing import Any

from sync.demo_hospital.request_places import PLACES, request_places
from sync.errors import SyncError

Struck = Mapping[str, str]
"""The faults that strike one request: name to value, ``""`` where none was given."""

SECONDS, BYTES, CASE = "SECONDS", "BYTES", "CASE"


class FaultKind(Enum):
    """Who carries a fault out."""

    LINE = "the connection"
    ANSWER = "another answer"
    CONTENT = "what is in the answer"
    LACKING = "what this hospital cannot do"
    EVENT = "what happens to a case"


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing that can go wrong."""

    name: str
    kind: FaultKind
    where: str
    """The place of `request_places` whose requests it strikes, unless another is said."""
    sentence: str
    value: str = ""
    """What ``=VALUE`` means: `SECONDS`, `BYTES`, `CASE`; empty where the fault takes none."""


class FaultsNotUnderstood(SyncError):
    """A specification of faults with a name, value or place that does not exist."""


def _answer(status: int, where: str, sentence: str, value: str = "") -> Fault:
    return Fault(
        f"answer-{status}", FaultKind.ANSWER, where, f"Answers {status} without doing anything: {sentence}.", value
    )


_LINE, _CONTENT, _LACKING, _EVENT = FaultKind.LINE, FaultKind.CONTENT, FaultKind.LACKING, FaultKind.EVENT

FAULTS: dict[str, Fault] = {
    fault.name: fault
    for fault in (
        Fault("offline", _LINE, "all", "Closes the connection without an answer; nothing is done."),
        Fault("silent", _LINE, "all", "Takes the request and never answers; nothing is done."),
        Fault("slow", _LINE, "all", "Answers SECONDS late (2), then sends 256 KiB a second.", SECONDS),
        Fault("cut-with-length", _LINE, "bytes", "Announces the whole length, sends BYTES (half) and hangs up.", BYTES),
        Fault("cut-without-length", _LINE, "bytes",
              "Announces no length, neither chunks, sends BYTES (half) and closes as if that were all.", BYTES),
        Fault("cut-chunked", _LINE, "bytes", "Sends chunks, BYTES (half) in all, hangs up before the last.", BYTES),
        Fault("stalled", _LINE, "bytes", "Sends BYTES (half) and then nothing more; the line stays open.", BYTES),
        Fault("lost-response-after-commit", _LINE, "write",
              "Carries the request out for good and hangs up instead of answering; a refusal is still answered."),
        _answer(400, "write", "the request is said to be malformed"),
        _answer(401, "all", "the access token is said to be no longer valid"),
        _answer(403, "all", "access is refused"),
        _answer(404, "read", "it is not known here"),
        _answer(409, "write", "somebody else is changing it"),
        _answer(410, "read", "it has been deleted"),
        _answer(412, "write", "a newer version is there"),
        _answer(422, "write", "a rule of the hospital is broken"),
        _answer(429, "all", "too many requests, with Retry-After: SECONDS (1)", SECONDS),
        _answer(500, "all", "a fault inside the hospital"),
        _answer(503, "all", "closed for maintenance, with Retry-After: SECONDS (1)", SECONDS),
        Fault("unknown-elements", _CONTENT, "fhir", "Puts elements and extensions nobody knows into every resource."),
        Fault("small-pages", _CONTENT, "search", "Puts two matches at most on a page."),
        Fault("next-link-to-another-host", _CONTENT, "search", "Points the next page to another host."),
        Fault("expired-page", _CONTENT, "page", "Has forgotten the search (410); small-pages makes sure there is one."),
        Fault("wrong-patient", _CONTENT, "instance", "Sends images with the name and number of another patient."),
        Fault("only-multipart", _CONTENT, "instance", "Refuses a single part (406); multipart/related is sent."),
        Fault("wrong-digest", _CONTENT, "bytes", "Names in Repr-Digest the digest of other bytes."),
        Fault("damaged-bytes", _CONTENT, "bytes", "Sends one byte in the middle changed; length and digest are kept."),
        Fault("changed-etag", _CONTENT, "file", "Gives a file another ETag each time, and so always the whole of it."),
        Fault("stow-202", _CONTENT, "stow",
              "Of several objects refuses the last (272); stores a single one with a warning (45056). Answers 202."),
        Fault("stow-duplicate", _CONTENT, "stow", "Stores every object and says it was stored before (45070)."),
        Fault("stow-refused", _CONTENT, "stow", "Takes no object of this SOP class (290)."),
        Fault("no-transaction", _LACKING, "", "Knows no transactions; its CapabilityStatement says so."),
        Fault("no-conditional-create", _LACKING, "", "Answers 400 to If-None-Exist; its CapabilityStatement says so."),
        Fault("no-include", _LACKING, "", "Ignores _include; its CapabilityStatement lists none."),
        Fault("no-versioned-update", _LACKING, "",
              "Ignores If-Match: of two changes the later one wins; its CapabilityStatement says so."),
        Fault("reassigned", _EVENT, "fhir", "Gives the case to another specialist.", CASE),
        Fault("cancelled", _EVENT, "fhir", "Cancels the assignment.", CASE),
        Fault("consent-withdrawn", _EVENT, "fhir", "The patient withdraws the release of the records.", CASE),
        Fault("release-ends", _EVENT, "fhir", "The patient's release runs out by its own date, in a minute.", CASE),
        Fault("release-renewed", _EVENT, "fhir", "The patient's release holds for thirty days from now.", CASE),
        Fault("question-changed", _EVENT, "fhir", "The clinical question is another one.", CASE),
        Fault("records-changed", _EVENT, "fhir", "The last of the records is no longer in the manifest.", CASE),
        Fault("new-case", _EVENT, "fhir", "A further case without images is assigned.", CASE),
        Fault("due-changed", _EVENT, "fhir", "The opinion is due three days earlier.", CASE),
        Fault("records-arrived", _EVENT, "fhir", "What an on-hold case waited for is there; due in 14 days.", CASE),
        Fault("message", _EVENT, "fhir", "The coordination of the hospital writes to the reader.", CASE),
        Fault("already-answered", _EVENT, "fhir",
              "The same specialist's opinion arrives from another computer and completes the assignment.", CASE),
    )
}  # fmt: skip
"""By name. A CASE is a case number; without one it is the first open assignment in the order of numbers.

That of ``new-case`` is the number of the case to be; without one SO-2026-00199.
"""

_FORM = re.compile(
    r"(?P<name>[a-z0-9-]+)(=(?P<value>[^:@]+))?(:(?P<where>[a-z-]+))?(@(?P<first>\d+)(?P<on>-(?P<last>\d*))?)?"
)


@dataclass(slots=True)
class _Planned:
    """A fault that was set, and how many requests of its place have come since."""

    fault: Fault
    spec: str
    value: str
    where: str
    first: int
    last: int | None
    """None: no end."""
    met: int = 0

    def meets(self, places: frozenset[str]) -> bool:
        """Count a request of these places; whether the fault strikes it."""
        if self.fault.kind is FaultKind.LACKING:
            return True
        if self.where not in places:
            return False
        self.met += 1
        return self.first <= self.met and (self.last is None or self.met <= self.last)


class FaultScript:
    """The faults a running hospital has now. Thread-safe; may be changed while the hospital answers."""

    def __init__(self, spec: str = "") -> None:
        """Raises `FaultsNotUnderstood`."""
        self._lock = threading.Lock()
        self._planned: list[_Planned] = []
        self._struck: list[tuple[str, str]] = []
        self.add(spec)

    def add(self, spec: str) -> None:
        """Set further faults; counting starts now for them. Raises `FaultsNotUnderstood`."""
        planned = [_planned(text.strip()) for text in spec.split(",") if text.strip()]
        with self._lock:
            self._planned += planned

    def clear(self) -> None:
        """No faults any more; what has struck stays on record."""
        with self._lock:
            self._planned.clear()

    def replace(self, spec: str) -> None:
        """Set these faults instead of those that are set. Raises `FaultsNotUnderstood` and then changes nothing."""
        planned = [_planned(text.strip()) for text in spec.split(",") if text.strip()]
        with self._lock:
            self._planned = planned

    @property
    def spec(self) -> str:
        with self._lock:
            return ",".join(one.spec for one in self._planned)

    @property
    def struck(self) -> tuple[tuple[str, str], ...]:
        """What has struck so far, in order: the fault as specified, and the request, e.g. ``PUT /fhir/Task/1``."""
        with self._lock:
            return tuple(self._struck)

    def meet(self, method: str, path: str) -> Struck:
        """Count this request and say which faults strike it, in the order they were set."""
        places = request_places(method, path)
        struck: dict[str, str] = {}
        with self._lock:
            for planned in self._planned:
                if not planned.meets(places):
                    continue
                struck.setdefault(planned.fault.name, planned.value)
                if planned.fault.kind is not FaultKind.LACKING:
                    self._struck.append((planned.spec, f"{method} {path}"))
                if planned.fault.kind is FaultKind.EVENT:
                    planned.last = 0
        return struck


def struck_by(scope: Mapping[str, Any]) -> Struck:
    """The faults that strike the request of this ASGI scope."""
    found: Struck = scope.get("faults") or {}
    return found


def describe_faults() -> str:
    """Every fault with its sentence, for ``--faults help``."""
    width = max(len(_signature(fault)) for fault in FAULTS.values())
    lines = [
        "NAME[=VALUE][:WHERE][@N],…  @N: the Nth such request only; @N-: from the Nth on; @N-M; without @: every one.",
        "An event happens once, before its request is answered. CASE is a case number, without it the first open one.",
    ]
    for kind in FaultKind:
        lines += ["", f"{kind.value.capitalize()}:"]
        for fault in FAULTS.values():
            if fault.kind is kind:
                where = f" [{fault.where}]" if fault.where else ""
                lines.append(f"  {_signature(fault):<{width}}  {fault.sentence}{where}")
    lines += ["", "WHERE, instead of the place in brackets:"]
    lines += [f"  {name:<{width}}  {meaning}" for name, meaning in PLACES.items()]
    return "\n".join(lines)


def _signature(fault: Fault) -> str:
    return f"{fault.name}[={fault.value}]" if fault.value else fault.name


def _planned(spec: str) -> _Planned:
    found = _FORM.fullmatch(spec)
    fault = FAULTS.get(found["name"]) if found else None
    if found is None or fault is None:
        raise FaultsNotUnderstood(f"{spec} is not a fault of the demo hospital; --faults help lists them.")
    value, where = found["value"] or "", found["where"] or fault.where
    if fault.kind is FaultKind.LACKING and (found["where"] or found["first"]):
        raise FaultsNotUnderstood(f"{fault.name} is a trait of the whole hospital and takes neither :WHERE nor @N.")
    if where and where not in PLACES:
        raise FaultsNotUnderstood(f"{where} is no kind of request; --faults help lists them.")
    if value and not fault.value:
        raise FaultsNotUnderstood(f"{fault.name} takes no value.")
    if value and fault.value in (SECONDS, BYTES) and not re.fullmatch(r"\d+(\.\d+)?", value):
        raise FaultsNotUnderstood(f"{fault.name}={value}: a number of {fault.value.lower()} is expected.")
    first = int(found["first"] or 1)
    if first < 1:
        raise FaultsNotUnderstood(f"{spec}: requests are counted from 1.")
    endless = fault.kind is FaultKind.LACKING or found["first"] is None or found["on"] == "-"
    last = None if endless else int(found["last"] or first)
    return _Planned(fault, spec, value, where, first, last)
