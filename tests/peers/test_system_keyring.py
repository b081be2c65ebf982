"""A real desktop's keyring (gnome-keyring over D-Bus) keeps a sign-in from one start of the program to the next."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.peers.conftest import need_peers
from tests.peers.desktop_keyring import desktop_keyring
from tests.sync.authorization_doubles import ScriptedBrowser
from tests.sync.small_hospital import HospitalServer

pytestmark = [pytest.mark.peers, pytest.mark.timeout(120)]

STARTS = """
import sys
from pathlib import Path
from sync.authorization.signed_in_account import SignedInAccount
from sync.hospital_profile import HospitalProfile
from sync.secret_keeper import SystemKeyring

profile = HospitalProfile.load(Path(sys.argv[1]))
keyring = SystemKeyring()
name = SignedInAccount(profile, keyring).key_name
keyring.put(name, sys.argv[2])
for _start in range(3):
    account = SignedInAccount(profile, SystemKeyring())
    assert account.bearer() and not account.notice
    assert keyring.find(name) != sys.argv[2]
assert account.sign_out() == ""
assert keyring.find(name) is None
keyring.delete(name)
print("kept")
"""


def test_that_a_sign_in_outlasts_the_program_and_ends_with_signing_out(
    hospital_server: HospitalServer, tmp_path: Path
) -> None:
    need_peers()
    from sync.authorization.sign_in import find_hospital, sign_in_first

    with hospital_server.hospital(tmp_path / "hospital") as hospital:
        hospital.add_case(instances=0, slide=False)
        browser = ScriptedBrowser()
        profile, tokens = sign_in_first(find_hospital(f"127.0.0.1:{hospital.port}"), "clinic", browser)
        browser.close()
        profile.save(tmp_path / "profile.json")
        done = run_with_keyring(tmp_path, STARTS, str(tmp_path / "profile.json"), tokens.refresh_token)
    assert done.stdout.strip() == "kept", done.stderr[-2000:]
    kept = [path for path in (tmp_path / "home").rglob("*") if path.is_file()]
    assert all(tokens.refresh_token.encode() not in path.read_bytes() for path in kept)


def test_that_without_a_desktop_it_is_said_in_one_sentence(tmp_path: Path) -> None:
    need_peers()
    environment = {**os.environ, "HOME": str(tmp_path)}
    for name in ("DBUS_SESSION_BUS_ADDRESS", "PYTHON_KEYRING_BACKEND", "XDG_RUNTIME_DIR"):
        environment.pop(name, None)
    asked = "from sync.secret_keeper import SystemKeyring; SystemKeyring().find('x')"
    done = subprocess.run(
        [sys.executable, "-c", asked], capture_output=True, text=True, timeout=60, env=environment, check=False
    )
    assert "KeyringUnavailable: This computer has no keyring" in done.stderr


def run_with_keyring(home: Path, code: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    """*code* in a process whose desktop session has an unlocked keyring of its own, which ends with it."""
    with desktop_keyring(home / "home") as desktop:
        environment = {**os.environ, **desktop, "XDG_DATA_HOME": str(home / "home" / "data")}
        command = [sys.executable, "-c", code, *arguments]
        return subprocess.run(command, capture_output=True, text=True, timeout=90, env=environment, check=False)
