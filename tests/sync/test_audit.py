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
from sync.store.audit_trail import GENESIS
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
        AuditAction.MARK_REVISED,
        AuditAction.SIGNED,
        AuditAction.RECEIPT,
        AuditAction.CASE_WITHDRAWN,
        AuditAction.PATIENT_MISMATCH_OVERRIDE,
    ):
        assert f'"{action}"' in source
