"""Schema 1: cases, objects, marks, opinions, outbox, session, audit and the vault's index.

The triggers are the last line behind the Python rules: marks, signed opinions and audit rows are written once.
"""

from __future__ import annotations

from sqlalchemy import Connection

TABLES = """
CREATE TABLE case_record (
    case_id TEXT PRIMARY KEY, record TEXT NOT NULL, withdrawn TEXT);
CREATE TABLE fhir_resource (
    reference TEXT PRIMARY KEY, case_id TEXT NOT NULL, content TEXT NOT NULL);
CREATE INDEX fhir_resource_case ON fhir_resource (case_id);
CREATE TABLE sync_token (
    only_row INTEGER PRIMARY KEY CHECK (only_row = 1), content TEXT NOT NULL);
CREATE TABLE stored_object (
    object_id INTEGER PRIMARY KEY, case_id TEXT NOT NULL, source TEXT NOT NULL, sop_instance_uid TEXT NOT NULL,
    sha256 TEXT NOT NULL, record TEXT NOT NULL, UNIQUE (case_id, source, sop_instance_uid));
CREATE INDEX stored_object_instance ON stored_object (case_id, sop_instance_uid);
CREATE TABLE rejected_object (
    object_id INTEGER PRIMARY KEY, case_id TEXT NOT NULL, source TEXT NOT NULL, title TEXT NOT NULL,
    record TEXT NOT NULL, UNIQUE (case_id, source, title));
CREATE TABLE expected_instances (
    case_id TEXT NOT NULL, source TEXT NOT NULL, series_uid TEXT NOT NULL, sop_instance_uids TEXT NOT NULL,
    PRIMARY KEY (case_id, source, series_uid));
CREATE TABLE display_facts (
    case_id TEXT NOT NULL, name TEXT NOT NULL, payload BLOB NOT NULL, PRIMARY KEY (case_id, name));
CREATE TABLE mismatch_override (
    case_id TEXT PRIMARY KEY, reason TEXT NOT NULL, at TEXT NOT NULL);
CREATE TABLE annotation_revision (
    position INTEGER PRIMARY KEY, case_id TEXT NOT NULL, annotation_id TEXT NOT NULL, revision INTEGER NOT NULL,
    target TEXT NOT NULL, author TEXT NOT NULL, at TEXT NOT NULL, deleted INTEGER NOT NULL, payload TEXT NOT NULL,
    UNIQUE (case_id, annotation_id, revision));
CREATE TABLE opinion_draft (
    case_id TEXT PRIMARY KEY, response TEXT NOT NULL, saved_at TEXT NOT NULL);
CREATE TABLE signed_opinion (
    opinion_identifier TEXT PRIMARY KEY, case_id TEXT NOT NULL, version INTEGER NOT NULL, envelope BLOB NOT NULL,
    jws TEXT NOT NULL, report_pdf BLOB NOT NULL, response TEXT NOT NULL, signed_at TEXT NOT NULL,
    signer_name TEXT NOT NULL, certificate_sha256 TEXT NOT NULL, UNIQUE (case_id, version));
CREATE TABLE marks_file (
    opinion_identifier TEXT NOT NULL REFERENCES signed_opinion (opinion_identifier), position INTEGER NOT NULL,
    target TEXT NOT NULL, title TEXT NOT NULL, content_type TEXT NOT NULL, content BLOB NOT NULL,
    sha256 TEXT NOT NULL, annotation_ids TEXT NOT NULL, subject_reference TEXT NOT NULL,
    PRIMARY KEY (opinion_identifier, position));
CREATE TABLE receipt (
    opinion_identifier TEXT PRIMARY KEY REFERENCES signed_opinion (opinion_identifier), case_id TEXT NOT NULL,
    record TEXT NOT NULL);
CREATE TABLE outbox (
    entry_id INTEGER PRIMARY KEY AUTOINCREMENT, case_id TEXT NOT NULL, kind TEXT NOT NULL, subject TEXT NOT NULL,
    state TEXT NOT NULL, attempts INTEGER NOT NULL, last_error TEXT NOT NULL, queued_at TEXT NOT NULL,
    last_attempt_at TEXT);
CREATE UNIQUE INDEX outbox_opinion_once ON outbox (subject) WHERE kind = 'opinion';
CREATE TABLE session (
    name TEXT PRIMARY KEY, content TEXT NOT NULL);
CREATE TABLE secret (
    name TEXT PRIMARY KEY, content BLOB NOT NULL);
CREATE TABLE audit (
    seq INTEGER PRIMARY KEY AUTOINCREMENT, at TEXT NOT NULL, actor TEXT NOT NULL, action TEXT NOT NULL,
    case_ref TEXT, object TEXT NOT NULL, outcome TEXT NOT NULL, detail TEXT NOT NULL, prev TEXT NOT NULL,
    hash TEXT NOT NULL);
CREATE TABLE case_key (
    case_id TEXT PRIMARY KEY, content BLOB NOT NULL);
CREATE TABLE vault_file (
    file_id TEXT PRIMARY KEY, case_id TEXT NOT NULL REFERENCES case_key (case_id), sha256 TEXT NOT NULL,
    size_bytes INTEGER NOT NULL, UNIQUE (sha256, case_id))
"""

WRITTEN_ONCE = ("annotation_revision", "signed_opinion", "marks_file", "receipt", "audit", "case_key", "vault_file")


def upgrade(connection: Connection) -> None:
    """From an empty database to schema 1."""
    for statement in TABLES.split(";\n"):
        connection.exec_driver_sql(statement)
    for table in WRITTEN_ONCE:
        connection.exec_driver_sql(
            f"CREATE TRIGGER {table}_written_once BEFORE UPDATE ON {table} "
            f"BEGIN SELECT RAISE(ABORT, '{table} is written once'); END"
        )
    connection.exec_driver_sql(
        "CREATE TRIGGER audit_kept BEFORE DELETE ON audit BEGIN SELECT RAISE(ABORT, 'audit is kept'); END"
    )
