"""The whole way with real servers: sign in, sync, read, sign, deliver; each step a process of the program of its own.

The account's secret lies in a real keyring, access tokens live for a minute, and every line is TLS.
"""

from __future__ import annotations

import base64
import hashlib
import json
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from sync.demo_hospital.case_resources import OWNER as READER
from sync.demo_hospital.identity import ACCOUNT_PASSPHRASE, KEY_PIN
from sync.records.case import CaseId
from sync.records.opinion import Receipt
from sync.store.database import open_store
from tests.journey.demo_place import ENVIRONMENT, drive, told
from tests.peers.conftest import need_peers
from tests.peers.desktop_keyring import desktop_keyring
from tests.peers.journey_place import CHEST, fill
from tests.peers.site import PeerSite, peer_site

pytestmark = [pytest.mark.peers, pytest.mark.journey, pytest.mark.timeout(400)]

OPINION = "https://readingroom.example/ids/opinion"
DELIVERY_LIMIT_S = 60.0


def readingroom(home: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "workstation", *arguments, "--home", str(home)]
    return subprocess.run(command, capture_output=True, text=True, env=ENVIRONMENT, check=False, timeout=180)


def await_receipt(home: Path) -> Receipt:
    store = open_store(home / "demo", read_only=True)
    try:
        deadline = time.monotonic() + DELIVERY_LIMIT_S
        while (receipt := store.opinions.find_receipt(CaseId(CHEST))) is None:
            assert time.monotonic() < deadline, [entry.last_error for entry in store.outbox.list_entries()]
            time.sleep(0.1)
        return receipt
    finally:
        store.close()


def vault_digests(home: Path) -> dict[str, str]:
    """SHA-256 of every image as read back from the vault, by SOP Instance UID."""
    found = {}
    store = open_store(home / "demo", read_only=True)
    try:
        for case in store.cases.list_cases():
            for obj in store.objects.list_objects(case.case_id):
                if obj.sop_instance_uid:
                    with store.vault.source(obj.sha256, "").open() as opened:
                        found[obj.sop_instance_uid] = hashlib.sha256(opened.read()).hexdigest()
    finally:
        store.close()
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


def test_that_a_case_goes_from_signing_in_to_its_receipt(hospital: PeerSite, desktop: None, tmp_path: Path) -> None:
    peers, home, identity = hospital, tmp_path / "home", tmp_path / "cohort" / "identity"
    signed_in = subprocess.run(
        [
            sys.executable, "-m", "tests.peers.sign_in_process", home, peers.front.fhir_base,
            peers.authority.ca_file, identity / "identity.p12", identity / "trust.pem",
        ],
        capture_output=True, text=True, env=ENVIRONMENT, check=False, timeout=60,
    )  # fmt: skip
    assert signed_in.stdout.strip() == f"signed in {READER}", signed_in.stdout + signed_in.stderr

    synced = readingroom(home, "sync", "--once", "--json")
    assert synced.returncode == 0, synced.stderr
    assert json.loads(synced.stdout)["objects_fetched"] > 0
    held, read_back = peers.archive_digests(), vault_digests(home)
    assert read_back
    assert read_back.items() <= held.items()

    reading = drive(home, "fill")
    told(reading, "acted")
    reading.kill()
    reading.communicate()
    signing = drive(home, "sign", ACCOUNT_PASSPHRASE, KEY_PIN)
    told(signing, "confirmed")
    receipt = await_receipt(home)
    signing.kill()
    signing.communicate()

    ours = [r for r in peers.search("DiagnosticReport?_count=1000") if names_opinion(r, receipt.opinion_identifier)]
    assert [f"DiagnosticReport/{report['id']}" for report in ours] == [receipt.diagnostic_report_reference]
    assert peers.resource(f"Task/task-{CHEST.lower()}")["status"] == "completed"
    assert readingroom(home, "sync", "--once").returncode == 0
    ours = [r for r in peers.search("DiagnosticReport?_count=1000") if names_opinion(r, receipt.opinion_identifier)]
    assert len(ours) == 1
    (tmp_path / "report.pdf").write_bytes(base64.b64decode(ours[0]["presentedForm"][0]["data"]))
    verified = readingroom(home, "verify", str(tmp_path / "report.pdf"), "--trust", str(identity / "trust.pem"))
    assert verified.returncode == 0, verified.stdout + verified.stderr


def names_opinion(report: dict[str, object], identifier: str) -> bool:
    return {"system": OPINION, "value": identifier} in report.get("identifier", ())  # type: ignore[operator]
