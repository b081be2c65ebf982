"""Which resources refer to which: so that a search by patient does not read ten thousand others. In memory, lazily."""

from __future__ import annotations

import threading
from dataclasses import dataclass

from sync.demo_hospital.fhir_parameters import PARAMETERS, ParameterKind, find_references
from sync.demo_hospital.state import HospitalState, StoredResource

Query = list[tuple[str, str]]


@dataclass(frozen=True, slots=True)
class _Index:
    """For one search parameter: who points to a reference, as it was at a count of changes."""

    changes: int
    by_reference: dict[str, list[StoredResource]]


class ReferenceIndex:
    """Narrows a search down by its first reference parameter. Thread-safe."""

    def __init__(self, state: HospitalState) -> None:
        self._state = state
        self._lock = threading.Lock()
        self._indices: dict[tuple[str, str], _Index] = {}

    def find_candidates(self, kind: str, filters: Query, own_base: str) -> list[StoredResource]:
        """Every current resource of *kind* that may satisfy *filters*, oldest change first."""
        for name, value in filters:
            parameter = PARAMETERS[kind].get(name)
            wanted = [one.removeprefix(own_base + "/") for one in value.split(",")]
            if parameter is None or parameter.kind is not ParameterKind.REFERENCE or not all("/" in w for w in wanted):
                continue
            by_reference = self._index(kind, name).by_reference
            found = {one.id: one for reference in wanted for one in by_reference.get(reference, ())}
            return sorted(found.values(), key=lambda one: (one.last_updated, one.id))
        return self._state.list_resources(kind)

    def _index(self, kind: str, name: str) -> _Index:
        with self._lock:
            changes = self._state.count_changes(kind)
            held = self._indices.get((kind, name))
            if held is not None and held.changes == changes:
                return held
            by_reference: dict[str, list[StoredResource]] = {}
            for stored in self._state.list_resources(kind):
                for reference in find_references(stored.json, PARAMETERS[kind][name]):
                    by_reference.setdefault(reference, []).append(stored)
            index = self._indices[kind, name] = _Index(changes, by_reference)
            return index
