"""The master key opens with its passphrase (and the keyring's half) and with nothing else."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from sync.errors import StoreUnavailable, UnlockRefused
from sync.vault import key_record
from sync.vault.key_record import RECORD_FILE, change_unlock, has_record, make_record, needs_keyring, unwrap_master
from sync.vault.keys import StoreKeys, Unlock, make_key
from tests.sync.vault.keyring_in_memory import KeyringInMemory

LONG = Unlock(passphrase="correct horse battery")
MASTER = bytes(range(32))


def test_that_the_passphrase_opens_what_it_wrapped_and_no_other_does(tmp_path: Path) -> None:
    make_record(tmp_path, LONG, MASTER)
    assert unwrap_master(tmp_path, LONG) == MASTER
    with pytest.raises(UnlockRefused, match="4 tries are left"):
        unwrap_master(tmp_path, Unlock(passphrase="correct horse batterY"))
    assert (tmp_path / RECORD_FILE).stat().st_mode & 0o777 == 0o600
    assert MASTER.hex() not in (tmp_path / RECORD_FILE).read_text()


def test_that_the_work_to_guess_is_what_the_design_asks_for(tmp_path: Path) -> None:
    make_record(tmp_path, LONG, MASTER)
    record = json.loads((tmp_path / RECORD_FILE).read_text())
    assert (record["memory_kib"], record["iterations"], record["lanes"]) == (64 * 1024, 3, 4)


def test_that_two_spellings_of_one_letter_are_one_passphrase(tmp_path: Path) -> None:
    make_record(tmp_path, Unlock(passphrase="cafe\u0301 au lait, s'il"), MASTER)
    assert unwrap_master(tmp_path, Unlock(passphrase="caf\u00e9 au lait, s'il")) == MASTER


@pytest.mark.parametrize("weak", [Unlock(pin="123456789012345"), Unlock(passphrase="elevenchars")])
def test_that_without_a_keyring_a_pin_or_a_short_passphrase_is_refused(tmp_path: Path, weak: Unlock) -> None:
    with pytest.raises(UnlockRefused, match="12"):
        make_record(tmp_path, weak, MASTER)
    assert not has_record(tmp_path)


def test_that_a_pin_opens_together_with_the_keyring_only(tmp_path: Path) -> None:
    keyring = KeyringInMemory()
    make_record(tmp_path, Unlock(pin="493817", keeper=keyring), MASTER)
    assert needs_keyring(tmp_path)
    assert unwrap_master(tmp_path, Unlock(pin="493817", keeper=keyring)) == MASTER
    with pytest.raises(StoreUnavailable, match="keyring and is not there"):
        unwrap_master(tmp_path, Unlock(pin="493817"))
    with pytest.raises(StoreUnavailable, match="keyring and is not there"):
        unwrap_master(tmp_path, Unlock(pin="493817", keeper=KeyringInMemory()))
    with pytest.raises(UnlockRefused):
        unwrap_master(tmp_path, Unlock(pin="493818", keeper=keyring))
    (name,) = keyring.secrets
    keyring.secrets[name] = make_key().hex()
    with pytest.raises(UnlockRefused):
        unwrap_master(tmp_path, Unlock(pin="493817", keeper=keyring))


def test_that_changing_the_passphrase_rewraps_the_same_master(tmp_path: Path) -> None:
    keyring = KeyringInMemory()
    old, new = Unlock(pin="493817", keeper=keyring), Unlock(pin="112233", keeper=keyring)
    make_record(tmp_path, old, MASTER)
    change_unlock(tmp_path, old, new)
    assert unwrap_master(tmp_path, new) == MASTER
    with pytest.raises(UnlockRefused):
        unwrap_master(tmp_path, old)
    assert len(keyring.secrets) == 1
    change_unlock(tmp_path, new, Unlock(passphrase="correct horse battery", keeper=keyring))
    with pytest.raises(UnlockRefused, match="too short"):
        change_unlock(tmp_path, LONG, Unlock(passphrase="short", keeper=keyring))


@pytest.mark.parametrize("step", ["open", "write", "fsync", "replace", "done"])
def test_that_a_kill_while_the_passphrase_changes_leaves_the_old_or_the_new(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, step: str
) -> None:
    new = Unlock(passphrase="another long passphrase")
    make_record(tmp_path, LONG, MASTER)
    child = os.fork()
    if child == 0:  # dies at the step, with nothing tidied up
        die = lambda *_args, **_options: os._exit(9)  # noqa: E731
        if step == "open":
            os.open = die  # type: ignore[assignment]
        elif step == "write":
            os.fdopen = die
        elif step == "fsync":
            os.fsync = die
        elif step == "replace":
            Path.replace = die  # type: ignore[method-assign]
        key_record.make_record(tmp_path, new, MASTER)
        os._exit(0)
    os.waitpid(child, 0)
    opened = []
    for unlock in (LONG, new):
        try:
            opened.append(unwrap_master(tmp_path, unlock) == MASTER)
        except UnlockRefused:
            opened.append(False)
    assert opened == ([False, True] if step == "done" else [True, False])


def test_that_every_changed_or_missing_byte_of_the_record_is_told_from_a_wrong_passphrase(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    make_record(tmp_path, LONG, MASTER)
    file = tmp_path / RECORD_FILE
    whole = file.read_bytes()

    def refuse_to_stretch(*_args: object) -> bytes:
        raise AssertionError("a damaged record was used")

    monkeypatch.setattr(key_record, "_key_encrypting_key", refuse_to_stretch)
    changed = [whole[:n] + bytes([whole[n] ^ 1]) + whole[n + 1 :] for n in range(len(whole))]
    for content in (*changed, *(whole[:n] for n in range(len(whole))), whole + b"x"):
        file.write_bytes(content)
        try:
            same = json.loads(content) == json.loads(whole)  # white space may differ
        except ValueError:
            same = False
        if not same:
            with pytest.raises(StoreUnavailable, match=r"damaged|newer version"):
                unwrap_master(tmp_path, LONG)


def test_that_a_record_cannot_ask_for_more_memory_than_there_is(tmp_path: Path) -> None:
    make_record(tmp_path, LONG, MASTER)
    file = tmp_path / RECORD_FILE
    content = json.loads(file.read_text())
    content.pop("sha256")
    content["memory_kib"] = 2**31
    file.write_text(json.dumps({**content, "sha256": key_record._digest(content)}))
    with pytest.raises(StoreUnavailable, match="damaged"):
        unwrap_master(tmp_path, LONG)


def test_that_forgotten_keys_open_nothing() -> None:
    keys = StoreKeys(MASTER)
    wrapped = keys.wrap(bytes(32))
    assert keys.unwrap(wrapped) == bytes(32)
    with pytest.raises(StoreUnavailable, match="damaged"):
        StoreKeys(bytes(32)).unwrap(wrapped)
    keys.forget()
    assert keys.is_forgotten
    for use in (lambda: keys.unwrap(wrapped), lambda: keys.wrap(bytes(32)), keys.database_key_hex):
        with pytest.raises(StoreUnavailable, match="locked"):
            use()
    assert "correct horse" not in repr(LONG)
