"""The current schema as SQLAlchemy Core tables, to build statements with. The migrations create it, not this."""

from __future__ import annotations

from sqlalchemy import Column, Integer, LargeBinary, MetaData, String, Table

metadata = MetaData()


def _table(name: str, keys: str, texts: str = "", integers: str = "", blobs: str = "") -> Table:
    columns = [
        Column(column, Integer if column in integers.split() else String, primary_key=True) for column in keys.split()
    ]
    columns += [Column(column, String) for column in texts.split()]
    columns += [Column(column, Integer) for column in integers.split() if column not in keys.split()]
    columns += [Column(column, LargeBinary) for column in blobs.split()]
    return Table(name, metadata, *columns)


case_record = _table(
    "case_record",
    "case_id",
    "record withdrawn status task_reference task_version patient_reference read_again_at",
    "to_fetch",
)
refused_task = _table("refused_task", "reference", "sentence")
fhir_resource = _table("fhir_resource", "reference", "case_id content")
sync_token = _table("sync_token", "only_row", "content", "only_row")
stored_object = _table(
    "stored_object",
    "object_id",
    "case_id source sop_instance_uid sha256 record series_uid patient_mismatch",
    "object_id",
)
rejected_object = _table("rejected_object", "object_id", "case_id source title record", "object_id")
expected_instances = _table("expected_instances", "case_id source series_uid", "sop_instance_uids")
display_facts = _table("display_facts", "case_id name", blobs="payload")
mismatch_override = _table("mismatch_override", "case_id", "reason at")
annotation_revision = _table(
    "annotation_revision", "position", "case_id annotation_id target author at payload", "position revision deleted"
)
opinion_draft = _table("opinion_draft", "case_id", "response saved_at")
signed_opinion = _table(
    "signed_opinion",
    "opinion_identifier",
    "case_id jws response signed_at signer_name certificate_sha256",
    "version",
    "envelope report_pdf",
)
marks_file = _table(
    "marks_file",
    "opinion_identifier position",
    "target title content_type sha256 annotation_ids subject_reference",
    "position",
    "content",
)
receipt = _table("receipt", "opinion_identifier", "case_id record")
outbox = _table(
    "outbox",
    "entry_id",
    "case_id kind subject state last_error queued_at last_attempt_at payload not_before held_until left_at",
    "entry_id attempts",
)
seen_message = _table("seen_message", "case_id reference", "at")
message_draft = _table("message_draft", "case_id", "text")
records_draft = _table("records_draft", "case_id", "wanted note")
conflict = _table("conflict", "conflict_id", "case_id kind sentence detail raised_at settled_at choice", "conflict_id")
case_lock = _table("case_lock", "case_id", "kind sentence locked_at shred_after")
begun_amendment = _table("begun_amendment", "case_id", "opinion_identifier kind reason begun_at")
changed_question = _table("changed_question", "case_id", "before noticed_at")
voided_opinion = _table("voided_opinion", "opinion_identifier", "case_id reason at")
delivered_part = _table("delivered_part", "opinion_identifier role", "location")
kept_receipt = _table("kept_receipt", "opinion_identifier", "case_id record")
session = _table("session", "name", "content")
secret = _table("secret", "name", blobs="content")
audit = _table("audit", "seq", "at actor action case_ref object outcome detail prev hash", "seq")
audit_checkpoint = _table("audit_checkpoint", "seq", "hash", "seq", "signature")
case_key = _table("case_key", "case_id", blobs="content")
vault_file = _table("vault_file", "file_id", "case_id sha256", "size_bytes")
unfinished_file = _table("unfinished_file", "case_id source", "file_id url etag sha256", "total_bytes")
