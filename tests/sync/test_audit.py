"""The audit trail: a chain in which nothing can be changed, taken out or slipped in unnoticed."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from pathlib import Path

import pytest
import rfc8785
from sqlalchemy.exc import IntegrityError

import sync.store
from sync.audit import AuditAction
from sync.records.case import CaseId
from sync.store.audit_row import CHECKPOINT_EVERY, GENESIS, row_hash
from sync.store.database import Store, open_store

CASE = CaseId("SO-2026-00042")


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    store = open_store(tmp_path / "demo")
    store.audit.actor = "Practitioner/x"
    for number in range(5):
        store.audit.append(AuditAction.RECORD_VIEWED, CASE, f"DocumentReference/d{number}", "done", {"duration_s": 1.5})
    yield store
    store.close()


def tamper(store: Store, *statements: str) -> None:
    with store._database.writing() as connection:
        connection.exec_driver_sql("DROP TRIGGER audit_written_once")
        connection.exec_driver_sql("DROP TRIGGER audit_kept")
        connection.exec_driver_sql("DROP TRIGGER audit_checkpoint_kept")
        connection.exec_driver_sql("DROP TRIGGER audit_checkpoint_written_once")
        for statement in statements:
            connection.exec_driver_sql(statement)


def test_that_each_row_carries_the_hash_of_all_before_it(store: Store) -> None:
    prev = GENESIS
    for row in store.audit.entries():
        content = {
            "seq": row.seq,
            "at": row.at.isoformat(),
            "actor": "Practitioner/x",
            "action": "record viewed",
            "case_ref": CASE,
            "object": row.object,
            "outcome": "done",
            "detail": {"duration_s": 1.5},
        }
        assert row.prev == prev
        assert row.hash == hashlib.sha256(bytes.fromhex(prev) + rfc8785.dumps(content)).hexdigest()
        prev = row.hash
    assert store.audit.verify() is None


@pytest.mark.parametrize("column", ["at", "actor", "action", "case_ref", "object", "outcome", "detail", "prev", "hash"])
def test_that_a_changed_row_is_named(store: Store, column: str) -> None:
    tamper(store, f"UPDATE audit SET {column} = '{'0' * 64}' WHERE seq = 3")
    assert store.audit.verify() == "Audit row 3 is not as it was written."


def test_that_a_row_taken_out_is_named(store: Store) -> None:
    tamper(store, "DELETE FROM audit WHERE seq = 2")
    assert store.audit.verify() == "Audit row 2 is missing."


def test_that_renumbering_after_taking_out_is_noticed(store: Store) -> None:
    tamper(
        store,
        "DELETE FROM audit WHERE seq = 2",
        *(f"UPDATE audit SET seq = {n - 1} WHERE seq = {n}" for n in (3, 4, 5)),
    )
    assert store.audit.verify() == "Audit row 2 is not as it was written."


def test_that_swapped_rows_are_noticed(store: Store) -> None:
    tamper(store, *(f"UPDATE audit SET seq = {new} WHERE seq = {old}" for old, new in ((2, 9), (3, 2), (9, 3))))
    assert store.audit.verify() == "Audit row 2 is not as it was written."


def test_that_rows_cut_off_at_the_end_are_noticed(store: Store) -> None:
    tamper(store, "DELETE FROM audit WHERE seq > 3")
    assert store.audit.verify() == "Audit rows after 3 are missing; 5 were written."


def test_that_rows_cut_off_are_noticed_by_the_checkpoint_though_the_count_was_changed_too(store: Store) -> None:
    store.audit.checkpoint()
    tamper(store, "DELETE FROM audit WHERE seq > 3", "UPDATE sqlite_sequence SET seq = 3 WHERE name = 'audit'")
    assert store.audit.verify() == "Audit rows after 3 are missing; row 5 was signed for."


def test_that_a_chain_written_anew_is_not_the_one_that_was_signed_for(store: Store) -> None:
    store.audit.checkpoint()
    forged = sealed_anew(store, 3, actor="Practitioner/somebody-else")
    tamper(store, *forged)
    assert store.audit.verify() == "Audit row 5 is not the one that was signed for."


def test_that_a_checkpoint_must_be_signed_by_this_computer(store: Store) -> None:
    store.audit.checkpoint()
    forged = sealed_anew(store, 3, actor="Practitioner/somebody-else")
    head = forged[-1].split("hash = '")[1].partition("'")[0]
    tamper(store, *forged, f"UPDATE audit_checkpoint SET hash = '{head}'")
    assert store.audit.verify() == "The checkpoint at audit row 5 was not signed by this computer."


def test_that_the_head_is_signed_every_hundred_rows_and_a_missing_checkpoint_is_noticed(store: Store) -> None:
    for number in range(2 * CHECKPOINT_EVERY - 5):
        store.audit.append(AuditAction.CASE_OPENED, CASE, "case", "success", {"n": number})
    assert store.audit.verify() is None
    tamper(store, f"DELETE FROM audit_checkpoint WHERE seq = {2 * CHECKPOINT_EVERY}")
    assert store.audit.verify() == f"The checkpoint at audit row {2 * CHECKPOINT_EVERY} is missing."


def test_that_locking_the_store_signs_for_its_trail(store: Store) -> None:
    store.lock()
    store = open_store(store.directory)
    last = store.audit.entries()[-1]
    assert last.action == AuditAction.LOCKED
    tamper(store, f"DELETE FROM audit WHERE seq = {last.seq}", "UPDATE sqlite_sequence SET seq = seq - 1")
    assert store.audit.verify() == f"Audit rows after {last.seq - 1} are missing; row {last.seq} was signed for."
    store.close()


def sealed_anew(store: Store, seq: int, **changed: str) -> list[str]:
    """The statements of somebody who changes one row and seals it and all that follow again."""
    statements, prev = [], ""
    for row in store.audit.entries():
        if row.seq < seq:
            prev = row.hash
            continue
        content = {
            "seq": row.seq, "at": row.at.isoformat(), "actor": row.actor, "action": row.action,
            "case_ref": row.case_id, "object": row.object, "outcome": row.outcome, "detail": row.detail,
        }  # fmt: skip
        if row.seq == seq:
            content |= changed
        seal = row_hash(prev, content)
        statements.append(
            f"UPDATE audit SET actor = '{content['actor']}', prev = '{prev}', hash = '{seal}' WHERE seq = {row.seq}"
        )
        prev = seal
    return statements


def test_that_the_database_itself_keeps_the_trail(store: Store) -> None:
    for statement in ("UPDATE audit SET actor = 'nobody'", "DELETE FROM audit"):
        with pytest.raises(IntegrityError), store._database.writing() as connection:
            connection.exec_driver_sql(statement)
    assert len(store.audit.entries()) == 5
    assert store.audit.verify() is None


def test_that_the_store_writes_the_actions_of_the_vocabulary() -> None:
    """The rows that `sync.store` appends by itself use the words that `AuditAction` declares."""
    source = "".join(path.read_text("utf-8") for path in Path(str(sync.store.__file__)).parent.glob("*.py"))
    for action in (
        AuditAction.MARK_MADE,
        AuditAction.MARK_REVISED,
        AuditAction.MARK_DELETED,
        AuditAction.SIGNED,
        AuditAction.RECEIPT,
        AuditAction.CASE_WITHDRAWN,
        AuditAction.PATIENT_MISMATCH_OVERRIDE,
    ):
        assert f'"{action}"' in source
