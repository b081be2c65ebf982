"""Passphrase and PIN at each signature; five wrong tries lock; what was counted stays counted."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from sync.errors import SigningRefused
from sync.signing import gate as gate_module
from sync.signing.gate import SigningGate, enrol, find_signer
from sync.signing.passphrase import hash_passphrase, verify_passphrase
from sync.store.database import Store, open_store
from tests.sync.signing.own_authority import PIN, Authority

PASSPHRASE = "correct horse é"


@pytest.fixture
def cheap_hash(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sync.signing.passphrase.MEMORY_KIB", 32)
    monkeypatch.setattr("sync.signing.passphrase.ITERATIONS", 1)


@pytest.fixture
def store(tmp_path: Path, authority: Authority, cheap_hash: None) -> Iterator[Store]:
    store = open_store(tmp_path / "profile")
    enrol(store, authority.identity(), authority.pem, PASSPHRASE)
    yield store
    store.close()


def fail(store: Store) -> str:
    with pytest.raises(SigningRefused) as refused:
        SigningGate(store).check("wrong", PIN)
    return str(refused.value)


def test_that_the_passphrase_is_hashed_with_argon2id_at_full_cost() -> None:
    encoded = hash_passphrase(PASSPHRASE)
    assert encoded.startswith("$argon2id$v=19$m=65536,t=3,p=4$")
    assert verify_passphrase(PASSPHRASE.replace("é", "e\u0301"), encoded)
    assert not verify_passphrase(PASSPHRASE + " ", encoded)


def test_that_both_together_give_the_identity(store: Store) -> None:
    assert SigningGate(store).check(PASSPHRASE, PIN).name == "Dr Ada Reader"


def test_that_either_wrong_refuses_without_saying_which(store: Store) -> None:
    sentences = set()
    for passphrase, pin in ((PASSPHRASE, "000000"), ("wrong", PIN)):
        with pytest.raises(SigningRefused) as refused:
            SigningGate(store).check(passphrase, pin)
        sentences.add(str(refused.value))
        assert SigningGate(store).check(PASSPHRASE, PIN)
    assert len(sentences) == 1


def test_that_the_fifth_wrong_try_locks_even_the_right_words(store: Store) -> None:
    for left in (4, 3, 2):
        assert f"{left} tries are left" in fail(store)
    assert "one try is left" in fail(store)
    assert "locked for 15 minutes" in fail(store)
    assert SigningGate(store).tries_left() == 0
    with pytest.raises(SigningRefused, match="locked after 5 wrong tries"):
        SigningGate(store).check(PASSPHRASE, PIN)


def test_that_success_forgives_earlier_tries(store: Store) -> None:
    for _ in range(4):
        fail(store)
    assert SigningGate(store).check(PASSPHRASE, PIN)
    assert SigningGate(store).tries_left() == 5


def test_that_the_lock_ends_after_fifteen_minutes(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    for _ in range(5):
        fail(store)

    began_s = gate_module.uptime_s()
    monkeypatch.setattr(gate_module, "uptime_s", lambda: began_s + 14.9 * 60)
    with pytest.raises(SigningRefused, match="again in 1 min"):
        SigningGate(store).check(PASSPHRASE, PIN)
    monkeypatch.setattr(gate_module, "uptime_s", lambda: began_s + 15.1 * 60)
    assert SigningGate(store).tries_left() == 5
    assert "4 tries are left" in fail(store)


def test_that_a_restart_of_the_computer_wins_no_try(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    for _ in range(5):
        fail(store)
    monkeypatch.setattr(gate_module, "uptime_s", lambda: 30.0)
    assert SigningGate(store).tries_left() == 0
    with pytest.raises(SigningRefused, match="again in 15 min"):
        SigningGate(store).check(PASSPHRASE, PIN)


def test_that_a_try_is_on_disk_before_it_is_made(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    def killed(passphrase: str, encoded: str) -> bool:
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(gate_module, "verify_passphrase", killed)
        for _ in range(5):
            with pytest.raises(KeyboardInterrupt):
                SigningGate(store).check("guess", PIN)
    store.close()
    again = open_store(store.directory)
    with pytest.raises(SigningRefused, match="locked"):
        SigningGate(again).check(PASSPHRASE, PIN)
    again.close()


def test_that_enrolling_again_forgives_nothing(store: Store, authority: Authority) -> None:
    for _ in range(5):
        fail(store)
    enrol(store, authority.identity(), authority.pem, PASSPHRASE)
    with pytest.raises(SigningRefused, match="locked"):
        SigningGate(store).check(PASSPHRASE, PIN)


def test_that_wrong_tries_are_audited_without_what_was_typed(store: Store) -> None:
    for _ in range(5):
        fail(store)
    rows = store.audit.entries()
    assert [row.action for row in rows] == ["signing failed"] * 4 + ["signing locked"]
    assert "wrong" not in str(rows)


def test_that_nothing_can_be_signed_before_enrolment(tmp_path: Path) -> None:
    store = open_store(tmp_path / "profile")
    with pytest.raises(SigningRefused, match=r"No signing certificate .* Hospital › Signing certificate"):
        SigningGate(store).check(PASSPHRASE, PIN)
    store.close()


def test_that_enrolment_with_the_pin_tells_who_will_sign(store: Store, authority: Authority) -> None:
    assert find_signer(store) is None
    p12 = authority.identity("Dr Bo")
    with pytest.raises(SigningRefused):
        enrol(store, p12, authority.pem, PASSPHRASE, pin="000000")
    enrol(store, p12, authority.pem, PASSPHRASE, pin=PIN, practitioner_reference="Practitioner/bo", npi="1234567893")
    signer = find_signer(store)
    assert signer is not None
    assert (signer.name, signer.reference, signer.npi) == ("Dr Bo", "Practitioner/bo", "1234567893")
