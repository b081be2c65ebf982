"""Schema for rounds over thousands of cases: what is open, what must be read or fetched again, and how much is here.

What a round asks of every case stands in columns of its own, so that indexes answer it and no record is read.
"""

from __future__ import annotations

from sqlalchemy import Connection

STATEMENTS = (
    "ALTER TABLE case_record ADD COLUMN status TEXT NOT NULL DEFAULT ''",
    "ALTER TABLE case_record ADD COLUMN task_reference TEXT NOT NULL DEFAULT ''",
    "ALTER TABLE case_record ADD COLUMN task_version TEXT NOT NULL DEFAULT ''",
    "ALTER TABLE case_record ADD COLUMN patient_reference TEXT NOT NULL DEFAULT ''",
    "UPDATE case_record SET status = json_extract(record, '$.status'),"
    " task_reference = json_extract(record, '$.task_reference'),"
    " task_version = json_extract(record, '$.task_version'),"
    " patient_reference = json_extract(record, '$.patient.reference')",
    # NULL: the next round reads the case. Else the hospital's time (ISO 8601, UTC) from which it is read again.
    "ALTER TABLE case_record ADD COLUMN read_again_at TEXT",
    # 0: everything that the case lists is here or was turned away.
    "ALTER TABLE case_record ADD COLUMN to_fetch INTEGER NOT NULL DEFAULT 1",
    "CREATE INDEX case_record_state"
    " ON case_record (withdrawn, status, case_id, task_reference, task_version, patient_reference)",
    "CREATE INDEX case_record_reading ON case_record (read_again_at, withdrawn, status, case_id)",
    "CREATE INDEX case_record_patient ON case_record (patient_reference)",
    "CREATE INDEX case_record_to_fetch ON case_record (case_id) WHERE to_fetch = 1",
    "CREATE INDEX outbox_case ON outbox (case_id, kind, subject, state)",
    "CREATE INDEX outbox_state ON outbox (state)",
    "CREATE TABLE refused_task (reference TEXT PRIMARY KEY, sentence TEXT NOT NULL)",
    # The worklist counts files by series, and strangers among them, in an index of their own columns alone.
    "ALTER TABLE stored_object ADD COLUMN series_uid TEXT",
    "ALTER TABLE stored_object ADD COLUMN patient_mismatch TEXT NOT NULL DEFAULT ''",
    "UPDATE stored_object SET series_uid = json_extract(record, '$.series_uid'),"
    " patient_mismatch = coalesce(json_extract(record, '$.patient_mismatch'), '')",
    "CREATE INDEX stored_object_count ON stored_object (case_id, source, series_uid, patient_mismatch)",
)


def upgrade(connection: Connection) -> None:
    """Columns and indexes for the round and for the worklist's counts."""
    for statement in STATEMENTS:
        connection.exec_driver_sql(statement)
