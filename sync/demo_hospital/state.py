"""What the demo hospital knows: versioned FHIR resources, an index of DICOM instances, and files, in one SQLite file.

Nothing of HTTP, of searching or of FHIR's rules is here. A change is on disk (WAL, synchronous=FULL) when the call
returns, or, inside `HospitalState.transaction`, when that block ends.
"""

from __future__ import annotations

import hashlib
import json
import sqlite3
import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from types import TracebackType
from typing import Any

from sync.demo_hospital.dicom_index import InstanceEntry, read_entry
from sync.errors import StoreUnavailable

Json = dict[str, Any]

BASE_PLACEHOLDER = "hospital-base:"
"""Stands for ``http://host:port`` in stored URLs, because the port may differ from one start to the next."""

_SCHEMA = """
CREATE TABLE IF NOT EXISTS resource (
    type TEXT NOT NULL, id TEXT NOT NULL, version INTEGER NOT NULL, last_updated TEXT NOT NULL, json TEXT NOT NULL,
    PRIMARY KEY (type, id, version)) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS current (
    type TEXT NOT NULL, id TEXT NOT NULL, version INTEGER NOT NULL, PRIMARY KEY (type, id)) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS instance (
    sop_uid TEXT PRIMARY KEY, series_uid TEXT NOT NULL, study_uid TEXT NOT NULL, partition TEXT NOT NULL,
    transfer_syntax TEXT NOT NULL, path TEXT NOT NULL, size_bytes INTEGER NOT NULL, attributes TEXT NOT NULL,
    is_local INTEGER NOT NULL);
CREATE INDEX IF NOT EXISTS instance_by_series ON instance (study_uid, series_uid);
CREATE TABLE IF NOT EXISTS file (
    id TEXT PRIMARY KEY, path TEXT NOT NULL, content_type TEXT NOT NULL, size_bytes INTEGER NOT NULL,
    sha256 TEXT NOT NULL, mtime_ns INTEGER NOT NULL);
CREATE TABLE IF NOT EXISTS local_file (
    folder TEXT NOT NULL, path TEXT NOT NULL, size_bytes INTEGER NOT NULL, mtime_ns INTEGER NOT NULL,
    facts TEXT NOT NULL, PRIMARY KEY (folder, path)) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS local_case (key TEXT PRIMARY KEY, number INTEGER NOT NULL, unidentified INTEGER);
CREATE TABLE IF NOT EXISTS fact (name TEXT PRIMARY KEY, value TEXT NOT NULL);
"""


@dataclass(frozen=True, slots=True)
class StoredResource:
    """One version of one resource; ``text`` is its JSON with `BASE_PLACEHOLDER` in place of the hospital's address."""

    type: str
    id: str
    version: int
    last_updated: str
    text: str

    @property
    def reference(self) -> str:
        return f"{self.type}/{self.id}"

    @property
    def json(self) -> Json:
        found: Json = json.loads(self.text)
        return found


@dataclass(frozen=True, slots=True)
class StoredInstance:
    """A DICOM instance in the archive: where its Part 10 file lies and what QIDO-RS says of it (DICOM JSON)."""

    study_uid: str
    series_uid: str
    sop_uid: str
    transfer_syntax: str
    path: Path
    size_bytes: int
    attributes: Json


@dataclass(frozen=True, slots=True)
class StoredFile:
    """A file offered under ``/files/{id}``."""

    id: str
    path: Path
    content_type: str
    size_bytes: int
    sha256: str
    """Lower-case hexadecimal."""
    mtime_ns: int


class HospitalState:
    """The hospital's memory. Thread-safe: one connection behind one lock; no call is long.

    Raises `StoreUnavailable` where the folder holds something that is not this database.
    """

    def __init__(self, state_dir: Path) -> None:
        self.state_dir = state_dir.resolve()
        self.state_dir.mkdir(parents=True, exist_ok=True)
        self._lock = threading.RLock()
        self._changes: Counter[str] = Counter()
        path = self.state_dir / "hospital.db"
        self._connection = sqlite3.connect(path, check_same_thread=False, isolation_level=None)
        try:
            self._connection.execute("PRAGMA journal_mode=WAL")
            self._connection.execute("PRAGMA synchronous=FULL")
            self._connection.executescript(_SCHEMA)
        except sqlite3.DatabaseError as error:
            self._connection.close()
            raise StoreUnavailable(f"The demo hospital's database {path} cannot be opened: {error}.") from error

    def close(self) -> None:
        with self._lock:
            self._connection.close()

    def __enter__(self) -> HospitalState:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """All changes inside, or none: an exception undoes them. Blocks may nest; the outermost decides."""
        with self._lock:
            if self._connection.in_transaction:
                yield
                return
            self._connection.execute("BEGIN IMMEDIATE")
            try:
                yield
                self._connection.execute("COMMIT")
            except BaseException:
                self._changes.update(list(self._changes))
                with suppress(sqlite3.OperationalError):  # a COMMIT that failed may have undone it already
                    self._connection.execute("ROLLBACK")
                raise

    # Resources

    def put_resource(self, resource: Json) -> StoredResource:
        """Store the next version of *resource* (it must have resourceType and id); meta is set here."""
        kind, resource_id = str(resource["resourceType"]), str(resource["id"])
        with self.transaction():
            current = self.find_resource(kind, resource_id)
            version = current.version + 1 if current else 1
            last_updated = now_text()
            meta = {**resource.get("meta", {}), "versionId": str(version), "lastUpdated": last_updated}
            text = json.dumps({**resource, "meta": meta}, ensure_ascii=False)
            self._connection.execute(
                "INSERT INTO resource VALUES (?, ?, ?, ?, ?)", (kind, resource_id, version, last_updated, text)
            )
            self._connection.execute("INSERT OR REPLACE INTO current VALUES (?, ?, ?)", (kind, resource_id, version))
            self._changes[kind] += 1
        return StoredResource(kind, resource_id, version, last_updated, text)

    def count_changes(self, kind: str) -> int:
        """A number that differs whenever resources of this type may have changed since it was asked for last."""
        with self._lock:
            return self._changes[kind]

    def put_resource_if_changed(self, resource: Json) -> StoredResource:
        """As `put_resource`, but a resource equal to the current version apart from meta is left as it is."""
        with self.transaction():
            current = self.find_resource(str(resource["resourceType"]), str(resource["id"]))
            if current is not None:
                held = current.json
                meta = {k: v for k, v in held.pop("meta").items() if k not in ("versionId", "lastUpdated")}
                if ({**held, "meta": meta} if meta else held) == resource:
                    return current
            return self.put_resource(resource)

    def find_resource(self, kind: str, resource_id: str, version: int | None = None) -> StoredResource | None:
        """The current version, or the one asked for."""
        if version is None:
            query = "SELECT r.* FROM resource r JOIN current c USING (type, id, version) WHERE type = ? AND id = ?"
            rows = self._rows(query, (kind, resource_id))
        else:
            query = "SELECT * FROM resource WHERE type = ? AND id = ? AND version = ?"
            rows = self._rows(query, (kind, resource_id, version))
        return _to_resource(rows[0]) if rows else None

    def list_versions(self, kind: str, resource_id: str) -> list[StoredResource]:
        """Every version of one resource, newest first; empty where it never was."""
        query = "SELECT * FROM resource WHERE type = ? AND id = ? ORDER BY version DESC"
        return [_to_resource(row) for row in self._rows(query, (kind, resource_id))]

    def list_resources(self, kind: str) -> list[StoredResource]:
        """The current version of every resource of one type, oldest change first."""
        query = (
            "SELECT r.* FROM resource r JOIN current c USING (type, id, version) WHERE type = ?"
            " ORDER BY r.last_updated, r.id"
        )
        return [_to_resource(row) for row in self._rows(query, (kind,))]

    # DICOM instances

    def put_instance(self, path: Path, partition: str = "") -> InstanceEntry:
        """Index the DICOM Part 10 file at *path*, which stays where it is. Raises `UnusableInstance`."""
        entry = read_entry(path)
        self.put_instance_entry(path, entry, partition)
        return entry

    def put_instance_entry(self, path: Path, entry: InstanceEntry, partition: str = "") -> None:
        """Index a file whose header was read before."""
        kept_path = self._kept_path(path)
        attributes = json.dumps(entry.attributes, ensure_ascii=False)
        row = (
            entry.sop_uid, entry.series_uid, entry.study_uid, partition, entry.transfer_syntax,
            kept_path, entry.size_bytes, attributes, Path(kept_path).is_absolute(),
        )  # fmt: skip
        with self.transaction():
            self._connection.execute("INSERT OR REPLACE INTO instance VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)", row)

    def list_instances(
        self, partition: str, study_uid: str | None = None, series_uid: str | None = None, sop_uid: str | None = None
    ) -> list[StoredInstance]:
        """Instances matching every UID given, in a stable order: study, series, instance number, SOP Instance UID."""
        query = "SELECT * FROM instance WHERE partition = ?"
        values: list[str] = [partition]
        for column, wanted in (("study_uid", study_uid), ("series_uid", series_uid), ("sop_uid", sop_uid)):
            if wanted is not None:
                query += f" AND {column} = ?"
                values.append(wanted)
        found = [self._to_instance(row) for row in self._rows(query, tuple(values))]
        return sorted(found, key=lambda i: (i.study_uid, i.series_uid, _instance_number(i), i.sop_uid))

    def find_instance(self, sop_uid: str) -> StoredInstance | None:
        """The instance with this UID, in whichever partition."""
        rows = self._rows("SELECT * FROM instance WHERE sop_uid = ?", (sop_uid,))
        return self._to_instance(rows[0]) if rows else None

    def holds_instance(self, sop_uid: str) -> bool:
        return bool(self._rows("SELECT 1 FROM instance WHERE sop_uid = ?", (sop_uid,)))

    def forget_local_instances(self) -> None:
        """Forget every instance whose file does not lie in the state folder. The files stay."""
        with self.transaction():
            self._connection.execute("DELETE FROM instance WHERE is_local")

    # Files

    def put_file(self, path: Path, content_type: str, file_id: str, sha256: str | None = None) -> StoredFile:
        """Offer the file at *path*, which stays where it is, under ``/files/{file_id}``."""
        stat = path.stat()
        digest = sha256 or digest_file(path)
        row = (file_id, self._kept_path(path), content_type, stat.st_size, digest, stat.st_mtime_ns)
        with self.transaction():
            self._connection.execute("INSERT OR REPLACE INTO file VALUES (?, ?, ?, ?, ?, ?)", row)
        return StoredFile(file_id, path, content_type, stat.st_size, digest, stat.st_mtime_ns)

    def find_file(self, file_id: str) -> StoredFile | None:
        rows = self._rows("SELECT * FROM file WHERE id = ?", (file_id,))
        if not rows:
            return None
        found_id, path, content_type, size_bytes, sha256, mtime_ns = rows[0]
        return StoredFile(found_id, self.state_dir / path, content_type, size_bytes, sha256, mtime_ns)

    # What was found in a folder of local data

    def find_local_facts(self, folder: Path) -> dict[str, tuple[int, int, Json]]:
        """By path below *folder*: size in bytes, modification time in ns, and what the scan made of the file."""
        query = "SELECT path, size_bytes, mtime_ns, facts FROM local_file WHERE folder = ?"
        return {row[0]: (row[1], row[2], json.loads(row[3])) for row in self._rows(query, (str(folder),))}

    def replace_local_facts(self, folder: Path, found: dict[str, tuple[int, int, Json]]) -> None:
        rows = [(str(folder), path, size, mtime, json.dumps(facts)) for path, (size, mtime, facts) in found.items()]
        with self.transaction():
            self._connection.execute("DELETE FROM local_file WHERE folder = ?", (str(folder),))
            self._connection.executemany("INSERT INTO local_file VALUES (?, ?, ?, ?, ?)", rows)

    def number_local_case(self, key: str, *, identified: bool) -> tuple[int, int | None]:
        """The lasting number of a local case, and its lasting number among patients without identity."""
        with self.transaction():
            rows = self._rows("SELECT number, unidentified FROM local_case WHERE key = ?", (key,))
            if not rows:
                number = self._rows("SELECT coalesce(max(number), 0) + 1 FROM local_case", ())[0][0]
                unidentified = None
                if not identified:
                    unidentified = self._rows("SELECT coalesce(max(unidentified), 0) + 1 FROM local_case", ())[0][0]
                rows = [(number, unidentified)]
                self._connection.execute("INSERT INTO local_case VALUES (?, ?, ?)", (key, number, unidentified))
        return rows[0][0], rows[0][1]

    # Small facts

    def put_fact(self, name: str, value: str) -> None:
        with self.transaction():
            self._connection.execute("INSERT OR REPLACE INTO fact VALUES (?, ?)", (name, value))

    def find_fact(self, name: str) -> str | None:
        rows = self._rows("SELECT value FROM fact WHERE name = ?", (name,))
        return str(rows[0][0]) if rows else None

    def _rows(self, query: str, values: tuple[Any, ...]) -> list[tuple[Any, ...]]:
        with self._lock:
            return self._connection.execute(query, values).fetchall()

    def _kept_path(self, path: Path) -> str:
        """Relative to the state folder where it lies below it, so that the folder can be moved."""
        whole = path.resolve()
        return str(whole.relative_to(self.state_dir) if whole.is_relative_to(self.state_dir) else whole)

    def _to_instance(self, row: tuple[Any, ...]) -> StoredInstance:
        sop_uid, series_uid, study_uid, _, transfer_syntax, path, size_bytes, attributes, _ = row
        return StoredInstance(
            study_uid, series_uid, sop_uid, transfer_syntax, self.state_dir / path, size_bytes, json.loads(attributes)
        )


def now_text() -> str:
    """The hospital's clock as a FHIR R4 instant, to the millisecond, in UTC."""
    return datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def digest_file(path: Path) -> str:
    """SHA-256 of the file, lower-case hexadecimal."""
    with path.open("rb") as opened:
        return hashlib.file_digest(opened, "sha256").hexdigest()


def _to_resource(row: tuple[Any, ...]) -> StoredResource:
    kind, resource_id, version, last_updated, text = row
    return StoredResource(kind, resource_id, version, last_updated, text)


def _instance_number(instance: StoredInstance) -> int:
    values = instance.attributes.get("00200013", {}).get("Value", [0])
    return int(values[0] or 0)
