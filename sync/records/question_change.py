"""A question that the hospital changed while its answer was being written."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class QuestionChange:
    """Until the reader says that the answer still fits, or signs."""

    before: tuple[str, ...]
    """The questions as they stood when the answer was begun, or last confirmed."""
    noticed_at: datetime
    """When this computer saw the first change since."""
