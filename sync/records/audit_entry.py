"""One row of the audit trail: who did what, to which case and object, how it ended."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sync.records.case import CaseId


@dataclass(frozen=True, slots=True)
class AuditEntry:
    """``hash`` = SHA-256(prev ‖ RFC 8785 form of the row without prev and hash); both in hexadecimal."""

    seq: int
    at: datetime
    actor: str
    action: str
    case_id: CaseId | None
    object: str
    outcome: str
    detail: dict[str, Any]
    prev: str
    hash: str
