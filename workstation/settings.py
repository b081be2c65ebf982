"""What a user may set, as one declared table, and the file it is kept in (HOME/settings.json). No Qt here."""

from __future__ import annotations

import json
import logging
from dataclasses import dataclass
from pathlib import Path

log = logging.getLogger("ui.settings")

FILE_NAME = "settings.json"


@dataclass(frozen=True, slots=True)
class Setting:
    """One number a user may change, with the range it must stay in."""

    name: str
    default: float
    lowest: float
    highest: float
    description: str


SYNC_INTERVAL_S = Setting("sync_interval_s", 60, 5, 3600, "Seconds between two rounds of sync while the window is open")
IDLE_LOCK_S = Setting("idle_lock_s", 600, 30, 600, "Seconds without a key or the mouse after which the window locks")
NOTIFY_CASES = Setting("notify_cases", 1, 0, 1, "Whether the tray tells of new cases: 1, or 0 for never")
KEEP_AWAKE = Setting(
    "keep_awake_during_transfers", 1, 0, 1,
    "Whether the computer is kept from going to sleep by itself while something arrives or leaves: 1, or 0 for never",
)  # fmt: skip
SETTINGS = (SYNC_INTERVAL_S, IDLE_LOCK_S, NOTIFY_CASES, KEEP_AWAKE)


class Settings:
    """Values by setting. What is absent, of the wrong kind or out of range is the default, and is logged."""

    def __init__(self, values: dict[str, float]) -> None:
        self._values = values

    @classmethod
    def load(cls, home: Path) -> Settings:
        """From *home*; a damaged file is as good as none."""
        try:
            content = json.loads((home / FILE_NAME).read_text("utf-8"))
        except FileNotFoundError:
            return cls({})
        except (OSError, ValueError):
            log.warning("%s cannot be read; defaults are used", FILE_NAME)
            return cls({})
        if not isinstance(content, dict):
            return cls({})
        return cls({str(name): value for name, value in content.items() if isinstance(value, int | float)})

    def get(self, setting: Setting) -> float:
        """The value in force."""
        value = self._values.get(setting.name, setting.default)
        if not setting.lowest <= value <= setting.highest:
            log.warning("%s is out of range; the default is used", setting.name)
            return setting.default
        return value
