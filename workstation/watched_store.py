"""A store that tells what each mutation touched, for work that has no screen of its own: a round of sync.

Calls pass through unchanged; every `Changes` on its way back is handed to the listener, on the calling thread.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, cast

from sync.changes import Changes

if TYPE_CHECKING:
    from sync.store.database import Store

FACETS = frozenset({"cases", "objects", "arrivals", "annotations", "opinions", "questions", "outbox", "conflicts"})
"""The parts of a store whose mutations return `Changes`."""


def watched(store: Store, on_changes: Callable[[Changes], None]) -> Store:
    """*store*, with *on_changes* hearing of every mutation made through what is returned."""
    return cast("Store", _Watched(store, on_changes))


class _Watched:
    def __init__(self, store: Store, on_changes: Callable[[Changes], None]) -> None:
        self._store = store
        self._on_changes = on_changes

    def __getattr__(self, name: str) -> Any:
        part = getattr(self._store, name)
        return _WatchedFacet(part, self._on_changes) if name in FACETS else part


class _WatchedFacet:
    def __init__(self, facet: Any, on_changes: Callable[[Changes], None]) -> None:
        self._facet = facet
        self._on_changes = on_changes

    def __getattr__(self, name: str) -> Any:
        method = getattr(self._facet, name)

        def call(*arguments: Any, **named: Any) -> Any:
            result = method(*arguments, **named)
            if isinstance(result, Changes) and result:
                self._on_changes(result)
            return result

        return call
