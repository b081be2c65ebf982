"""What lies in a folder of local data: every file looked at once, DICOM, slide or unusable with the reason.

Remembered by path, size and modification time, so that a second start only looks at what is new. Cases are made of it
in `local_data`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sync.demo_hospital.dicom_index import InstanceEntry, UnusableInstance, read_entry
from sync.demo_hospital.slide_file import CONTENT_TYPES, SEVERAL_FILES, TIFF_MARKS, UnusableSlide, check_slide
from sync.demo_hospital.state import HospitalState, digest_file

Json = dict[str, Any]

_FACTS_FORM = "3"
"""Part of what is remembered; raised when the look at a file changes."""


@dataclass(frozen=True, slots=True)
class LocalFile:
    """One file below the folder: exactly one of instance, slide_sha256 and reason is set."""

    path: str
    """Relative to the folder, with forward slashes."""
    instance: InstanceEntry | None = None
    slide_sha256: str = ""
    content_type: str = ""
    reason: str = ""


def scan_folder(state: HospitalState, folder: Path, on_progress: Callable[[str, float], None]) -> list[LocalFile]:
    """Every file below *folder*, sorted by path. Nothing is copied; links out of the folder are not followed."""
    known = state.find_local_facts(folder)
    paths = sorted(path for path in folder.rglob("*") if path.is_file())
    found: dict[str, tuple[int, int, Json]] = {}
    files: list[LocalFile] = []
    for number, path in enumerate(paths):
        name = path.relative_to(folder).as_posix()
        stat = path.stat()
        size, mtime, facts = known.get(name, (-1, -1, {}))
        if (size, mtime, facts.get("form")) != (stat.st_size, stat.st_mtime_ns, _FACTS_FORM):
            facts = _look_at(folder, path)
        found[name] = (stat.st_size, stat.st_mtime_ns, facts)
        files.append(_to_file(name, facts))
        if number % 50 == 0:
            on_progress(f"Reading local data: {number} of {len(paths)} files", number / len(paths))
    if found != known:
        state.replace_local_facts(folder, found)
    return files


def _look_at(folder: Path, path: Path) -> Json:
    facts: Json = {"form": _FACTS_FORM}
    suffix = path.suffix.lower()
    try:
        if not path.resolve().is_relative_to(folder.resolve()):
            return {**facts, "reason": "a link that leads out of the folder"}
        with path.open("rb") as opened:
            start = opened.read(132)
        if start[:4] in TIFF_MARKS and start[128:] != b"DICM":
            check_slide(path)
            content_type = CONTENT_TYPES.get(suffix, "image/tiff")
            return {**facts, "slide_sha256": digest_file(path), "content_type": content_type}
        if suffix in SEVERAL_FILES:
            return {**facts, "reason": SEVERAL_FILES[suffix]}
        if start[128:] == b"DICM" or suffix in (".dcm", ".dicom", ".ima"):
            entry = read_entry(path)
            return {**facts, "instance": {name: getattr(entry, name) for name in InstanceEntry.__slots__}}
    except (UnusableInstance, UnusableSlide) as error:
        return {**facts, "reason": str(error)}
    except OSError as error:
        return {**facts, "reason": f"cannot be read: {error.strerror or type(error).__name__}"}
    if suffix in CONTENT_TYPES:
        return {**facts, "reason": "named like a slide, but not a TIFF"}
    return {**facts, "reason": "neither DICOM nor a slide"}


def _to_file(name: str, facts: Json) -> LocalFile:
    if "instance" in facts:
        return LocalFile(name, instance=InstanceEntry(**facts["instance"]))
    if "slide_sha256" in facts:
        return LocalFile(name, slide_sha256=facts["slide_sha256"], content_type=facts["content_type"])
    return LocalFile(name, reason=facts["reason"])
