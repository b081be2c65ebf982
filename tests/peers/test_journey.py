"""The whole way with real servers in one window: sign in, sync, read, sign, deliver; then what each server holds.

The refresh token and half of the store's key lie in a real keyring, access tokens live for a minute, every line is TLS.
"""

from __future__ import annotations

import base64
import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from sync.demo_hospital.case_resources import OWNER as READER
from sync.hospital_profile import HospitalProfile
from tests.journey.demo_place import ENVIRONMENT, told
from tests.peers.conftest import need_peers
from tests.peers.desktop_keyring import desktop_keyring
from tests.peers.journey_place import CHEST, STORE_PIN, fill
from tests.peers.site import PeerSite, peer_site
from workstation.places import hospital_profile_path, list_profiles, profile_directory

pytestmark = [pytest.mark.peers, pytest.mark.journey, pytest.mark.timeout(400)]

OPINION = "https://readingroom.example/ids/opinion"
MARK = "https://readingroom.example/ids/mark"


def readingroom(home: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "workstation", *arguments, "--home", str(home)]
    return subprocess.run(command, capture_output=True, text=True, env=ENVIRONMENT, check=False, timeout=180)


def read_back(folder: Path) -> dict[str, Any]:
    """What the store holds, by a process that asks the desktop's keyring for its half of the key."""
    command = [sys.executable, "-m", "tests.peers.reading_back", str(folder)]
    done = subprocess.run(command, capture_output=True, text=True, env=ENVIRONMENT, check=False, timeout=60)
    assert done.returncode == 0, done.stderr
    found: dict[str, Any] = json.loads(done.stdout)
    return found


@pytest.fixture
def hospital(tmp_path: Path) -> Iterator[PeerSite]:
    """Real servers with the cohort in them, where the demo specialist signs in."""
    need_peers()
    with peer_site(tmp_path / "peers", READER) as site:
        fill(site, tmp_path / "cohort")
        yield site


@pytest.fixture
def desktop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Processes that the test starts belong to a desktop session with a keyring."""
    with desktop_keyring(tmp_path / "desktop") as found:
        for name, value in found.items():
            monkeypatch.setitem(ENVIRONMENT, name, value)
        yield


def test_that_a_case_goes_from_a_typed_address_to_its_receipt(
    hospital: PeerSite, desktop: None, tmp_path: Path
) -> None:
    home, identity = tmp_path / "home", tmp_path / "cohort" / "identity"
    steps = [home, tmp_path / "pictures", hospital.front.fhir_base, hospital.authority.ca_file]
    window = subprocess.Popen(
        [sys.executable, "-m", "tests.peers.window_process", *steps, identity / "identity.p12", identity / "trust.pem"],
        stdout=subprocess.PIPE, text=True, env=ENVIRONMENT, cwd=Path(__file__).resolve().parents[2],
    )  # fmt: skip
    try:
        told(window, "signed in")
        (name,) = list_profiles(home)
        profile = HospitalProfile.load(hospital_profile_path(home, name))
        assert (profile.practitioner_reference, profile.token) == (READER, "")
        assert "keyring" in told(window, "protected"), "the desktop's keyring was not found"
        told(window, "certified")
        told(window, "read")
        receipt = told(window, "delivered")
        assert window.wait(60) == 0
    finally:
        window.kill()
        window.communicate()

    held, ours = hospital.archive_digests(), read_back(profile_directory(home, name))
    assert len(ours["images"]) >= 40 and ours["images"].items() <= held.items()
    assert ours["report"] in receipt

    pin = tmp_path / "pin.txt"
    pin.touch(mode=0o600)
    pin.write_text(STORE_PIN)
    once_more = readingroom(home, "sync", "--once", "--profile", name, "--unlock-file", str(pin))
    assert once_more.returncode == 0, once_more.stdout + once_more.stderr
    reports = named(hospital.search("DiagnosticReport?_count=1000"), OPINION, ours["opinion"])
    assert [f"DiagnosticReport/{report['id']}" for report in reports] == [ours["report"]]
    assert hospital.resource(f"Task/task-{CHEST.lower()}")["status"] == "completed"
    documents = hospital.search("DocumentReference?_count=1000")
    assert len(ours["marks"]) >= 2
    for mark in ours["marks"]:
        assert len(named(documents, MARK, mark)) == 1, "a mark is not at the hospital exactly once"

    (tmp_path / "report.pdf").write_bytes(base64.b64decode(reports[0]["presentedForm"][0]["data"]))
    verified = readingroom(home, "verify", str(tmp_path / "report.pdf"), "--trust", str(identity / "trust.pem"))
    assert verified.returncode == 0, verified.stdout + verified.stderr


def named(resources: list[dict[str, Any]], system: str, value: str) -> list[dict[str, Any]]:
    """Those with that identifier."""
    return [found for found in resources if {"system": system, "value": value} in found.get("identifier", ())]
