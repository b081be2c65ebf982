"""Secrets go to a keyring that encrypts, or nowhere."""

from __future__ import annotations

import pytest
from keyring.backend import KeyringBackend
from keyring.backends import SecretService, fail, null
from keyring.errors import KeyringLocked

import sync.secret_keeper as module
from sync.errors import KeyringUnavailable
from sync.secret_keeper import SystemKeyring


class PlaintextKeyring(KeyringBackend):
    """As keyrings.alt has them."""

    priority = 1.0  # type: ignore[assignment]

    def set_password(self, service: str, username: str, password: str) -> None:
        raise AssertionError("a secret went to a file in plain text")

    def get_password(self, service: str, username: str) -> str | None:
        raise AssertionError("a plain file was asked for a secret")


class LockedSecretService(SecretService.Keyring):
    """The desktop's keyring while nobody unlocked it."""

    def set_password(self, service: str, username: str, password: str) -> None:
        raise KeyringLocked("locked")

    def get_password(self, service: str, username: str) -> str | None:
        raise KeyringLocked("locked")

    def delete_password(self, service: str, username: str) -> None:
        raise KeyringLocked("locked")


def use(monkeypatch: pytest.MonkeyPatch, backend: KeyringBackend) -> SystemKeyring:
    monkeypatch.setattr("keyring.core.get_keyring", lambda: backend)
    return SystemKeyring()


@pytest.mark.parametrize("backend", [PlaintextKeyring, null.Keyring, fail.Keyring])
def test_that_what_does_not_encrypt_counts_as_no_keyring(
    monkeypatch: pytest.MonkeyPatch, backend: type[KeyringBackend]
) -> None:
    keeper = use(monkeypatch, backend())
    with pytest.raises(KeyringUnavailable, match="has no keyring"):
        keeper.put("name", "secret")
    with pytest.raises(KeyringUnavailable, match="has no keyring"):
        keeper.find("name")


def test_that_a_locked_keyring_is_a_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    LockedSecretService.__module__ = "keyring.backends.SecretService"
    keeper = use(monkeypatch, LockedSecretService())
    for ask in (lambda: keeper.find("n"), lambda: keeper.put("n", "s"), lambda: keeper.delete("n")):
        with pytest.raises(KeyringUnavailable, match="is locked"):
            ask()
    assert module.SERVICE == "Reading Room"
