"""Schema for rounds over thousands of cases: what is open, what must be read or fetched again, and how much is here.

Status, task and patient are read out of the record by SQLite itself, so that they can never disagree with it.
"""

from __future__ import annotations

from sqlalchemy import Connection

STATEMENTS = (
    "ALTER TABLE case_record ADD COLUMN status TEXT GENERATED ALWAYS AS (json_extract(record, '$.status')) VIRTUAL",
    "ALTER TABLE case_record ADD COLUMN task_reference TEXT"
    " GENERATED ALWAYS AS (json_extract(record, '$.task_reference')) VIRTUAL",
    "ALTER TABLE case_record ADD COLUMN task_version TEXT"
    " GENERATED ALWAYS AS (json_extract(record, '$.task_version')) VIRTUAL",
    "ALTER TABLE case_record ADD COLUMN patient_reference TEXT"
    " GENERATED ALWAYS AS (json_extract(record, '$.patient.reference')) VIRTUAL",
    # NULL: the next round reads the case. Else the hospital's time (ISO 8601, UTC) from which it is read again.
    "ALTER TABLE case_record ADD COLUMN read_again_at TEXT",
    # 0: everything that the case lists is here or was turned away.
    "ALTER TABLE case_record ADD COLUMN to_fetch INTEGER NOT NULL DEFAULT 1",
    "CREATE INDEX case_record_state"
    " ON case_record (withdrawn, status, case_id, task_reference, task_version, patient_reference)",
    "CREATE INDEX case_record_reading ON case_record (read_again_at, withdrawn, status, case_id)",
    "CREATE INDEX case_record_patient ON case_record (patient_reference)",
    "CREATE INDEX case_record_to_fetch ON case_record (case_id) WHERE to_fetch = 1",
    "CREATE TABLE refused_task (reference TEXT PRIMARY KEY, sentence TEXT NOT NULL)",
    "CREATE TABLE object_tally (case_id TEXT NOT NULL, source TEXT NOT NULL, series_uid TEXT NOT NULL,"
    " here INTEGER NOT NULL, strangers INTEGER NOT NULL, PRIMARY KEY (case_id, source, series_uid)) WITHOUT ROWID",
    "INSERT INTO object_tally SELECT case_id, source, coalesce(json_extract(record, '$.series_uid'), ''), count(*),"
    " sum(coalesce(json_extract(record, '$.patient_mismatch'), '') <> '') FROM stored_object GROUP BY 1, 2, 3",
)

_ADD = """
    INSERT INTO object_tally VALUES (new.case_id, new.source, coalesce(json_extract(new.record, '$.series_uid'), ''), 1,
        coalesce(json_extract(new.record, '$.patient_mismatch'), '') <> '')
    ON CONFLICT DO UPDATE SET here = here + 1, strangers = strangers + excluded.strangers;"""
_TAKE = """
    UPDATE object_tally SET here = here - 1,
        strangers = strangers - (coalesce(json_extract(old.record, '$.patient_mismatch'), '') <> '')
        WHERE case_id = old.case_id AND source = old.source
        AND series_uid = coalesce(json_extract(old.record, '$.series_uid'), '');
    DELETE FROM object_tally WHERE case_id = old.case_id AND source = old.source AND here <= 0;"""
TRIGGERS = (
    f"CREATE TRIGGER stored_object_comes AFTER INSERT ON stored_object BEGIN {_ADD} END",
    f"CREATE TRIGGER stored_object_goes AFTER DELETE ON stored_object BEGIN {_TAKE} END",
    f"CREATE TRIGGER stored_object_turns AFTER UPDATE ON stored_object BEGIN {_TAKE} {_ADD} END",
)


def upgrade(connection: Connection) -> None:
    """Columns and indexes for the round, and a running count of the objects of each case."""
    for statement in (*STATEMENTS, *TRIGGERS):
        connection.exec_driver_sql(statement)
