"""Words between the hospital and the reader about one case, as the hospital holds them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class Message:
    """A message (FHIR R4 Communication) or a request for records (CommunicationRequest). Plain text only."""

    reference: str
    """``Communication/x`` or ``CommunicationRequest/x``."""
    identifier: str
    """Under the identifier system ``{ID}/message``; empty where it has none."""
    is_from_reader: bool
    """The reader wrote it, on this computer or another."""
    sender: str
    """Who wrote it, in words; empty where the hospital does not say."""
    sent: datetime | None
    text: str
    wanted: tuple[str, ...] = ()
    """A request for records: each record that is asked for."""

    @property
    def is_records_request(self) -> bool:
        return self.reference.startswith("CommunicationRequest/")


@dataclass(frozen=True, slots=True)
class RecordsDraft:
    """A request for records that is being written: one record a line, and a note."""

    wanted: str = ""
    note: str = ""

    @property
    def is_empty(self) -> bool:
        return not (self.wanted.strip() or self.note.strip())
