"""How full the battery is, while the computer runs on it. Windows and macOS: written, untried."""

from __future__ import annotations

import ctypes
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

POWER_SUPPLIES = Path("/sys/class/power_supply")
_ON_MAINS, _UNKNOWN = 1, 255


def read_charge_percent() -> float | None:
    """Between 0 and 100; None on the mains, without a battery, or where the system does not tell. Reads the disk."""
    if sys.platform == "win32":
        return _ask_windows()
    if sys.platform == "darwin":
        return _ask_macos()
    return charge_of(POWER_SUPPLIES)


def charge_of(supplies: Path) -> float | None:
    """Of Linux's *supplies*: the emptiest battery of the computer itself (not a mouse's) that is being emptied."""
    charges = []
    for supply in sorted(supplies.glob("*")):
        try:
            facts = {name: (supply / name).read_text("utf-8").strip() for name in ("type", "status", "capacity")}
            scope = supply / "scope"
            is_own = not scope.exists() or scope.read_text("utf-8").strip() != "Device"
            if is_own and facts["type"] == "Battery" and facts["status"] == "Discharging":
                charges.append(float(facts["capacity"]))
        except (OSError, ValueError):
            continue
    return min(charges, default=None)


def charge_told(pmset: str) -> float | None:
    """Of what macOS's ``pmset -g batt`` prints."""
    charge = re.search(r"(\d{1,3})%;\s*discharging", pmset)
    return float(charge.group(1)) if charge and "Battery Power" in pmset else None


def _ask_macos() -> float | None:
    try:
        told = subprocess.run(["/usr/bin/pmset", "-g", "batt"], capture_output=True, timeout=5, check=False)
    except (OSError, subprocess.TimeoutExpired):
        return None
    return charge_told(told.stdout.decode("utf-8", "replace"))


class _PowerStatus(ctypes.Structure):
    _fields_ = [
        ("ac_line", ctypes.c_uint8), ("battery_flag", ctypes.c_uint8), ("life_percent", ctypes.c_uint8),
        ("status_flag", ctypes.c_uint8), ("life_s", ctypes.c_uint32), ("full_life_s", ctypes.c_uint32),
    ]  # fmt: skip


def _ask_windows() -> float | None:
    kernel: Any = getattr(ctypes, "windll").kernel32  # noqa: B009 - exists on Windows only
    status = _PowerStatus()
    if not kernel.GetSystemPowerStatus(ctypes.byref(status)):
        return None
    if status.ac_line in (_ON_MAINS, _UNKNOWN) or status.life_percent == _UNKNOWN:
        return None
    return float(status.life_percent)
