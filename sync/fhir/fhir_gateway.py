"""The FHIR R4 interactions that Reading Room uses, as a protocol, and its one implementation over HTTP.

What is asked for stands in `searches`; what the answers mean, in the mappings.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Protocol
from urllib.parse import urljoin

from sync.errors import DamagedTransfer, Refused, SignInNeeded
from sync.fhir.capability import Capability, capability_from_statement
from sync.fhir.elements import Json, child, children, reference_of, text
from sync.fhir.wrapped_binary import is_wrapped, unwrapped
from sync.hospital_connection import HospitalConnection, response_time
from sync.secure_lines import HttpAnswer

FHIR_JSON = "application/fhir+json; fhirVersion=4.0"
BATCHED_AT_ONCE = 50
_NOT_GIVEN = (403, 404, 410)
_NOT_GIVEN_WORDS = frozenset(str(status) for status in _NOT_GIVEN)


@dataclass(frozen=True, slots=True)
class SearchPage:
    """One page of a searchset. ``bundle.meta.lastUpdated`` is always there: the server's, else its HTTP Date."""

    bundle: Json
    next_url: str | None
    """Absolute address of the following page, where there is one."""


@dataclass(frozen=True, slots=True)
class Created:
    """Where a created resource is (``Type/id``). ``existed``: a conditional create found it there (200, not 201)."""

    reference: str
    existed: bool


class FhirGateway(Protocol):
    """All raise `Offline`, `HospitalBusy`, `Refused` (404, 410, 422, …), `SignInNeeded`, `Superseded` (409, 412)."""

    def search(self, url: str) -> Iterator[SearchPage]:
        """Pages of a search; ``url`` relative to the base, or a page's absolute address on the same origin."""

    def read(self, reference: str) -> Json:
        """One resource, current or ``Type/id/_history/n``; ``meta.versionId`` and ``lastUpdated`` filled in."""

    def read_many(self, references: Sequence[str]) -> dict[str, Json]:
        """Those of the resources that the hospital gives; absent what it does not (403, 404, 410)."""

    def read_binary(self, url: str) -> bytes:
        """The raw bytes of a Binary."""

    def update(self, resource: Json, version: str) -> Json:
        """FHIR R4 update with ``If-Match: W/"version"``; the resource as the server now holds it."""

    def create(self, resource: Json, if_none_exist: str = "") -> Created:
        """One FHIR R4 create; *if_none_exist* is the query of a conditional one (FHIR R4 http 3.1.0.8.1)."""

    def transaction(self, bundle: Json) -> Json:
        """The transaction-response. After a time-out or a broken line the outcome is unknown: probe, never repeat."""

    def capability(self) -> Capability:
        """What the server can do; asked once."""

    def clock(self) -> datetime:
        """The hospital's own time at its latest answer, aware. The local clock never decides about a case."""


class HttpFhirGateway:
    """`FhirGateway` over HTTP."""

    def __init__(self, connection: HospitalConnection) -> None:
        self._connection = connection
        self._base = connection.profile.fhir_base + "/"
        self._capability: Capability | None = None

    def search(self, url: str) -> Iterator[SearchPage]:
        following: str | None = urljoin(self._base, url)
        while following is not None:
            asked = following
            with self._connection.open("GET", asked, headers={"Accept": FHIR_JSON}) as response:
                bundle = self._connection.read_json(response)
                _fill_meta(bundle, response)
            # The same origin is required of every request by the connection; a foreign next link is refused there.
            following = _next_link(bundle, asked)
            yield SearchPage(bundle, following)

    def read(self, reference: str) -> Json:
        with self._connection.open("GET", urljoin(self._base, reference), headers={"Accept": FHIR_JSON}) as response:
            resource = self._connection.read_json(response)
            _fill_meta(resource, response)
        return resource

    def read_many(self, references: Sequence[str]) -> dict[str, Json]:
        found: dict[str, Json] = {}
        if len(references) > 1 and self.capability().batch:
            for start in range(0, len(references), BATCHED_AT_ONCE):
                found |= self._read_batch(references[start : start + BATCHED_AT_ONCE])
        for reference in references:
            if reference in found:
                continue
            try:
                found[reference] = self.read(reference)
            except Refused as error:
                if error.http_status not in _NOT_GIVEN:
                    raise
        return {reference: resource for reference, resource in found.items() if resource}

    def _read_batch(self, references: Sequence[str]) -> dict[str, Json]:
        """Answers by reference, empty where the hospital has none; what it left open is not in it."""
        entries = [{"request": {"method": "GET", "url": reference}} for reference in references]
        bundle = {"resourceType": "Bundle", "type": "batch", "entry": entries}
        try:
            answers = children(self.transaction(bundle), "entry")
        except Refused as error:
            if isinstance(error, SignInNeeded):
                raise
            return {}  # this server takes no batch after all: they are read one by one
        found: dict[str, Json] = {}
        for reference, answer in zip(references, answers, strict=False):
            resource = child(answer, "resource")
            status = text(child(answer, "response"), "status").partition(" ")[0]
            if reference_of(resource) == reference:
                found[reference] = resource
            elif status in _NOT_GIVEN_WORDS:
                found[reference] = {}
        return found

    def read_binary(self, url: str) -> bytes:
        # Any type but FHIR's own asks for the raw content (FHIR R4 2.37.5 Binary); some servers know only their own.
        with self._connection.open("GET", urljoin(self._base, url), headers={"Accept": "*/*"}) as response:
            body = self._connection.read_body(response)
        return unwrapped(body) if is_wrapped(response.headers.get("Content-Type", "")) else body

    def update(self, resource: Json, version: str) -> Json:
        headers = {**_writing_headers(), "If-Match": f'W/"{version}"'}
        url = urljoin(self._base, reference_of(resource))
        with self._connection.open("PUT", url, headers=headers, body=_to_bytes(resource)) as response:
            saved = self._connection.read_json(response)
            _fill_meta(saved, response)
        return saved

    def create(self, resource: Json, if_none_exist: str = "") -> Created:
        kind = str(resource["resourceType"])
        headers = _writing_headers()
        if if_none_exist:
            headers["If-None-Exist"] = if_none_exist
        url = urljoin(self._base, kind)
        with self._connection.open("POST", url, headers=headers, body=_to_bytes(resource)) as response:
            location = response.headers.get("Location", "") or response.headers.get("Content-Location", "")
            existed = response.status_code == 200
            path = location.partition("/_history/")[0].rstrip("/").split("/")
            if len(path) < 2 or path[-2] != kind:
                saved = self._connection.read_json(response)
                path = [kind, text(saved, "id")]
        if not path[-1]:
            raise DamagedTransfer(f"{self._connection.profile.hospital_name} does not say where it put a {kind}.")
        return Created(f"{kind}/{path[-1]}", existed)

    def transaction(self, bundle: Json) -> Json:
        url = self._base.rstrip("/")
        with self._connection.open("POST", url, headers=_writing_headers(), body=_to_bytes(bundle)) as response:
            return self._connection.read_json(response)

    def capability(self) -> Capability:
        if self._capability is None:
            self._capability = capability_from_statement(self.read("metadata"))
        return self._capability

    def clock(self) -> datetime:
        at = self._connection.latest_answer_at
        if at is None:
            self._capability = None
            self.capability()
            at = self._connection.latest_answer_at
        if at is None:
            raise DamagedTransfer(f"{self._connection.profile.hospital_name} does not tell its time.")
        return at


def _writing_headers() -> dict[str, str]:
    return {"Accept": FHIR_JSON, "Content-Type": FHIR_JSON, "Prefer": "return=representation"}


def _to_bytes(resource: Json) -> bytes:
    return json.dumps(resource, ensure_ascii=False, separators=(",", ":")).encode()


def _next_link(bundle: Json, asked: str) -> str | None:
    address = next((text(link, "url") for link in children(bundle, "link") if text(link, "relation") == "next"), "")
    return urljoin(asked, address) if address else None


def _fill_meta(resource: Json, response: HttpAnswer) -> None:
    """Version and time from the HTTP headers where the body has none (FHIR R4 3.1.0.1.3)."""
    meta = dict(child(resource, "meta"))
    if not text(meta, "versionId") and (etag := response.headers.get("ETag")):
        meta["versionId"] = etag.removeprefix("W/").strip('"')
    if not text(meta, "lastUpdated"):
        try:
            changed = parsedate_to_datetime(response.headers.get("Last-Modified", "")).replace(tzinfo=UTC)
        except ValueError:
            changed = None
        if at := changed or response_time(response):
            meta["lastUpdated"] = at.isoformat()
    if meta:
        resource["meta"] = meta
