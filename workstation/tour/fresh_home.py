"""The home that a tour begins in: nothing of an earlier tour in it but the hospital's images, which take a minute."""

from __future__ import annotations

import shutil
from pathlib import Path

from sync.errors import StoreUnavailable
from workstation.places import DEMO_PROFILE, demo_hospital_directory, profile_directory

TOUR_HOME = "tour"
IMAGES = "objects"


def own_tour_home(home: Path) -> Path:
    """A folder of the tour's own below *home*, emptied: a tour signs its cases, and nobody's demo may be used up."""
    tour_home = home / TOUR_HOME
    hospital = demo_hospital_directory(tour_home)
    profile = profile_directory(tour_home, DEMO_PROFILE)
    for entry in _children(tour_home):
        _remove(entry, keep=profile)
    for entry in _children(profile):
        _remove(entry, keep=hospital)
    for entry in _children(hospital):
        _remove(entry, keep=hospital / IMAGES)
    tour_home.mkdir(parents=True, exist_ok=True)
    return tour_home


def check_unused(home: Path) -> None:
    """A home that was named must be fresh; StoreUnavailable where a demo was used in it before."""
    if (profile_directory(home, DEMO_PROFILE) / "store.db").exists():
        raise StoreUnavailable(
            f"The demo in “{home.name}” was used before, and a tour signs its cases: name another --home, or none."
        )


def _children(directory: Path) -> list[Path]:
    return list(directory.iterdir()) if directory.is_dir() else []


def _remove(entry: Path, *, keep: Path) -> None:
    if entry == keep:
        return
    if entry.is_dir() and not entry.is_symlink():
        shutil.rmtree(entry)
    else:
        entry.unlink()
