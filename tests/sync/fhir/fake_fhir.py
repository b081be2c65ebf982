"""A hand-written FHIR gateway in memory. It passes the same behaviour suite as the real one, and makes faults easy."""

from __future__ import annotations

import base64
import copy
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from typing import Any
from urllib.parse import parse_qs

from sync.errors import Refused, Superseded
from sync.fhir.capability import Capability
from sync.fhir.fhir_gateway import Created, SearchPage

Json = dict[str, Any]


class FakeFhirGateway:
    """`FhirGateway` over a dictionary: versions, If-Match, searches by _id, owner, patient, url; transactions."""

    def __init__(self) -> None:
        self.held: dict[str, list[Json]] = {}
        self._next_id = 0

    def put(self, resource: Json) -> Json:
        """The hospital's own write."""
        reference = f"{resource['resourceType']}/{resource['id']}"
        versions = self.held.setdefault(reference, [])
        meta = {"versionId": str(len(versions) + 1), "lastUpdated": self.clock().isoformat()}
        versions.append({**copy.deepcopy(resource), "meta": meta})
        return copy.deepcopy(versions[-1])

    def search(self, url: str) -> Iterator[SearchPage]:
        kind, _, query = url.partition("?")
        asked = parse_qs(query)
        ids = asked.get("_id", [""])[0].split(",")
        found = [
            versions[-1]
            for reference, versions in self.held.items()
            if reference.startswith(f"{kind}/")
            and (ids == [""] or reference.partition("/")[2] in ids)
            and ("owner" not in asked or versions[-1]["owner"]["reference"] == asked["owner"][0])
            and ("patient" not in asked or versions[-1]["patient"]["reference"] == asked["patient"][0])
            and ("url" not in asked or versions[-1]["url"] == asked["url"][0])
        ]
        count = int(asked.get("_count", ["50"])[0])
        pages = [found[i : i + count] for i in range(0, len(found), count)] or [[]]
        for number, page in enumerate(pages):
            entries = [{"resource": copy.deepcopy(resource)} for resource in page]
            bundle = {"resourceType": "Bundle", "meta": {"lastUpdated": self.clock().isoformat()}, "entry": entries}
            yield SearchPage(bundle, f"page:{number + 1}" if number + 1 < len(pages) else None)

    def read(self, reference: str) -> Json:
        bare, _, version = reference.partition("/_history/")
        versions = self.held.get(bare, [])
        if not versions or (version and int(version) > len(versions)):
            raise Refused(f"{reference} is not here.", 404)
        return copy.deepcopy(versions[int(version) - 1 if version else -1])

    def read_many(self, references: Sequence[str]) -> dict[str, Json]:
        return {reference: self.read(reference) for reference in references if reference in self.held}

    def read_binary(self, url: str) -> bytes:
        return base64.b64decode(self.read(url)["data"])

    def update(self, resource: Json, version: str) -> Json:
        reference = f"{resource['resourceType']}/{resource['id']}"
        if self.read(reference)["meta"]["versionId"] != version:
            raise Superseded(f"{reference} has a newer version.")
        return self.put(resource)

    def create(self, resource: Json, if_none_exist: str = "") -> Created:
        kind = resource["resourceType"]
        if found := self._existing(kind, if_none_exist):
            return Created(found, existed=True)
        self._next_id += 1
        self.put({**resource, "id": str(self._next_id)})
        return Created(f"{kind}/{self._next_id}", existed=False)

    def transaction(self, bundle: Json) -> Json:
        before = copy.deepcopy(self.held)
        references: dict[str, str] = {}
        try:
            for entry in bundle["entry"]:
                kind = entry["resource"]["resourceType"]
                if entry["request"]["method"] == "PUT":
                    references[entry["fullUrl"]] = entry["request"]["url"]
                    continue
                found = self._existing(kind, entry["request"].get("ifNoneExist", ""))
                self._next_id += 1
                references[entry["fullUrl"]] = found or f"{kind}/{self._next_id}"
            for entry in bundle["entry"]:
                self._write(entry, references)
        except Exception:
            self.held = before
            raise
        return {"resourceType": "Bundle", "type": "transaction-response"}

    def capability(self) -> Capability:
        kinds = frozenset({"DiagnosticReport", "QuestionnaireResponse", "DocumentReference", "ChargeItem"})
        return Capability(transaction=True, versioned_update=True, identifier_search=kinds, conditional_create=kinds)

    def clock(self) -> datetime:
        return datetime.now(UTC)

    def _existing(self, kind: str, condition: str) -> str:
        system, _, value = condition.removeprefix("identifier=").partition("|")
        for reference, versions in self.held.items():
            identifiers = versions[-1].get("identifier", [])
            identifiers = identifiers if isinstance(identifiers, list) else [identifiers]
            if condition and reference.startswith(f"{kind}/") and {"system": system, "value": value} in identifiers:
                return reference
        return ""

    def _write(self, entry: Json, references: dict[str, str]) -> None:
        resource = _rewritten(entry["resource"], references)
        reference = references[entry["fullUrl"]]
        if entry["request"]["method"] == "PUT":
            self.update(resource, entry["request"]["ifMatch"].removeprefix('W/"').rstrip('"'))
        elif reference not in self.held:
            self.put({**resource, "id": reference.partition("/")[2]})


def _rewritten(value: Any, references: dict[str, str]) -> Any:
    if isinstance(value, dict):
        return {key: _rewritten(item, references) for key, item in value.items()}
    if isinstance(value, list):
        return [_rewritten(item, references) for item in value]
    return references.get(value, value) if isinstance(value, str) else value
