"""FHIR R4 Bundles posted to the base: a transaction (all or nothing, durable when answered), a batch of GETs."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qsl

from sync.demo_hospital.interactions import Interactions, new_id
from sync.demo_hospital.refusals import Refusal, invalid
from sync.demo_hospital.state import HospitalState, StoredResource

Json = dict[str, Any]
AnswerGet = Callable[[str], Json]
"""Answers ``Type/id``, ``Type/id/_history/n`` or ``Type?..`` relative to the base; raises `Refusal`."""

_REWRITTEN_KEYS = {"reference", "url", "valueUri", "valueUrl", "valueUuid", "valueCanonical", "uri"}
"""Elements of type Reference, uri, url, uuid (FHIR R4 http 3.1.0.11.2): identifiers' values are not among them."""


@dataclass(slots=True)
class _Entry:
    """One entry of a transaction on its way: what is asked, and what came of it."""

    index: int
    method: str
    url: str
    full_url: str
    resource: Json
    request: Json
    resource_id: str = ""
    existing: StoredResource | None = None
    stored: StoredResource | None = None

    @property
    def kind(self) -> str:
        return self.url.split("?")[0].split("/")[0]

    @property
    def expression(self) -> str:
        return f"Bundle.entry[{self.index}]"


def run_transaction(
    bundle: Json,
    state: HospitalState,
    interactions: Interactions,
    answer_get: AnswerGet,
    own_base: str,
    *,
    is_guarded: bool = True,
) -> Json:
    """Carry out every entry or none (FHIR R4 http 3.1.0.11.2): the first refusal undoes all and is raised.

    *is_guarded* False: ifMatch is ignored.
    """
    entries = [_to_entry(index, raw) for index, raw in enumerate(bundle.get("entry", []))]
    changed = [f"{e.kind}/{e.resource_id}" for e in entries if e.method == "PUT"]
    if len(set(changed)) != len(changed):
        raise invalid("two entries change the same resource", "Bundle.entry")
    with state.transaction():
        for entry in entries:
            with _blamed_on(entry):
                _identify(entry, interactions, own_base)
        addresses = {e.full_url: f"{e.kind}/{e.resource_id}" for e in entries if e.full_url and e.resource_id}
        # The order of FHIR: creations before changes, so that a change may refer to what is created
        for method in ("POST", "PUT"):
            for entry in entries:
                if entry.method == method and entry.existing is None:
                    with _blamed_on(entry):
                        _write(entry, addresses, interactions, state, is_guarded=is_guarded)
        for entry in entries:
            if entry.method == "POST" and entry.stored is not None:
                with _blamed_on(entry):
                    interactions.check_references(entry.stored.json)
        found = {e.index: answer_get(e.url) for e in entries if e.method == "GET"}
    answers = [
        {"resource": found[e.index], "response": {"status": "200 OK"}} if e.method == "GET" else _answer(e)
        for e in entries
    ]
    return {"resourceType": "Bundle", "id": new_id(), "type": "transaction-response", "entry": answers}


def run_batch(bundle: Json, answer_get: AnswerGet) -> Json:
    """Answer each GET on its own; an entry that fails or is no GET says so in its own place."""
    answers: list[Json] = []
    for index, raw in enumerate(bundle.get("entry", [])):
        entry = _to_entry(index, raw)
        try:
            if entry.method != "GET":
                raise Refusal(405, "not-supported", "A batch here only reads; what is written goes in a transaction.")
            answers.append({"resource": answer_get(entry.url), "response": {"status": "200 OK"}})
        except Refusal as refusal:
            outcome = refusal.to_operation_outcome()
            answers.append({"response": {"status": str(refusal.http_status), "outcome": outcome}})
    return {"resourceType": "Bundle", "id": new_id(), "type": "batch-response", "entry": answers}


def _to_entry(index: int, raw: Any) -> _Entry:
    request = raw.get("request") if isinstance(raw, dict) else None
    if not isinstance(request, dict) or not request.get("url") or not request.get("method"):
        raise invalid("an entry says no method and url", f"Bundle.entry[{index}].request")
    return _Entry(
        index, str(request["method"]), str(request["url"]), str(raw.get("fullUrl", "")),
        raw.get("resource") or {}, request,
    )  # fmt: skip


def _identify(entry: _Entry, interactions: Interactions, own_base: str) -> None:
    """Find or choose the id that other entries will refer to, before any of them is written."""
    if entry.method == "POST":
        interactions.check_create(entry.kind, entry.resource)
        condition = entry.request.get("ifNoneExist")
        if condition:
            query = parse_qsl(str(condition).partition("?")[2] or str(condition), keep_blank_values=True)
            entry.existing = interactions.find_existing(entry.kind, query, own_base)
        entry.resource_id = entry.existing.id if entry.existing else new_id()
    elif entry.method == "PUT":
        kind, _, resource_id = entry.url.partition("/")
        if "?" in entry.url or not kind or not resource_id:
            raise invalid("a change names its resource as Type/id", f"{entry.expression}.request.url")
        entry.resource_id = resource_id
    elif entry.method != "GET":
        raise Refusal(405, "not-supported", f"{entry.method} is not supported in a transaction here.")


def _write(
    entry: _Entry, addresses: dict[str, str], interactions: Interactions, state: HospitalState, *, is_guarded: bool
) -> None:
    resource = _rewritten(entry.resource, addresses)
    if entry.method == "POST":
        # What it refers to may be a later entry; references are checked when all are written
        entry.stored = state.put_resource({**resource, "id": entry.resource_id})
        return
    if_match = entry.request.get("ifMatch")
    condition = str(if_match) if if_match else None
    entry.stored = interactions.update(entry.kind, entry.resource_id, resource, condition, is_guarded=is_guarded)


@contextmanager
def _blamed_on(entry: _Entry) -> Iterator[None]:
    """A refusal raised inside names the entry."""
    try:
        yield
    except Refusal as refusal:
        place = f"{entry.expression}.{refusal.expression}" if refusal.expression else entry.expression
        raise Refusal(refusal.http_status, refusal.code, str(refusal), place) from refusal


def _rewritten(value: Any, addresses: dict[str, str], key: str = "") -> Any:
    """A copy in which references and URLs to other entries are the addresses those entries got."""
    if isinstance(value, dict):
        return {name: _rewritten(item, addresses, name) for name, item in value.items()}
    if isinstance(value, list):
        return [_rewritten(item, addresses, key) for item in value]
    if isinstance(value, str) and key in _REWRITTEN_KEYS:
        return addresses.get(value, value)
    return value


def _answer(entry: _Entry) -> Json:
    stored = entry.stored or entry.existing
    assert stored is not None
    created = entry.method == "POST" and entry.existing is None
    response: Json = {
        "status": "201 Created" if created else "200 OK",
        "location": f"{stored.reference}/_history/{stored.version}",
        "etag": f'W/"{stored.version}"',
        "lastModified": stored.last_updated,
    }
    return {"response": response} if stored.type == "Binary" else {"resource": stored.json, "response": response}
