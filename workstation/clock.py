"""What time it is for the reader."""

from __future__ import annotations

from datetime import datetime


def local_now() -> datetime:
    """Now, in the reader's time zone."""
    return datetime.now().astimezone()
