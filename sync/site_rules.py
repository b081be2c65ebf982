"""What the site has decided for its computers: how long unsent work of a lost case is kept, how long without contact,
and what may leave the encryption.

A file ``site.json`` beside the store, put there by whoever sets up the computer; without it the defaults hold.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

SITE_FILE = "site.json"


@dataclass(frozen=True, slots=True)
class SiteRules:
    """``grace``: unsent work of a case given to somebody else. ``lease``: the store opens this long without contact.

    ``export_unsent``: what could not be delivered may be saved outside the encryption. ``keep_awake``: whether a
    transfer keeps the computer from going to sleep by itself; None leaves that to the reader.
    ``slides_unencrypted_on_disk``: a slide that can only be read from a plain file, and not in memory, may lie on the
    disk while it is open; whoever sets that says with it that the system encrypts the disk (BitLocker, LUKS, …).
    """

    grace: timedelta = timedelta(days=7)
    lease: timedelta = timedelta(days=14)
    export_unsent: bool = True
    keep_awake: bool | None = None
    slides_unencrypted_on_disk: bool = False


def site_rules(directory: Path) -> SiteRules:
    """The rules for the store in *directory*. What cannot be read counts as not set."""
    try:
        content = json.loads((directory / SITE_FILE).read_text("utf-8"))
    except (OSError, ValueError):
        return SiteRules()
    if not isinstance(content, dict):
        return SiteRules()
    defaults = SiteRules()
    keep_awake = content.get("keep_awake_during_transfers")
    return SiteRules(
        _days(content.get("grace_days"), defaults.grace),
        _days(content.get("lease_days"), defaults.lease),
        content.get("export_unsent") is not False,
        keep_awake if isinstance(keep_awake, bool) else None,
        content.get("slides_unencrypted_on_disk") is True,
    )


def _days(value: object, default: timedelta) -> timedelta:
    """Up to a year; anything else is a mistake, and the default holds."""
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    return timedelta(days=float(value)) if is_number and 0 <= value <= 366 else default  # type: ignore[arg-type, operator]
