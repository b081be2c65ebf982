"""FHIR R4 searching: parameters checked, includes followed, answers cut into pages. Read only.

An unknown parameter is refused rather than ignored: a search that silently is not filtered shows a reader cases that
are not theirs.
"""

from __future__ import annotations

import secrets
import threading
import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from sync.demo_hospital.fhir_parameters import PARAMETERS, find_references, instant_matches, matches
from sync.demo_hospital.reference_index import ReferenceIndex
from sync.demo_hospital.refusals import Refusal, invalid
from sync.demo_hospital.state import HospitalState, StoredResource, now_text

Json = dict[str, Any]
Query = list[tuple[str, str]]

DEFAULT_COUNT = 50
LARGEST_COUNT = 500
KEPT_SEARCHES = 64
"""Paged searches remembered; the page of a forgotten one answers 410, and the client starts again."""
KEPT_FOR_S = 600.0
"""How long the pages of a search can be asked for."""

_RESULT_PARAMETERS = ("_sort", "_count", "_include", "_include:iterate", "_elements", "_format", "_total")


@dataclass(frozen=True, slots=True)
class _Paged:
    """A search whose later pages will be asked for: what matched, as it was then."""

    matched: tuple[StoredResource, ...]
    count: int
    includes: tuple[tuple[str, bool], ...]
    elements: tuple[str, ...]
    self_query: str
    searched_at: str
    expires_at_s: float
    """Of the search's own clock."""


class FhirSearch:
    """Answers searches over a `HospitalState`. Thread-safe."""

    def __init__(self, state: HospitalState, clock_s: Callable[[], float] = time.monotonic) -> None:
        self._state = state
        self._clock_s = clock_s
        self._references = ReferenceIndex(state)
        self._lock = threading.Lock()
        self._paged: OrderedDict[str, _Paged] = OrderedDict()

    def find_matches(self, kind: str, query: Query, own_base: str) -> list[StoredResource]:
        """Every current resource of *kind* that satisfies all parameters of *query*, oldest change first."""
        known = PARAMETERS.get(kind)
        if known is None:
            raise Refusal(404, "not-supported", f"This hospital holds no {kind}.")
        wanted_ids: list[set[str]] = []
        filters: Query = []
        for name, value in query:
            if name in _RESULT_PARAMETERS:
                continue
            if name == "_id":
                wanted_ids.append(set(value.split(",")))
            elif name == "_lastUpdated" or name in known:
                filters.append((name, value))
            else:
                raise invalid(f"{kind} has no search parameter {name} here; nothing was searched.", name)
        if wanted_ids:
            ids = sorted(set.intersection(*wanted_ids))
            held = [found for one in ids if (found := self._state.find_resource(kind, one)) is not None]
        else:
            held = self._references.find_candidates(kind, filters, own_base)
        return [one for one in held if self._satisfies(one, filters, own_base)]

    def _satisfies(self, stored: StoredResource, filters: Query, own_base: str) -> bool:
        if not filters:
            return True
        resource = stored.json
        for name, value in filters:
            if name == "_lastUpdated":
                if not instant_matches(stored.last_updated, value):
                    return False
            elif not matches(resource, PARAMETERS[stored.type][name], value, own_base):
                return False
        return True

    def search(self, kind: str, query: Query, own_base: str, largest_count: int = LARGEST_COUNT) -> Json:
        """The first page as a searchset Bundle, pages no larger than *largest_count* matches.

        Raises `Refusal` for anything in *query* it cannot honour.
        """
        matched = self.find_matches(kind, query, own_base)
        count = DEFAULT_COUNT
        elements: tuple[str, ...] = ()
        includes: list[tuple[str, bool]] = []
        for name, value in query:
            if name == "_sort":
                matched = _sorted(matched, value)
            elif name == "_count":
                count = _to_count(value)
            elif name.startswith("_include"):
                includes.append((_checked_include(value), name.endswith(":iterate")))
            elif name == "_elements":
                elements = tuple(value.split(","))
        count = min(count, largest_count)
        search = _Paged(
            tuple(matched), count, tuple(includes), elements, f"{kind}?{urlencode(query)}", now_text(),
            self._clock_s() + KEPT_FOR_S,
        )  # fmt: skip
        token = ""
        if count and len(matched) > count:
            token = secrets.token_urlsafe(12)
            with self._lock:
                self._paged[token] = search
                while len(self._paged) > KEPT_SEARCHES:
                    self._paged.popitem(last=False)
        return self._page(search, token, 0, own_base)

    def next_page(self, token: str, offset: int, own_base: str) -> Json:
        with self._lock:
            search = self._paged.get(token)
        if search is None or search.expires_at_s < self._clock_s() or not 0 <= offset < len(search.matched):
            raise Refusal(410, "expired", "This page of the search has expired; search again.")
        return self._page(search, token, offset, own_base)

    def _page(self, search: _Paged, token: str, offset: int, own_base: str) -> Json:
        shown = search.matched[offset : offset + search.count]
        links = [{"relation": "self", "url": f"{own_base}/{search.self_query}"}]
        if search.count and offset + search.count < len(search.matched):
            following = urlencode({"_page": token, "_offset": offset + search.count})
            links.append({"relation": "next", "url": f"{own_base}?{following}"})
        entries = [_entry(one, "match", search.elements, own_base) for one in shown]
        entries += [_entry(one, "include", (), own_base) for one in self._included(shown, search.includes)]
        bundle: Json = {
            "resourceType": "Bundle",
            "id": secrets.token_hex(8),
            "meta": {"lastUpdated": search.searched_at},
            "type": "searchset",
            "total": len(search.matched),
            "link": links,
        }
        if entries:
            bundle["entry"] = entries
        return bundle

    def _included(
        self, matched: tuple[StoredResource, ...], includes: tuple[tuple[str, bool], ...]
    ) -> list[StoredResource]:
        """What the ``_include`` parameters bring along, each resource once (FHIR R4 search 3.1.1.5.6)."""
        seen = {one.reference for one in matched}
        found: list[StoredResource] = []
        fresh, first = list(matched), True
        while fresh:
            following: list[StoredResource] = []
            for include, iterate in includes:
                if not first and not iterate:
                    continue
                kind, name = include.split(":")[:2]
                for source in fresh:
                    if source.type != kind:
                        continue
                    for reference in find_references(source.json, PARAMETERS[kind][name]):
                        if reference in seen:
                            continue
                        seen.add(reference)
                        target_kind, _, target_id = reference.partition("/")
                        target = self._state.find_resource(target_kind, target_id)
                        if target is not None:
                            following.append(target)
            found += following
            fresh, first = following, False
        return found


def _entry(stored: StoredResource, mode: str, elements: tuple[str, ...], own_base: str) -> Json:
    resource = stored.json
    if elements:
        kept = {"resourceType", "id", "meta", *elements}
        resource = {key: value for key, value in resource.items() if key in kept}
        tag = {"system": "http://terminology.hl7.org/CodeSystem/v3-ObservationValue", "code": "SUBSETTED"}
        resource["meta"] = {**resource["meta"], "tag": [*resource["meta"].get("tag", []), tag]}
    return {"fullUrl": f"{own_base}/{stored.reference}", "resource": resource, "search": {"mode": mode}}


def _sorted(matched: list[StoredResource], order: str) -> list[StoredResource]:
    for key in reversed(order.split(",")):
        bare = key.removeprefix("-")
        if bare not in ("_lastUpdated", "_id"):
            raise invalid(f"sorting by {bare} is not supported", "_sort")
        matched = sorted(
            matched, key=lambda one: one.last_updated if bare == "_lastUpdated" else one.id, reverse=key != bare
        )
    return matched


def _to_count(text: str) -> int:
    if not text.isdigit():
        raise invalid(f"_count is {text}, not a number", "_count")
    return int(text)


def _checked_include(value: str) -> str:
    parts = value.split(":")
    if len(parts) < 2 or parts[1] not in PARAMETERS.get(parts[0], {}):
        raise invalid(f"nothing can be included by {value} here", "_include")
    return value
