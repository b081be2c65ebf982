"""What happens while the store is closed is in its audit trail after it is opened, once, with its time."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

import pytest

from sync.audit import happened_at, outcome_words
from sync.errors import UnlockRefused
from sync.fhir.audit_mapping import audit_event
from sync.records.audit_entry import AuditEntry
from sync.store.database import Store, open_store
from sync.vault.event_notes import MOST_BYTES, NOTES_FILE, note_event, read_notes
from sync.vault.keys import Unlock

OPENS = Unlock(passphrase="correct horse battery")


def rows(store: Store, action: str) -> list[AuditEntry]:
    return [entry for entry in store.audit.entries() if entry.action == action]


def test_that_wrong_passphrases_are_entered_at_the_next_unlock_with_their_own_times(tmp_path: Path) -> None:
    store = open_store(tmp_path / "p", unlock=OPENS)
    store.lock()
    for _ in range(2):
        with pytest.raises(UnlockRefused):
            store.unlock(Unlock(passphrase="not the right one"))
    times = [note.at for note in read_notes(tmp_path / "p")]
    store.unlock(OPENS)
    wrong = rows(store, "wrong passphrase")
    assert [entry.detail["noted_at"] for entry in wrong] == times
    assert [happened_at(entry).isoformat() for entry in wrong] == times
    assert {entry.outcome for entry in wrong} == {"refused"}
    (unlocked,) = rows(store, "unlocked")
    assert [entry.seq < unlocked.seq for entry in wrong] == [True, True], "they came before the right one"
    assert not (tmp_path / "p" / NOTES_FILE).exists()
    assert store.audit.verify() is None
    event = audit_event(wrong[0], "")
    assert (event["recorded"], event["outcome"], event["type"]["code"]) == (times[0], "4", "110114")
    store.close()


def test_that_a_wrong_passphrase_while_the_store_is_open_stands_before_the_change_that_follows(tmp_path: Path) -> None:
    store = open_store(tmp_path / "p", unlock=OPENS)
    with pytest.raises(UnlockRefused):
        store.change_unlock(Unlock(passphrase="not the right one"), Unlock(passphrase="another good passphrase"))
    (wrong,) = rows(store, "wrong passphrase")
    store.change_unlock(OPENS, Unlock(passphrase="another good passphrase"))
    (changed,) = rows(store, "passphrase changed")
    assert wrong.seq < changed.seq
    assert not read_notes(tmp_path / "p")
    store.close()


def test_that_a_sign_in_before_there_is_a_store_is_entered_under_its_own_actor(tmp_path: Path) -> None:
    note_event(tmp_path / "p", "sign in", "clinic", "done", actor="Practitioner/me")
    store = open_store(tmp_path / "p", unlock=OPENS)
    (entry,) = rows(store, "sign in")
    assert (entry.actor, entry.object, entry.outcome) == ("Practitioner/me", "clinic", "done")
    store.close()


def test_that_a_kill_between_entering_and_removing_enters_nothing_twice(tmp_path: Path) -> None:
    note_event(tmp_path / "p", "sign in", "clinic", "done")
    kept = (tmp_path / "p" / NOTES_FILE).read_bytes()
    open_store(tmp_path / "p", unlock=OPENS).close()
    (tmp_path / "p" / NOTES_FILE).write_bytes(kept)
    store = open_store(tmp_path / "p", unlock=OPENS)
    assert len(rows(store, "sign in")) == 1
    store.close()


def test_that_torn_and_foreign_lines_are_no_notes_and_the_file_stays_small(tmp_path: Path) -> None:
    note_event(tmp_path, "sign in", "clinic", "done")
    file = tmp_path / NOTES_FILE
    whole = file.read_bytes()
    file.write_bytes(b'{"note": 1}\n[]\n\xff\n' + whole + whole[:40])
    assert [note.action for note in read_notes(tmp_path)] == ["sign in"]
    file.write_bytes(b"x" * MOST_BYTES)
    note_event(tmp_path, "sign in", "clinic", "done")
    assert file.stat().st_size == MOST_BYTES


def test_that_reading_beside_a_window_leaves_the_notes_to_it(tmp_path: Path) -> None:
    open_store(tmp_path / "p", unlock=OPENS).close()
    note_event(tmp_path / "p", "sign in", "clinic", "done")
    open_store(tmp_path / "p", unlock=OPENS, read_only=True).close()
    assert len(read_notes(tmp_path / "p")) == 1


def test_that_an_older_row_is_shown_in_todays_word_and_stays_as_it_was_sealed(tmp_path: Path) -> None:
    store = open_store(tmp_path / "p", unlock=OPENS)
    entry = store.audit.append("case opened", None, "case", "success", {})
    assert (outcome_words(entry), store.audit.entries()[-1].outcome) == ("done", "success")
    assert datetime.fromisoformat(audit_event(entry, "")["recorded"]) == entry.at
    assert store.audit.verify() is None
    store.close()
