"""A laptop for tests: a home, a temp folder and logs of its own, a hospital outside of them, and whole lives of it.

The hospital's state lies beside the laptop, as it would in the real world.
"""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import requests

from sync.demo_hospital.identity import ACCOUNT_PASSPHRASE, KEY_PIN, NPI, load_identity
from sync.signing.gate import enrol
from sync.store.database import Store, open_store
from sync.store.protection import protect_store
from sync.vault.keys import Unlock
from tests.journey.demo_place import ENVIRONMENT, point_profile, serving

PROFILE = "clinic"
PASSPHRASE = "a lost laptop tells nothing"
BEGUN_BYTES = 256 * 1024
"""How much of a file has arrived when the laptop dies."""


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

    def window(self, log_level: str = "info", log: Path | None = None) -> Window:
        """The program's window in a process of its own; its log is kept on the laptop, unless another file is named."""
        return Window(self, log_level, log or self.root / "home" / "window.log")

    def dies_while_fetching(self) -> None:
        """The battery gives out in the first round, when whole files and the beginning of another lie in the vault."""
        command = [sys.executable, "-m", "workstation", "sync", "--once", "--unlock-file", str(self.unlock_file)]
        command += ["--home", str(self.home), "--profile", PROFILE]
        vault = self.store / "vault"
        with subprocess.Popen(command, stdout=subprocess.DEVNULL, env=self.environment, cwd=self.root) as fetching:
            deadline = time.monotonic() + 120
            while not any(_size_bytes(path) > BEGUN_BYTES for path in vault.glob("*.part")):
                assert fetching.poll() is None and time.monotonic() < deadline, "no file was on its way"
                time.sleep(0.01)
            fetching.kill()

    def opened(self) -> Store:
        """The store, read with the right passphrase: what a finder does not have."""
        return open_store(self.store, unlock=Unlock(passphrase=PASSPHRASE), read_only=True)


class Window:
    """Drives `lock_driver`."""

    def __init__(self, laptop: Laptop, log_level: str, log_file: Path) -> None:
        command = [sys.executable, "-m", "tests.journey.lock_driver", str(laptop.home), PROFILE, str(laptop.pictures)]
        with log_file.open("ab") as log:
            self.process = subprocess.Popen(
                command,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=log,
                text=True,
                env={**laptop.environment, "READINGROOM_TEST_LOG": log_level},
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

    def order_without_answer(self, order: str) -> None:
        """An order that ends the program."""
        assert self.process.stdin is not None
        self.process.stdin.write(order + "\n")
        self.process.stdin.flush()
        self._gone()

    def kill(self) -> None:
        """SIGKILL, as a battery does."""
        self.process.kill()
        self._gone()

    def quit(self) -> None:
        """As a person does."""
        self.order_without_answer("quit")

    def _gone(self) -> None:
        self.process.wait(60)
        assert self.process.stdin is not None and self.process.stdout is not None
        self.process.stdin.close()
        self.process.stdout.close()


@dataclass(frozen=True)
class Hospital:
    """The hospital of the laptop, which lies elsewhere."""

    state: Path
    origin: str
    token: str

    def fail(self, spec: str) -> None:
        """From now on as `hospital serve --faults` says; "" is whole again."""
        answer = requests.put(
            f"{self.origin}/faults", spec, headers={"Authorization": f"Bearer {self.token}"}, timeout=20
        )
        assert answer.ok, answer.text


@contextmanager
def new_laptop(folder: Path, data: Path | None = None) -> Iterator[tuple[Laptop, Hospital]]:
    """A laptop that knows a hospital and its reader's certificate, and has fetched nothing yet. The hospital offers
    what lies in *data* as cases of its own."""
    laptop = Laptop(folder / "laptop", folder / "unlock.txt", folder / "pictures")
    laptop.unlock_file.parent.mkdir(parents=True, exist_ok=True)
    laptop.unlock_file.touch(mode=0o600)
    laptop.unlock_file.write_text(PASSPHRASE + "\n")
    with serving(folder / "hospital", data) as announced:
        point_profile(folder / "pointed", announced)
        content = json.loads((folder / "pointed" / "demo" / "profile.json").read_text("utf-8"))
        laptop.store.mkdir(mode=0o700, parents=True)
        (laptop.store / "profile.json").write_text(json.dumps({**content, "name": PROFILE}))
        unlock = Unlock(passphrase=PASSPHRASE)
        protect_store(laptop.store, unlock)
        store = open_store(laptop.store, unlock=unlock)
        identity = load_identity(folder / "hospital")
        enrol(
            store, identity.p12, identity.trust_pem, ACCOUNT_PASSPHRASE, pin=KEY_PIN,
            practitioner_reference=announced["practitioner_reference"], npi=NPI,
        )  # fmt: skip
        store.close()
        yield laptop, Hospital(folder / "hospital", announced["fhir_base"].removesuffix("/fhir"), announced["token"])


@contextmanager
def laptop_with_cases(folder: Path) -> Iterator[tuple[Laptop, Hospital]]:
    """A laptop that has fetched the cohort, its hospital still answering."""
    with new_laptop(folder) as (laptop, hospital):
        done = laptop.readingroom("sync", "--once", "--json", "--unlock-file", str(laptop.unlock_file))
        assert done.returncode == 0, done.stderr
        yield laptop, hospital


def _size_bytes(path: Path) -> int:
    """0 for a file that is gone or has its whole name by now."""
    try:
        return path.stat().st_size
    except FileNotFoundError:
        return 0
