"""Each look at this computer finds what is wrong with it, and names what would mend it."""

from __future__ import annotations

import json
import os
import shutil
import time
from collections import namedtuple
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from resources import resource
from sync.hospital_profile import HospitalProfile
from sync.secure_lines import HttpAnswer, SecureLines
from sync.store.database import DATABASE_FILE, open_store
from sync.vault.keys import Unlock
from tests.sync.authorization_doubles import MemoryKeyring
from tests.sync.small_hospital import HospitalServer
from tests.sync.tls_server import Authority, tls_server
from workstation.doctor import computer, hospitals, pictures, screen, store_folder
from workstation.doctor.finding import Standing
from workstation.places import hospital_profile_path

Usage = namedtuple("Usage", "total used free")


def test_that_a_library_that_is_missing_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    assert computer.look_at_program().standing is Standing.WORKS
    monkeypatch.setattr(
        computer.metadata, "requires", lambda _name: ["numpy>=1", "absent-library>=2; x", "dev; extra == 'test'"]
    )
    found = computer.look_at_program()
    assert (found.standing, found.sentence) == (Standing.FAULT, "Missing: absent-library.")


def test_that_little_memory_is_a_note_and_unknown_memory_none(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(computer, "FEWEST_CORES", 1)
    for memory_bytes, standing in ((2 << 30, Standing.NOTE), (8 << 30, Standing.WORKS), (None, Standing.WORKS)):
        monkeypatch.setattr(computer, "_memory_bytes", lambda found=memory_bytes: found)
        assert computer.look_at_power().standing is standing


@pytest.mark.skipif(os.name != "posix", reason="libraries of the system come with Qt elsewhere")
def test_that_missing_system_packages_come_with_the_exact_command(monkeypatch: pytest.MonkeyPatch) -> None:
    def absent(soname: str) -> None:
        if "xcb-cursor" in soname or soname == "libEGL.so.1":
            raise OSError(soname)

    monkeypatch.setattr(screen.sys, "platform", "linux")
    monkeypatch.setattr(screen.ctypes, "CDLL", absent)
    found = screen.look_at_libraries()
    assert (found.standing, found.sentence) == (Standing.FAULT, "2 packages of the system are missing.")
    assert found.remedy == "sudo apt-get install -y --no-install-recommends libegl1 libxcb-cursor0"


def test_that_the_set_up_and_the_doctor_look_for_the_same_packages() -> None:
    shipped = json.loads(resource("system_libraries.json").read_text("utf-8"))
    assert shipped["libxcb-cursor.so.0"] == "libxcb-cursor0" and len(shipped) >= 20


@pytest.mark.parametrize("broken", ["raise SystemExit(3)", "print('no json')", "import time; time.sleep(60)"])
def test_that_a_qt_that_ends_its_process_or_hangs_is_found_out(broken: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(screen, "TRY_QT", broken)
    monkeypatch.setattr(screen, "PATIENCE_S", 0.5)
    assert screen.look_at_screen().standing is Standing.FAULT


def test_that_no_fonts_are_a_fault(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(screen, "TRY_QT", """print('{"platform": "xcb", "fonts": 0, "screens": []}')""")
    assert "fonts-dejavu-core" in screen.look_at_screen().remedy


def test_that_a_folder_is_tried_and_nothing_is_left_in_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert store_folder.look_at_folder(tmp_path / "not" / "yet").standing is Standing.WORKS
    assert list(tmp_path.iterdir()) == []
    (tmp_path / "file").write_text("x")
    assert store_folder.look_at_folder(tmp_path / "file" / "below").standing is Standing.FAULT
    monkeypatch.setattr(shutil, "disk_usage", lambda _path: Usage(9, 8, 1_000_000_000))
    found = store_folder.look_at_folder(tmp_path)
    assert found.standing is Standing.FAULT and "1.0 GB" in found.sentence


def test_that_encryption_is_tried_on_a_store_of_its_own(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(store_folder.tempfile, "tempdir", str(tmp_path))
    assert store_folder.look_at_encryption().standing is Standing.WORKS
    assert list(tmp_path.iterdir()) == []

    def leaky(directory: Path, **_options: object) -> object:
        store = open_store(directory)
        (directory / "note.txt").write_bytes(b"what a patient would not want to be read" * 8)
        return store

    monkeypatch.setattr("sync.store.database.open_store", leaky)
    assert store_folder.look_at_encryption().sentence == "What is stored can be read in clear."


def make_profile(home: Path, name: str, **values: str) -> None:
    bases = {f"{part}_base": "https://127.0.0.1:1/x" for part in ("fhir", "dicomweb", "files")}
    content = {"name": name, "hospital_name": "Clinic", "token": "t", "practitioner_reference": "Practitioner/me",
               "practitioner_name": "Dr Me", **bases, **values}  # fmt: skip
    HospitalProfile(**content).save(hospital_profile_path(home, name))


def test_that_stores_in_clear_or_open_to_others_are_found_without_opening_any(tmp_path: Path) -> None:
    assert store_folder.look_at_stores(tmp_path).standing is Standing.WORKS
    make_profile(tmp_path, "clinic")
    open_store(tmp_path / "clinic", unlock=Unlock(passphrase="a long passphrase")).close()
    assert store_folder.look_at_stores(tmp_path).standing is Standing.WORKS
    database = tmp_path / "clinic" / DATABASE_FILE
    database.chmod(0o644)
    assert "Readable by other users: clinic" in store_folder.look_at_stores(tmp_path).sentence
    database.write_bytes(b"SQLite format 3\0")
    assert "Not encrypted: clinic" in store_folder.look_at_stores(tmp_path).sentence


def test_that_a_keyring_that_waits_for_its_password_does_not_hold_up_the_rest(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sync.secret_keeper.SystemKeyring", MemoryKeyring)
    assert store_folder.look_at_keyring().standing is Standing.WORKS
    monkeypatch.setattr("workstation.unlocking.usable_keyring", lambda: None)
    assert "no keyring" in store_folder.look_at_keyring().sentence
    monkeypatch.setattr("workstation.unlocking.usable_keyring", lambda: time.sleep(0.3))
    monkeypatch.setattr(store_folder, "KEYRING_PATIENCE_S", 0.01)
    assert "does not answer" in store_folder.look_at_keyring().sentence


def test_that_pictures_and_slides_are_tried() -> None:
    assert pictures.look_at_codecs().standing is Standing.WORKS
    assert pictures.look_at_openslide().standing is Standing.WORKS


def test_that_a_hospital_must_prove_itself_and_agree_on_the_time(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "authority").mkdir()
    authority = Authority(tmp_path / "authority", "site")
    with tls_server(authority.issue("good")) as server:
        bases = dict.fromkeys(("fhir_base", "dicomweb_base", "files_base"), server.base)
        make_profile(tmp_path, "a", **bases)
        make_profile(tmp_path, "b", **bases, site_ca_file=str(authority.ca_file))
        unknown, known = hospitals.look_at_hospitals(tmp_path)
        assert (unknown.topic, unknown.standing) == ("hospital “a”", Standing.FAULT)
        assert known.sentence == "It answers over TLS, and does not say what time it is."
        now = datetime.now(UTC)
        monkeypatch.setattr("sync.hospital_connection.response_time", lambda _answer: now)
        for ahead_s, standing, word in (
            (2, Standing.WORKS, "the clocks agree (2 s apart)"),
            (-60, Standing.NOTE, "60 s behind"),
            (3600, Standing.FAULT, "3600 s ahead"),
        ):
            found = hospitals.look_at_hospitals(tmp_path, lambda ahead=ahead_s: now + timedelta(seconds=ahead))[1]
            assert found.standing is standing and word in found.sentence
    nobody = hospitals.look_at_hospitals(tmp_path)[1]
    assert nobody.standing is Standing.FAULT and "cannot be reached" in nobody.sentence


def test_that_a_hospital_that_wants_a_sign_in_is_asked_all_the_same_and_gets_no_token(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    sent: list[str] = []
    plain_send = SecureLines.send

    def send(lines: SecureLines, method: str, url: str, **more: Any) -> HttpAnswer:
        sent.extend(more["headers"])
        return plain_send(lines, method, url, **more)

    monkeypatch.setattr(SecureLines, "send", send)
    with HospitalServer() as server, server.hospital(tmp_path / "hospital") as hospital:
        bases = dict.fromkeys(("fhir_base", "dicomweb_base", "files_base"), f"http://127.0.0.1:{hospital.port}/fhir")
        make_profile(tmp_path, "clinic", **bases, token="", client_id="reading-room", issuer="http://127.0.0.1:1/oauth")
        (found,) = hospitals.look_at_hospitals(tmp_path)
    assert sent and "Authorization" not in sent
    assert found.standing is Standing.WORKS
    assert "the clocks agree" in found.sentence and abs(found.facts["clock_ahead_s"]) < 30
