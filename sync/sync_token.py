"""How far the worklist has been searched, by the hospital's clock alone: this computer's may jump as it likes."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import timedelta
from typing import TYPE_CHECKING

from sync.fhir.elements import Json, child, parse_instant, text

if TYPE_CHECKING:
    from sync.store.database import Store

_OVERLAP = timedelta(seconds=120)
"""A change may be indexed later than it is dated; what comes twice is recognised."""


@dataclass(frozen=True, slots=True)
class SyncToken:
    """Kept in the same transaction as the page it stands behind."""

    high_water: str | None = None
    """Changes up to here have been read: the server's time of the last complete search, less the overlap."""
    page_url: str | None = None
    """The next page of a search under way."""
    pending: str | None = None
    """What becomes the high water when that search is complete."""
    watched: str | None = None
    """Changes around the cases (request, release, records) have been noticed up to here."""

    @classmethod
    def load(cls, store: Store) -> SyncToken:
        kept = store.cases.find_sync_token() or {}
        return cls(**{name: text(kept, name) or None for name in ("high_water", "page_url", "pending", "watched")})

    def to_json(self) -> Json:
        return {
            "high_water": self.high_water,
            "page_url": self.page_url,
            "pending": self.pending,
            "watched": self.watched,
        }

    def begun_anew(self) -> SyncToken:
        """A search from the last high water; whatever was under way is forgotten."""
        return replace(self, page_url=None, pending=None)

    def after_page(self, next_url: str | None, searched_at: str | None) -> SyncToken:
        """The first page's time counts; it becomes the high water only behind the last page."""
        pending = self.pending or searched_at or self.high_water
        if next_url:
            return replace(self, page_url=next_url, pending=pending)
        return replace(self, high_water=pending, page_url=None, pending=None)


def searched_from(bundle: Json) -> str | None:
    """From when on the next search must look, judged by when the server made this page; None where it does not say."""
    searched_at = parse_instant(text(child(bundle, "meta"), "lastUpdated"))
    return (searched_at - _OVERLAP).isoformat() if searched_at else None
