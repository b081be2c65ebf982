"""The demo hospital beside the workstation: starts it as a child process, and points the profile "demo" at it.

The child ends when this process does, however it ends: it watches its standard input, whose other end we hold.
"""

from __future__ import annotations

import json
import logging
import subprocess
import sys
import threading
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import IO, TYPE_CHECKING

from sync.errors import SyncError
from workstation.places import DEMO_PROFILE, demo_hospital_directory, hospital_profile_path, remember_profile

if TYPE_CHECKING:
    from sync.store.database import Store

log = logging.getLogger("ui.demo")

OnProgress = Callable[[str, float], None]
STOP_TIMEOUT_S = 3.0
KEPT_LINES = 20
NPI_SYSTEM = "http://hl7.org/fhir/sid/us-npi"


@dataclass(frozen=True, slots=True)
class DemoAccount:
    """What the hospital announced: where it answers, and the demo specialist's account at it."""

    name: str
    fhir_base: str
    dicomweb_base: str
    files_base: str
    enrolment_base: str
    token: str
    practitioner_reference: str
    practitioner_name: str
    account_passphrase: str
    key_pin: str

    @property
    def signing_hint(self) -> str:
        """What to type where a signature is asked for."""
        return f"Demonstration: the passphrase is “{self.account_passphrase}”, the key PIN {self.key_pin}."

    @property
    def notice(self) -> str:
        """Who you are here, and how to sign, for someone who has never been here."""
        return (
            f"Demonstration: every patient is invented. You are {self.practitioner_name}. "
            f"To sign: passphrase “{self.account_passphrase}”, key PIN {self.key_pin}."
        )


class DemoHospital:
    """The child process. `start` blocks until the hospital answers (its first start builds the images)."""

    def __init__(self, home: Path, data_dir: Path | None) -> None:
        self._home = home
        self._data_dir = data_dir
        self._child: subprocess.Popen[str] | None = None
        self._stopped = False

    def start(self, on_progress: OnProgress) -> DemoAccount:
        """Start it; *on_progress* gets a text and 0..1, off this thread. SyncError in its own words."""
        command = [sys.executable, "-m", "workstation", "hospital", "serve", "--port", "0", "--stop-with-stdin"]
        command += ["--state", str(demo_hospital_directory(self._home))]
        if self._data_dir is not None:
            command += ["--data", str(self._data_dir)]
        self._child = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, encoding="utf-8"
        )
        if self._stopped:
            self.stop()
        assert self._child.stdout is not None and self._child.stderr is not None
        told: deque[str] = deque(maxlen=KEPT_LINES)
        listener = threading.Thread(
            target=_listen, args=(self._child.stderr, on_progress, told), name="demo-progress", daemon=True
        )
        listener.start()
        line = self._child.stdout.readline()
        if not line:
            self._child.wait()
            listener.join(1.0)
            raise SyncError(told[-1] if told else "The demo hospital ended before it answered.")
        return DemoAccount(**json.loads(line))

    def stop(self) -> None:
        """Close its standard input, which ends it; kill it if that does not."""
        self._stopped = True
        child, self._child = self._child, None
        if child is None:
            return
        if child.stdin is not None:
            child.stdin.close()
        try:
            child.wait(STOP_TIMEOUT_S)
        except subprocess.TimeoutExpired:
            child.kill()
            child.wait()


def write_demo_profile(home: Path, account: DemoAccount) -> None:
    """Point the profile "demo" at the hospital, and make it the one used last."""
    from sync.hospital_profile import HospitalProfile

    profile = HospitalProfile(
        name=DEMO_PROFILE,
        hospital_name=account.name,
        fhir_base=account.fhir_base,
        dicomweb_base=account.dicomweb_base,
        files_base=account.files_base,
        token=account.token,
        practitioner_reference=account.practitioner_reference,
        practitioner_name=account.practitioner_name,
    )
    profile.save(hospital_profile_path(home, DEMO_PROFILE))
    remember_profile(home, DEMO_PROFILE)


def enrol_demo_identity(home: Path, store: Store, account: DemoAccount) -> None:
    """Fetch the specialist's key file and the authority to trust, and keep them in the store. Blocks."""
    from sync.hospital_connection import HospitalConnection
    from sync.hospital_profile import HospitalProfile
    from sync.signing.gate import enrol

    connection = HospitalConnection(HospitalProfile.load(hospital_profile_path(home, DEMO_PROFILE)))
    try:
        with connection.open("GET", f"{account.enrolment_base}/identity.p12") as answer:
            p12 = connection.read_body(answer)
        with connection.open("GET", f"{account.enrolment_base}/trust.pem") as answer:
            trust_pem = connection.read_body(answer)
        with connection.open("GET", f"{account.fhir_base}/{account.practitioner_reference}") as answer:
            practitioner = connection.read_json(answer)
    finally:
        connection.close()
    numbers = [n.get("value", "") for n in practitioner.get("identifier", ()) if n.get("system") == NPI_SYSTEM]
    enrol(
        store,
        p12,
        trust_pem,
        account.account_passphrase,
        pin=account.key_pin,
        practitioner_reference=account.practitioner_reference,
        npi=numbers[0] if numbers else "",
    )


def _listen(stream: IO[str], on_progress: OnProgress, told: deque[str]) -> None:
    """Turn ``progress <0..1> <text>`` lines into calls; keep the others, the last is why it failed."""
    for line in stream:
        parts = line.rstrip("\n").split(" ", 2)
        try:
            if parts[0] != "progress":
                raise ValueError
            on_progress(parts[2] if len(parts) > 2 else "", float(parts[1]))
        except (ValueError, IndexError):
            told.append(line.strip())
            log.debug("demo hospital: %s", line.strip())
