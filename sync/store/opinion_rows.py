"""The rows of drafts and signed opinions, as the facets that share them read and write them inside a transaction."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, insert, select
from sqlalchemy.dialects.sqlite import insert as upsert

from sync.records.case import CaseId
from sync.records.opinion import FrozenOpinion, Json, MarksFile, OpinionDraft, Receipt, SignedOpinion
from sync.store.record_codec import from_text
from sync.store.signed_seal import stands
from sync.store.tables import marks_file, opinion_draft, receipt, signed_opinion


@dataclass(frozen=True, slots=True)
class LatestVersion:
    """The latest signed version that stands. ``receipt`` None: the hospital has not acknowledged it."""

    opinion_identifier: str
    response: Json
    receipt: Receipt | None


def put_draft_row(connection: Connection, draft: OpinionDraft) -> None:
    """The form as it stands, replacing the earlier draft."""
    values = {"response": json.dumps(draft.response), "saved_at": draft.saved_at.isoformat()}
    statement = upsert(opinion_draft).values(case_id=draft.case_id, **values)
    connection.execute(statement.on_conflict_do_update(index_elements=["case_id"], set_=values))


def find_latest(connection: Connection, case_id: CaseId) -> LatestVersion | None:
    """Without its files."""
    row = connection.execute(
        select(signed_opinion.c.opinion_identifier, signed_opinion.c.response, receipt.c.record)
        .select_from(
            signed_opinion.outerjoin(receipt, receipt.c.opinion_identifier == signed_opinion.c.opinion_identifier)
        )
        .where(signed_opinion.c.case_id == case_id, stands())
        .order_by(signed_opinion.c.version.desc())
        .limit(1)
    ).one_or_none()
    if row is None:
        return None
    received = None if row.record is None else from_text(Receipt, row.record)
    return LatestVersion(row.opinion_identifier, json.loads(row.response), received)


def insert_signed(connection: Connection, opinion: SignedOpinion) -> None:
    """With its marks, byte for byte."""
    frozen = opinion.frozen
    connection.execute(
        insert(signed_opinion).values(
            opinion_identifier=frozen.opinion_identifier,
            case_id=frozen.case_id,
            version=frozen.version,
            envelope=frozen.envelope,
            jws=opinion.jws,
            report_pdf=opinion.report_pdf,
            response=json.dumps(frozen.response),
            signed_at=frozen.signed_at.isoformat(),
            signer_name=opinion.signer_name,
            certificate_sha256=opinion.certificate_sha256,
        )
    )
    for position, marks in enumerate(frozen.marks):
        connection.execute(
            insert(marks_file).values(
                opinion_identifier=frozen.opinion_identifier,
                position=position,
                target=marks.target,
                title=marks.title,
                content_type=marks.content_type,
                content=marks.content,
                sha256=marks.sha256,
                annotation_ids=json.dumps(list(marks.annotation_ids)),
                subject_reference=marks.subject_reference,
            )
        )


def find_version(connection: Connection, condition: Any) -> SignedOpinion | None:
    """The latest of the versions that meet *condition*, whole."""
    row = connection.execute(
        select(signed_opinion).where(condition).order_by(signed_opinion.c.version.desc()).limit(1)
    ).one_or_none()
    if row is None:
        return None
    files = connection.execute(
        select(marks_file)
        .where(marks_file.c.opinion_identifier == row.opinion_identifier)
        .order_by(marks_file.c.position)
    ).all()
    frozen = FrozenOpinion(
        CaseId(row.case_id),
        row.opinion_identifier,
        row.version,
        row.envelope,
        datetime.fromisoformat(row.signed_at),
        _json(row.response),
        tuple(_marks(file) for file in files),
    )
    return SignedOpinion(frozen, row.jws, row.report_pdf, row.signer_name, row.certificate_sha256)


def _json(text: str) -> Json:
    content: Json = json.loads(text)
    return content


def _marks(row: Row[Any]) -> MarksFile:
    return MarksFile(
        row.target,
        row.title,
        row.content_type,
        row.content,
        row.sha256,
        tuple(json.loads(row.annotation_ids)),
        row.subject_reference,
    )
