"""The FHIR R4 interactions on one resource: read, vread, history, create, update, with their conditions. No HTTP."""

from __future__ import annotations

import re
import secrets
from typing import Any

from sync.demo_hospital.fhir_parameters import instant_matches
from sync.demo_hospital.fhir_search import FhirSearch, Query
from sync.demo_hospital.refusals import Refusal, invalid, not_found
from sync.demo_hospital.state import HospitalState, StoredResource, now_text
from sync.demo_hospital.write_rules import (
    CREATED_BY_READERS,
    GUARDED_BY_VERSION,
    UPDATED_BY_READERS,
    check_document_change,
    check_kind,
    check_references,
    check_task_move,
)

Json = dict[str, Any]

_ENTITY_TAG = re.compile(r'(?:W/)?"(\d+)"')


class Interactions:
    """What a reader may do with one resource at a time.

    A write is durable when the call returns, or, where the caller holds `HospitalState.transaction`, when that ends.
    """

    def __init__(self, state: HospitalState, search: FhirSearch) -> None:
        self._state = state
        self._search = search

    def read(self, kind: str, resource_id: str, version: str | None = None) -> StoredResource:
        number = int(version) if version and version.isdigit() else None
        if version is not None and number is None:
            raise not_found(f"{kind}/{resource_id}/_history/{version}")
        found = self._state.find_resource(kind, resource_id, number)
        if found is None:
            raise not_found(f"{kind}/{resource_id}" + (f"/_history/{version}" if version else ""))
        return found

    def history(self, kind: str, resource_id: str, query: Query, own_base: str) -> Json:
        """Every version, newest first (FHIR R4 http 3.1.0.13); *query* may hold ``_since`` and ``_count``."""
        versions = self._state.list_versions(kind, resource_id)
        if not versions:
            raise not_found(f"{kind}/{resource_id}")
        total = len(versions)
        for name, value in query:
            if name == "_since":
                versions = [one for one in versions if instant_matches(one.last_updated, f"ge{value}")]
                total = len(versions)
            elif name == "_count" and value.isdigit():
                versions = versions[: int(value)]
            elif name != "_format":
                raise invalid(f"a history has no parameter {name} here", name)
        return {
            "resourceType": "Bundle",
            "id": new_id(),
            "meta": {"lastUpdated": now_text()},
            "type": "history",
            "total": total,
            "link": [{"relation": "self", "url": f"{own_base}/{kind}/{resource_id}/_history"}],
            "entry": [_history_entry(one, own_base) for one in versions],
        }

    def find_existing(self, kind: str, if_none_exist: Query, own_base: str) -> StoredResource | None:
        """The one resource a conditional create means (FHIR R4 http 3.1.0.8.1); 412 where there are several."""
        if not if_none_exist:
            raise invalid("If-None-Exist holds no search parameter")
        found = self._search.find_matches(kind, if_none_exist, own_base)
        if len(found) > 1:
            raise Refusal(412, "multiple-matches", f"{len(found)} {kind} already match If-None-Exist.")
        return found[0] if found else None

    def check_create(self, kind: str, resource: Json) -> None:
        check_kind(kind, resource, CREATED_BY_READERS, "create")

    def create(self, kind: str, resource: Json) -> StoredResource:
        self.check_create(kind, resource)
        self.check_references(resource)
        return self._state.put_resource({**resource, "id": new_id()})

    def update(
        self, kind: str, resource_id: str, resource: Json, if_match: str | None, *, is_guarded: bool = True
    ) -> StoredResource:
        """Store the next version, if it is based on the current one where that matters.

        *is_guarded* False: whatever it is based on.
        """
        check_kind(kind, resource, UPDATED_BY_READERS, "change")
        if resource.get("id") != resource_id:
            raise invalid(f"the body's id is {resource.get('id')}, the address says {resource_id}", f"{kind}.id")
        with self._state.transaction():
            current = self._state.find_resource(kind, resource_id)
            if current is None:
                raise Refusal(405, "not-supported", f"{kind}/{resource_id} is not there; readers do not choose ids.")
            if is_guarded:
                self.check_version(current, if_match)
            if kind == "Task":
                check_task_move(current.json, resource)
            if kind == "DocumentReference":
                check_document_change(current.json, resource)
            self.check_references(resource)
            return self._state.put_resource(resource)

    def check_version(self, current: StoredResource, if_match: str | None) -> None:
        """428 where If-Match is needed and missing, 412 where it names another version than the current one."""
        if not if_match:
            if current.type in GUARDED_BY_VERSION:
                sentence = f"A change of {current.reference} must say in If-Match which version it is based on."
                raise Refusal(428, "required", sentence)
            return
        tag = _ENTITY_TAG.fullmatch(if_match.strip())
        if tag is None:
            raise invalid(f"If-Match is {if_match}, not an entity tag")
        if int(tag.group(1)) != current.version:
            sentence = f"{current.reference} is at version {current.version}; the change is based on {tag.group(1)}."
            raise Refusal(412, "conflict", sentence)

    def check_references(self, resource: Json) -> None:
        check_references(resource, self._exists)

    def _exists(self, kind: str, resource_id: str, version: int | None) -> bool:
        return self._state.find_resource(kind, resource_id, version) is not None


def _history_entry(stored: StoredResource, own_base: str) -> Json:
    method, url = ("POST", stored.type) if stored.version == 1 else ("PUT", stored.reference)
    return {
        "fullUrl": f"{own_base}/{stored.reference}",
        "resource": stored.json,
        "request": {"method": method, "url": url},
        "response": {
            "status": "201 Created" if stored.version == 1 else "200 OK",
            "etag": f'W/"{stored.version}"',
            "lastModified": stored.last_updated,
        },
    }


def new_id() -> str:
    return secrets.token_hex(8)
