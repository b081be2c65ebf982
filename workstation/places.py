"""Where things lie on disk: the home, its profiles side by side, and which of them was used last."""

from __future__ import annotations

import os
import re
import shutil
from pathlib import Path

from sync.errors import FolderRefused, ProfileRefused

APP_NAME = "ReadingRoom"
DEMO_PROFILE = "demo"
LAST_PROFILE = "last-profile"


def home_directory(given: str | None) -> Path:
    """``--home`` where it was given, else the platform's user data folder. FolderRefused for what is no folder."""
    if given:
        home = Path(given).expanduser().resolve()
        if home.exists() and not home.is_dir():
            raise FolderRefused(f"“{given}” is not a folder; --home names the folder where the encrypted data lies.")
        return home
    import platformdirs

    return Path(platformdirs.user_data_dir(APP_NAME, appauthor=False))


def profile_directory(home: Path, profile: str) -> Path:
    """The folder of one profile; ProfileRefused for a name that is none."""
    if not profile or profile in (".", "..") or any(sign in profile for sign in "/\\\0"):
        raise ProfileRefused(f"“{profile}” cannot be the name of a profile.")
    return home / profile


def hospital_profile_path(home: Path, profile: str) -> Path:
    """Where the profile's hospital is written down."""
    return profile_directory(home, profile) / "profile.json"


def demo_hospital_directory(home: Path) -> Path:
    """The demo hospital's own state, beside the workstation's."""
    return profile_directory(home, DEMO_PROFILE) / "hospital"


def choose_profile(home: Path, given: str | None) -> str:
    """``--profile`` where it was given, else the one used last; ProfileRefused where there is none yet."""
    if given:
        profile_directory(home, given)
        return given
    try:
        last = (home / LAST_PROFILE).read_text("utf-8").strip()
    except OSError:
        last = ""
    if not last:
        raise ProfileRefused(
            "No hospital is set up on this computer yet; `readingroom demo` shows the program with a demo hospital."
        )
    return last


def remember_profile(home: Path, profile: str) -> None:
    """The next start without ``--profile`` takes this one."""
    home.mkdir(parents=True, exist_ok=True)
    (home / LAST_PROFILE).write_text(profile + "\n", "utf-8")


def list_profiles(home: Path) -> tuple[str, ...]:
    """The names of the profiles that have a hospital written down, in order."""
    if not home.is_dir():
        return ()
    return tuple(sorted(path.parent.name for path in home.glob("*/profile.json") if path.parent.name[0] != "."))


def free_profile_name(home: Path, hospital_name: str) -> str:
    """A name for the profile of a hospital that is new here: readable, and of nothing that exists."""
    plain = re.sub(r"[^a-z0-9]+", "-", hospital_name.lower()).strip("-")[:40] or "hospital"
    number = 1
    name = plain
    while (home / name).exists() or name == DEMO_PROFILE:
        number += 1
        name = f"{plain}-{number}"
    return name


def remove_profile(home: Path, profile: str) -> None:
    """Everything of a profile is gone, its cases and drafts too. Out of sight first: a kill leaves no half of it."""
    doomed = home / f".removed-{profile}"
    shutil.rmtree(doomed, ignore_errors=True)
    profile_directory(home, profile).rename(doomed)
    shutil.rmtree(doomed, ignore_errors=True)
    last = home / LAST_PROFILE
    if last.is_file() and last.read_text("utf-8").strip() == profile:
        last.unlink()


def make_folder(folder: Path) -> None:
    """Make *folder* where it is not there yet; FolderRefused, in one sentence, where it cannot be written into.

    Asked before work that takes a minute, so that nothing is built for a place that cannot take it.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except (FileExistsError, NotADirectoryError):
        raise FolderRefused(f"“{folder}” is not a folder, and cannot be made one.") from None
    except OSError as error:
        raise FolderRefused(f"“{folder}” cannot be made ({error.strerror}).") from None
    if not os.access(folder, os.W_OK | os.X_OK):
        raise FolderRefused(f"“{folder}” cannot be written into.")
