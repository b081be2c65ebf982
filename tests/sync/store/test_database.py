"""Opening a store: its key, its schema, a second program, and what a wrong state says."""

from __future__ import annotations

import os
import stat
import subprocess
import sys
import threading
from pathlib import Path

import pytest
from sqlalchemy import inspect

from sync.errors import StoreUnavailable
from sync.store import connection as connection_module
from sync.store.connection import Database
from sync.store.database import Store, open_store
from sync.store.migrations import KNOWN_VERSION, STEPS
from sync.store.tables import metadata
from sync.vault.keys import StoreKeys
from tests.sync.sample_records import CASE, sample_case, sample_revision
from tests.sync.store.conftest import killed_copy


def test_that_first_use_makes_a_key_only_its_owner_can_read(store: Store) -> None:
    key = store.directory / "store.key"
    assert key.stat().st_mode & 0o777 == 0o600
    assert len(bytes.fromhex(key.read_text("ascii"))) == 32
    assert sorted(path.name for path in store.directory.glob("store.key*")) == ["store.key"]


def test_that_the_profiles_folder_is_the_owners_alone_whoever_made_it(tmp_path: Path) -> None:
    folder = tmp_path / "demo"
    folder.mkdir(mode=0o755)
    open_store(folder).close()
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700


def test_that_a_lost_or_damaged_key_is_named(store: Store) -> None:
    store.close()
    key = store.directory / "store.key"
    for content in (None, "", "not hexadecimal", "ab" * 31):
        key.unlink(missing_ok=True)
        if content is not None:
            key.write_text(content)
        for read_only in (False, True):
            with pytest.raises(StoreUnavailable, match=r"store\.key"):
                open_store(store.directory, read_only=read_only)
    assert (store.directory / "store.db").stat().st_size > 0


def test_that_a_torn_key_without_a_database_is_replaced(tmp_path: Path) -> None:
    (tmp_path / "store.key").write_text("ab")
    open_store(tmp_path).close()
    assert len((tmp_path / "store.key").read_text("ascii")) == 64


def test_that_a_wrong_key_opens_nothing(store: Store, capfd: pytest.CaptureFixture[str]) -> None:
    store.close()
    (store.directory / "store.key").write_text("00" * 32)
    with pytest.raises(StoreUnavailable, match="its key does not fit"):
        open_store(store.directory)
    assert capfd.readouterr().err == ""


def test_that_a_damaged_database_is_a_sentence(store: Store) -> None:
    store.cases.put_case(sample_case(), [])
    store.close()
    file = store.directory / "store.db"
    content = bytearray(file.read_bytes())
    content[100:200] = bytes(100)
    file.write_bytes(content)
    with pytest.raises(StoreUnavailable):
        open_store(store.directory).cases.list_cases()


def test_that_a_newer_schema_is_left_untouched(store: Store) -> None:
    with store._database.writing() as connection:
        connection.exec_driver_sql(f"PRAGMA user_version = {KNOWN_VERSION + 1}")
    store.close()
    for read_only in (False, True):
        with pytest.raises(StoreUnavailable, match="newer version"):
            open_store(store.directory, read_only=read_only)


def test_that_every_migration_is_listed_in_order() -> None:
    from sync.store import migrations

    modules = sorted(path.stem for path in Path(str(migrations.__file__)).parent.glob("0*.py"))
    assert list(STEPS) == modules
    assert len({name[:4] for name in modules}) == len(modules), "two steps with one number"


def test_that_the_tables_are_what_the_migrations_made(store: Store) -> None:
    with store._database.reading() as connection:
        found = inspect(connection)
        assert {name for name in found.get_table_names() if not name.startswith("sqlite_")} == set(metadata.tables)
        for table in metadata.sorted_tables:
            assert {column["name"] for column in found.get_columns(table.name)} == set(table.columns.keys()), table
            keys = found.get_pk_constraint(table.name)["constrained_columns"]
            assert set(keys) == {column.name for column in table.primary_key}, table


def test_that_each_connection_is_durable_and_private(store: Store) -> None:
    expected = {"journal_mode": "wal", "synchronous": 2, "secure_delete": 1, "temp_store": 2, "foreign_keys": 1}
    with store._database.reading() as connection:
        for name, value in expected.items():
            assert connection.exec_driver_sql(f"PRAGMA {name}").scalar_one() == value, name
        assert str(connection.exec_driver_sql("PRAGMA cipher_memory_security").scalar_one()) == "1"


def test_that_a_second_program_reads_while_the_first_writes(store: Store) -> None:
    store.cases.put_case(sample_case(), [])
    program = (
        "import sys; from pathlib import Path; from sync.store.database import open_store;"
        "store = open_store(Path(sys.argv[1]), read_only=True);"
        "print(store.cases.list_cases()[0].case_id)"
    )
    with store._database.writing():
        done = subprocess.run(
            [sys.executable, "-c", program, str(store.directory)], capture_output=True, text=True, check=True
        )
    assert done.stdout.strip() == CASE


def test_that_a_reader_changes_nothing(store: Store) -> None:
    store.annotations.append(sample_revision())
    reader = open_store(store.directory, read_only=True)
    with pytest.raises(StoreUnavailable, match="reading only"):
        reader.annotations.append(sample_revision(revision=2))
    assert reader.annotations.list_current(CASE) == (sample_revision(),)
    store.annotations.append(sample_revision(revision=2))
    assert len(reader.annotations.list_history(CASE)) == 2
    reader.close()


def test_that_reading_where_nothing_is_makes_nothing(tmp_path: Path) -> None:
    with pytest.raises(StoreUnavailable, match="no store yet"):
        open_store(tmp_path / "empty", read_only=True)
    assert not (tmp_path / "empty").exists()


def test_that_a_folder_that_cannot_be_made_is_a_sentence(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(StoreUnavailable, match="cannot be used"):
        open_store(tmp_path / "file")


def test_that_another_writer_is_waited_for_and_then_named(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connection_module, "BUSY_TIMEOUT_S", 0.05)
    other = open_store(store.directory)
    with store._database.writing(), pytest.raises(StoreUnavailable, match="Another program is writing"):
        other.session.put("a", "b")
    other.session.put("a", "b")
    assert store.session.find("a") == "b"
    other.close()


def test_that_a_full_disk_is_a_sentence_and_loses_nothing(store: Store) -> None:
    store.session.put("before", "kept")
    small = Database(
        store.directory / "store.db",
        StoreKeys(bytes.fromhex((store.directory / "store.key").read_text()), from_key_file=True),
        read_only=False,
    )
    with pytest.raises(StoreUnavailable, match="disk is full"), small.writing() as connection:
        pages = connection.exec_driver_sql("PRAGMA page_count").scalar_one()
        connection.exec_driver_sql(f"PRAGMA max_page_count = {pages}")
        connection.exec_driver_sql("INSERT INTO session VALUES ('big', hex(randomblob(200000)))")
    small.close()
    assert store.session.find("before") == "kept"
    assert store.session.find("big") is None


def test_that_many_threads_may_write_and_read(store: Store) -> None:
    failures: list[BaseException] = []

    def work(name: int) -> None:
        try:
            for revision in range(1, 6):
                store.annotations.append(sample_revision(f"a{name}", revision))
                store.annotations.list_current(CASE)
        except BaseException as error:  # noqa: BLE001  carried to the test's own thread
            failures.append(error)

    threads = [threading.Thread(target=work, args=(name,)) for name in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []
    assert len(store.annotations.list_history(CASE)) == 30
    assert store.audit.verify() is None


def test_that_a_killed_program_leaves_a_store_that_opens(store: Store, tmp_path: Path) -> None:
    store.annotations.append(sample_revision())
    again = open_store(killed_copy(store.directory, tmp_path / "copy"))
    assert again.annotations.list_current(CASE) == (sample_revision(),)
    again.close()


def test_that_importing_the_store_loads_no_database_library() -> None:
    program = "import sys, sync.store.database; print([m for m in ('sqlalchemy', 'sqlcipher3') if m in sys.modules])"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True, env=os.environ)
    assert done.stdout.strip() == "[]"
