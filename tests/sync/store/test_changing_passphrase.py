"""A store whose passphrase is changed opens with the old or the new one, whenever the program is killed."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from sync.errors import StoreLocked, StoreUnavailable, UnlockRefused
from sync.store.database import Store, open_store
from sync.vault import key_record
from sync.vault.key_record import needs_keyring
from sync.vault.keys import Unlock
from tests.sync.vault.keyring_in_memory import KeyringInMemory

OLD = Unlock(passphrase="correct horse battery")
NEW = Unlock(passphrase="another long passphrase")


class KeyringInFile:
    """As the system's: what it took is there for the next program."""

    def __init__(self, file: Path) -> None:
        self._file = file

    def find(self, name: str) -> str | None:
        return self._load().get(name)

    def put(self, name: str, secret: str) -> None:
        self._file.write_text(json.dumps({**self._load(), name: secret}))

    def delete(self, name: str) -> None:
        kept = self._load()
        kept.pop(name, None)
        self._file.write_text(json.dumps(kept))

    def _load(self) -> dict[str, str]:
        return dict(json.loads(self._file.read_text())) if self._file.exists() else {}


@pytest.fixture(autouse=True)
def cheap_stretching(monkeypatch: pytest.MonkeyPatch) -> None:
    """What Argon2id costs is tested elsewhere; here stores are opened by the dozen."""
    monkeypatch.setattr(key_record, "KeyRecord", _cheap(key_record.KeyRecord))


def _cheap(record: Any) -> Callable[..., Any]:
    def make(*args: Any, **content: Any) -> Any:
        return record(*args, **{"memory_kib": 64, "iterations": 1, "lanes": 1, **content})

    return make


def make_store(directory: Path, unlock: Unlock) -> None:
    store = open_store(directory, unlock=unlock)
    store.session.put("word", "kept")
    store.close()


def opens(directory: Path, unlock: Unlock) -> bool:
    try:
        store = open_store(directory, unlock=unlock)
    except (UnlockRefused, StoreUnavailable):
        return False
    try:
        return store.session.find("word") == "kept"
    finally:
        store.close()


def changes(store: Store) -> list[dict[str, Any]]:
    return [entry.detail for entry in store.audit.entries() if entry.action == "passphrase changed"]


def die_at(countdown: int) -> None:
    """End this process, with nothing tidied up, at the *countdown*-th touch of the disk or the keyring."""
    left = [countdown]

    def dying(real: Callable[..., Any]) -> Callable[..., Any]:
        def call(*args: Any, **options: Any) -> Any:
            left[0] -= 1
            if left[0] < 0:
                os._exit(9)
            return real(*args, **options)

        return call

    os.open, os.fdopen, os.fsync = dying(os.open), dying(os.fdopen), dying(os.fsync)
    Path.replace = dying(Path.replace)  # type: ignore[method-assign]
    Path.unlink = dying(Path.unlink)  # type: ignore[method-assign]
    for name in ("put", "delete"):
        setattr(KeyringInFile, name, dying(getattr(KeyringInFile, name)))


@pytest.mark.parametrize("ways", ["passphrase to passphrase", "keyring to keyring", "to keyring", "from keyring"])
def test_that_a_kill_at_any_step_leaves_a_store_that_opens_with_exactly_one_of_the_two(
    tmp_path: Path, ways: str
) -> None:
    seen = set()
    for countdown in range(100):
        place = tmp_path / str(countdown)
        place.mkdir()
        keyring = KeyringInFile(place / "keyring")
        pins = Unlock(pin="493817", keeper=keyring), Unlock(pin="112233", keeper=keyring)
        old, new = {
            "passphrase to passphrase": (OLD, NEW),
            "keyring to keyring": pins,
            "to keyring": (OLD, pins[1]),
            "from keyring": (pins[0], NEW),
        }[ways]
        make_store(place / "profile", old)
        child = os.fork()
        if child == 0:
            try:
                store = open_store(place / "profile", unlock=old, sweep=False)
                die_at(countdown)
                store.change_unlock(old, new)
                os._exit(0)
            finally:
                os._exit(1)
        status = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
        assert status in (0, 9)
        found = opens(place / "profile", old), opens(place / "profile", new)
        assert sum(found) == 1, f"step {countdown}: old, new open: {found}"
        seen.add(found)
        if status == 0:
            assert found == (False, True)
            break
    else:
        raise AssertionError("the change never came to its end")
    assert len(seen) == 2, "the kills reach before and after the change"


def test_that_moving_from_passphrase_to_keyring_and_back_is_written_in_the_trail(tmp_path: Path) -> None:
    keyring = KeyringInMemory()
    pin = Unlock(pin="493817", keeper=keyring)
    store = open_store(tmp_path / "profile", unlock=OLD)
    store.change_unlock(OLD, pin)
    assert needs_keyring(store.directory)
    store.lock()
    store.unlock(pin)
    store.change_unlock(pin, NEW)
    assert (needs_keyring(store.directory), keyring.secrets) == (False, {})
    said = changes(store)
    assert [detail["opens_with"] for detail in said] == ["keyring with PIN or passphrase", "passphrase"]
    assert store.audit.verify() is None
    store.close()


def test_that_five_wrong_tries_wait_here_too_and_change_nothing(tmp_path: Path) -> None:
    store = open_store(tmp_path / "profile", unlock=OLD)
    for _ in range(5):
        with pytest.raises(UnlockRefused):
            store.change_unlock(Unlock(passphrase="not the right one"), NEW)
    with pytest.raises(UnlockRefused, match="after 5 wrong tries") as refusal:
        store.change_unlock(OLD, NEW)
    assert refusal.value.wait_s > 0
    assert not changes(store)
    store.close()


def test_that_a_weak_one_is_refused_before_a_try_is_counted(tmp_path: Path) -> None:
    store = open_store(tmp_path / "profile", unlock=OLD)
    for _ in range(6):
        with pytest.raises(UnlockRefused, match="at least 12"):
            store.change_unlock(OLD, Unlock(passphrase="elevenchars"))
    store.change_unlock(OLD, NEW)
    store.close()


def test_that_a_locked_store_changes_nothing(tmp_path: Path) -> None:
    store = open_store(tmp_path / "profile", unlock=OLD)
    store.lock()
    with pytest.raises(StoreLocked):
        store.change_unlock(OLD, NEW)
    store.unlock(OLD)
    store.close()


def test_that_a_keyring_that_keeps_nothing_is_not_trusted_with_half_of_the_key(tmp_path: Path) -> None:
    class Forgetful(KeyringInMemory):
        def put(self, name: str, secret: str) -> None:
            pass

    store = open_store(tmp_path / "profile", unlock=OLD)
    with pytest.raises(StoreUnavailable, match="did not keep"):
        store.change_unlock(OLD, Unlock(pin="493817", keeper=Forgetful()))
    store.lock()
    store.unlock(OLD)
    store.close()
