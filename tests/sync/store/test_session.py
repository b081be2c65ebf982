"""Small things that outlive the window, and secrets."""

from __future__ import annotations

import pytest

from sync.store.database import Store, open_store


def test_that_the_session_outlives_the_window(store: Store) -> None:
    store.session.put("open_case", "SO-1")
    store.session.put("open_case", "SO-2")
    store.close()
    again = open_store(store.directory)
    assert again.session.find("open_case") == "SO-2"
    again.session.remove("open_case")
    assert again.session.find("open_case") is None
    again.close()


def test_that_a_change_is_all_or_nothing(store: Store) -> None:
    assert store.session.change("count", lambda found: str(int(found or 0) + 1)) == "1"

    def fail(found: str | None) -> str:
        raise RuntimeError(found)

    with pytest.raises(RuntimeError, match="1"):
        store.session.change("count", fail)
    assert store.session.find("count") == "1"


def test_that_secrets_are_bytes_in_the_encrypted_database(store: Store) -> None:
    store.session.put_secret("identity.p12", b"\0\x01")
    store.session.put_secret("identity.p12", b"\0\x02")
    assert store.session.find_secret("identity.p12") == b"\0\x02"
    assert store.session.find_secret("other") is None
