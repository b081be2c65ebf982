"""A laptop for tests: a home, a temp folder and logs of its own, a hospital outside of them, and a search through all.

The hospital's state lies beside the laptop, as it would in the real world.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.journey.demo_place import ENVIRONMENT, point_profile, serving

PROFILE = "clinic"
PASSPHRASE = "a lost laptop tells nothing"
ENCODINGS = ("utf-8", "utf-16-le", "latin-1")


@dataclass(frozen=True)
class Laptop:
    """Everything below *root* is what a finder would hold in the hand."""

    root: Path
    unlock_file: Path
    pictures: Path

    @property
    def home(self) -> Path:
        return self.root / "home" / "data"

    @property
    def store(self) -> Path:
        return self.home / PROFILE

    @property
    def environment(self) -> dict[str, str]:
        places = {"HOME": "home", "XDG_CONFIG_HOME": "home/.config", "XDG_CACHE_HOME": "home/.cache"}
        places |= {"XDG_DATA_HOME": "home/.local/share", "XDG_RUNTIME_DIR": "run", "TMPDIR": "tmp"}
        for place in places.values():
            (self.root / place).mkdir(mode=0o700, parents=True, exist_ok=True)
        root = str(Path(__file__).resolve().parents[2])
        return {**ENVIRONMENT, **{name: str(self.root / place) for name, place in places.items()}, "PYTHONPATH": root}

    def readingroom(self, *arguments: str, log: str = "commands.log") -> subprocess.CompletedProcess[str]:
        """One command; what it says on standard error is kept as a log on the laptop."""
        command = [sys.executable, "-m", "workstation", *arguments, "--home", str(self.home), "--profile", PROFILE]
        done = subprocess.run(
            command, capture_output=True, text=True, env=self.environment, cwd=self.root, check=False, timeout=240
        )
        with (self.root / "home" / log).open("a", encoding="utf-8") as kept:
            kept.write(done.stderr)
        return done

    def window(self) -> Window:
        """The program's window in a process of its own, its log on the laptop."""
        return Window(self)

    def searched(self) -> Iterator[Path]:
        """Every file a finder could read."""
        return (path for path in self.root.rglob("*") if path.is_file() and not path.is_symlink())


class Window:
    """Drives `lock_driver`."""

    def __init__(self, laptop: Laptop) -> None:
        command = [sys.executable, "-m", "tests.journey.lock_driver", str(laptop.home), PROFILE, str(laptop.pictures)]
        with (laptop.root / "home" / "window.log").open("ab") as log:
            self.process = subprocess.Popen(
                command,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=log,
                text=True,
                env={**laptop.environment, "READINGROOM_TEST_LOG": "info"},
                cwd=laptop.root,
            )

    def order(self, *orders: str) -> dict[str, Any]:
        """Have the *orders* done; what is seen after the last."""
        answer: dict[str, Any] = {}
        assert self.process.stdin is not None and self.process.stdout is not None
        for order in orders:
            self.process.stdin.write(order + "\n")
            self.process.stdin.flush()
            for line in self.process.stdout:
                if line.startswith("seen "):
                    answer = json.loads(line[5:])
                    break
            else:
                self.kill()
                raise AssertionError(f"the window ended at {order!r}")
        return answer

    def kill(self) -> None:
        """SIGKILL, as a battery does."""
        self.process.kill()
        self._gone()

    def quit(self) -> None:
        """As a person does."""
        assert self.process.stdin is not None
        self.process.stdin.write("quit\n")
        self.process.stdin.flush()
        self._gone()

    def _gone(self) -> None:
        self.process.wait(60)
        assert self.process.stdin is not None and self.process.stdout is not None
        self.process.stdin.close()
        self.process.stdout.close()


@contextmanager
def laptop_with_cases(folder: Path) -> Iterator[tuple[Laptop, Path]]:
    """A laptop that has fetched the cohort, its hospital still answering; and the hospital's state."""
    hospital = folder / "hospital"
    laptop = Laptop(folder / "laptop", folder / "unlock.txt", folder / "pictures")
    laptop.unlock_file.parent.mkdir(parents=True, exist_ok=True)
    laptop.unlock_file.touch(mode=0o600)
    laptop.unlock_file.write_text(PASSPHRASE + "\n")
    with serving(hospital) as announced:
        point_profile(folder / "pointed", announced)
        content = json.loads((folder / "pointed" / "demo" / "profile.json").read_text("utf-8"))
        laptop.store.mkdir(mode=0o700, parents=True)
        (laptop.store / "profile.json").write_text(json.dumps({**content, "name": PROFILE}))
        done = laptop.readingroom("sync", "--once", "--json", "--unlock-file", str(laptop.unlock_file))
        assert done.returncode == 0, done.stderr
        yield laptop, hospital


class LeakSearch:
    """Looks for *words* and runs of *pixels* in every file and every file's name."""

    def __init__(self, words: Sequence[str], pixels: Sequence[bytes]) -> None:
        self._needles = {word: {word.encode(code) for code in ENCODINGS if _fits(word, code)} for word in words}
        self._needles |= {f"pixels {n}": {run} for n, run in enumerate(pixels)}
        self._written_once: set[Path] = set()

    def find(self, laptop: Laptop) -> list[str]:
        """Which of them lies readable where. A file of the vault never changes, so it is read through once."""
        leaks = []
        for path in laptop.searched():
            if path in self._written_once:
                continue
            try:
                content = path.read_bytes()
            except FileNotFoundError:  # a temporary file of a running program
                continue
            if path.suffix == ".rre":
                self._written_once.add(path)
            name = os.fsencode(path.relative_to(laptop.root))
            for what, forms in self._needles.items():
                if any(form in content or form in name for form in forms):
                    leaks.append(f"{what} in {path}")
        return leaks


def _fits(word: str, code: str) -> bool:
    try:
        word.encode(code)
    except UnicodeEncodeError:
        return False
    return True
