"""The program and its libraries, memory and cores, and what this computer takes the time to be."""

from __future__ import annotations

import os
import platform
import re
from datetime import datetime
from importlib import metadata
from typing import Any

from workstation.count_words import counted
from workstation.doctor.finding import Finding, fault, note, works

PROGRAM = "reading-room"
SMALL_MEMORY_BYTES = 4 << 30
FEWEST_CORES = 2


def look_at_program() -> Finding:
    """Its version, and whether every library it names is installed."""
    versions: dict[str, str | None] = {}
    for requirement in metadata.requires(PROGRAM) or ():
        if "extra ==" not in requirement and (found := re.match(r"[\w.-]+", requirement)):
            versions[found[0]] = _version(found[0])
    missing = sorted(name for name, version in versions.items() if version is None)
    system = f"Python {platform.python_version()}, {platform.system()} {platform.release()}, {platform.machine()}"
    facts = {"version": metadata.version(PROGRAM), "system": system, "libraries": versions}
    if missing:
        remedy = "Install the program anew; its own list of libraries is complete."
        return fault("program", f"Missing: {', '.join(missing)}.", remedy, **facts)
    return works("program", f"Reading Room {facts['version']} on {system}.", **facts)


def look_at_power() -> Finding:
    """Memory and processor cores."""
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    memory_bytes = _memory_bytes()
    facts: dict[str, Any] = {"cores": cores, "memory_bytes": memory_bytes}
    words = counted(cores, "processor core")
    if memory_bytes is not None:
        words += f" and {memory_bytes / (1 << 30):.1f} GiB of memory"
    if cores < FEWEST_CORES or (memory_bytes is not None and memory_bytes < SMALL_MEMORY_BYTES):
        return note("power", f"{words}: large studies will be slow here.", **facts)
    return works("power", f"{words}.", **facts)


def look_at_time() -> Finding:
    """The clock and its zone, which every date on the screen and in a signature is written in."""
    now = datetime.now().astimezone()
    offset = now.strftime("%z")
    words = f"{now:%Y-%m-%d %H:%M} in the zone {now.tzname()} (UTC{offset[:3]}:{offset[3:]})."
    return works("time", words, zone=now.tzname(), utc_offset=offset)


def _version(name: str) -> str | None:
    try:
        return metadata.version(name)
    except metadata.PackageNotFoundError:
        return None


def _memory_bytes() -> int | None:
    """Physical memory; None where this system does not say."""
    try:
        return os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    except (AttributeError, OSError, ValueError):
        return None
