"""A failure in one sentence for the reader: an expected one says it itself, everything else is a bug. No Qt here."""

from __future__ import annotations

from sync.errors import SyncError
from viewers.errors import ViewerError


def sentence_for(error: Exception) -> str:
    """What a user is told: the sentence of an expected failure, or that the program is at fault."""
    if isinstance(error, SyncError | ViewerError):
        return str(error)
    return f"Something went wrong inside the program ({type(error).__name__}); the log has the details."
