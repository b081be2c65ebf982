"""Where things lie on disk: the home, its profiles, and which profile was used last. Paths only; nothing is opened."""

from __future__ import annotations

from pathlib import Path

from sync.errors import ProfileRefused

APP_NAME = "ReadingRoom"
DEMO_PROFILE = "demo"
LAST_PROFILE = "last-profile"


def home_directory(given: str | None) -> Path:
    """``--home`` where it was given, else the platform's user data folder."""
    if given:
        return Path(given).expanduser().resolve()
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
