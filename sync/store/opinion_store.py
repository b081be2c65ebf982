"""Drafts, signed opinions and receipts. Signing and entering the outbox are one transaction, and happen once."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from dataclasses import asdict
from datetime import UTC, datetime

from sqlalchemy import Connection, select, update
from sqlalchemy.dialects.sqlite import insert as upsert

from sync.changes import Changes
from sync.errors import SigningRefused
from sync.records.amendment import amendment_of
from sync.records.asked_for import asked_for
from sync.records.case import Case, CaseId
from sync.records.opinion import Json, OpinionDraft, Receipt, SignedOpinion
from sync.records.outbox_entry import OutboxKind, OutboxState
from sync.records.terms import terms_of
from sync.store.amendment_store import end_begun, put_begun
from sync.store.audit_trail import AuditTrail
from sync.store.connection import Database
from sync.store.opinion_rows import find_latest, find_version, insert_signed, put_draft_row
from sync.store.outbox_store import insert_entry
from sync.store.question_store import end_question_change
from sync.store.record_codec import from_text, to_text
from sync.store.signed_seal import refuse_when_signed, refuse_while_waiting, signed_version, stands
from sync.store.tables import case_record, opinion_draft, outbox, receipt, signed_opinion, voided_opinion


class OpinionStore:
    """Facet `Store.opinions`."""

    def __init__(self, database: Database, audit: AuditTrail) -> None:
        self._database = database
        self._audit = audit

    def put_draft(self, draft: OpinionDraft) -> Changes:
        """Keep the form as it stands, replacing the earlier draft; SigningRefused after signing."""
        with self._database.writing() as connection:
            refuse_when_signed(connection, draft.case_id, "its form can no longer be changed")
            put_draft_row(connection, draft)
        return Changes(opinions=frozenset({draft.case_id}))

    def find_draft(self, case_id: CaseId) -> OpinionDraft | None:
        """The last draft; it stays after signing, as it was."""
        with self._database.reading() as connection:
            row = connection.execute(select(opinion_draft).where(opinion_draft.c.case_id == case_id)).one_or_none()
        if row is None:
            return None
        return OpinionDraft(case_id, json.loads(row.response), datetime.fromisoformat(row.saved_at))

    def put_signed(self, opinion: SignedOpinion, *, hindrance: Callable[[], str] = lambda: "") -> Changes:
        """Keep a signed opinion, byte for byte, and put it into the outbox: both or neither.

        SigningRefused when this identifier is signed already, the version is not the next one of its case, or
        *hindrance* gives a sentence why not; it is asked while nobody else can write.
        """
        frozen = opinion.frozen
        with self._database.writing() as connection:
            if sentence := hindrance():
                raise SigningRefused(sentence)
            if find_version(connection, signed_opinion.c.opinion_identifier == frozen.opinion_identifier) is not None:
                raise SigningRefused(f"Opinion {frozen.opinion_identifier} is signed already.")
            if frozen.version != signed_version(connection, frozen.case_id) + 1:
                raise SigningRefused(
                    f"Version {frozen.version} of the opinion on case {frozen.case_id} is not the next to sign."
                )
            refuse_while_waiting(connection, frozen.case_id)
            insert_signed(connection, opinion)
            end_begun(connection, frozen.case_id)
            if end_question_change(connection, frozen.case_id):
                identifier = frozen.opinion_identifier
                self._audit.append_within(
                    connection, "question changed", frozen.case_id, identifier, "signed unconfirmed", {}
                )
            payload = _what_it_answers(connection, frozen.case_id)
            insert_entry(connection, frozen.case_id, OutboxKind.OPINION, frozen.opinion_identifier, payload)
            self._audit.append_within(
                connection,
                "opinion signed",
                frozen.case_id,
                frozen.opinion_identifier,
                "done",
                {
                    "envelope_sha256": hashlib.sha256(frozen.envelope).hexdigest(),
                    "report_sha256": hashlib.sha256(opinion.report_pdf).hexdigest(),
                    "certificate_sha256": opinion.certificate_sha256,
                },
            )
        touched = frozenset({frozen.case_id})
        return Changes(cases=touched, opinions=touched, outbox=touched)

    def void_signed(self, opinion_identifier: str, reason: str, *, opens_amendment: bool = True) -> Changes:
        """Take an undelivered opinion out of the outbox for ever, so that its case can be reviewed and signed again.

        Its bytes stay, unchanged. What it amended is being amended again, unless *opens_amendment* is false.
        SigningRefused where it has been delivered; a second time nothing happens.
        """
        with self._database.writing() as connection:
            opinion = find_version(connection, signed_opinion.c.opinion_identifier == opinion_identifier)
            if opinion is None:
                raise ValueError(f"no opinion {opinion_identifier} was signed here")
            if connection.execute(select(receipt).where(receipt.c.opinion_identifier == opinion_identifier)).first():
                raise SigningRefused(f"Opinion {opinion_identifier} has been delivered and can only be amended.")
            case_id = opinion.frozen.case_id
            values = {"case_id": case_id, "reason": reason, "at": datetime.now(UTC).isoformat()}
            added = connection.execute(
                upsert(voided_opinion).values(opinion_identifier=opinion_identifier, **values).on_conflict_do_nothing()
            )
            if not added.rowcount:
                return Changes()
            connection.execute(
                update(outbox)
                .where(outbox.c.kind == OutboxKind.OPINION.value, outbox.c.subject == opinion_identifier)
                .values(state=OutboxState.VOID.value)
            )
            if opens_amendment and (amendment := amendment_of(opinion.frozen)) is not None:
                put_begun(connection, case_id, amendment)
            self._audit.append_within(
                connection, "opinion made void", case_id, opinion_identifier, "done", {"reason": reason}
            )
        touched = frozenset({case_id})
        return Changes(cases=touched, opinions=touched, outbox=touched)

    def find_signed(self, case_id: CaseId) -> SignedOpinion | None:
        """The latest signed version that stands: one made void to be signed again does not."""
        with self._database.reading() as connection:
            return find_version(connection, (signed_opinion.c.case_id == case_id) & stands())

    def list_signed(self, case_id: CaseId) -> tuple[SignedOpinion, ...]:
        """Every version ever signed of that case, void ones too, oldest first."""
        with self._database.reading() as connection:
            found = connection.execute(
                select(signed_opinion.c.opinion_identifier)
                .where(signed_opinion.c.case_id == case_id)
                .order_by(signed_opinion.c.version)
            ).scalars()
            opinions = [find_version(connection, signed_opinion.c.opinion_identifier == name) for name in found.all()]
        return tuple(opinion for opinion in opinions if opinion is not None)

    def find_signed_by_identifier(self, opinion_identifier: str) -> SignedOpinion | None:
        """The one that an outbox entry's ``subject`` names."""
        with self._database.reading() as connection:
            return find_version(connection, signed_opinion.c.opinion_identifier == opinion_identifier)

    def put_receipt(self, received: Receipt) -> Changes:
        """Keep the hospital's receipt and mark the outbox entry delivered: both or neither. A second one is ignored.

        ValueError for an opinion that was never signed here.
        """
        with self._database.writing() as connection:
            if find_version(connection, signed_opinion.c.opinion_identifier == received.opinion_identifier) is None:
                raise ValueError(f"receipt for an unknown opinion {received.opinion_identifier}")
            added = connection.execute(
                upsert(receipt)
                .values(
                    opinion_identifier=received.opinion_identifier, case_id=received.case_id, record=to_text(received)
                )
                .on_conflict_do_nothing()
            )
            if not added.rowcount:
                return Changes()
            connection.execute(
                update(outbox)
                .where(outbox.c.kind == OutboxKind.OPINION.value, outbox.c.subject == received.opinion_identifier)
                .values(state=OutboxState.DELIVERED.value, attempts=outbox.c.attempts + 1, last_error="")
            )
            self._audit.append_within(
                connection,
                "receipt",
                received.case_id,
                received.opinion_identifier,
                "already there" if received.already_there else "done",
                {"report": received.diagnostic_report_reference, "task_version": received.task_version},
            )
        touched = frozenset({received.case_id})
        return Changes(cases=touched, opinions=touched, outbox=touched)

    def find_receipt(self, case_id: CaseId) -> Receipt | None:
        """The receipt of the latest signed version, if it has come."""
        with self._database.reading() as connection:
            latest = find_latest(connection, case_id)
        return None if latest is None else latest.receipt

    def find_receipt_of(self, opinion_identifier: str) -> Receipt | None:
        """The receipt of that one version."""
        with self._database.reading() as connection:
            row = connection.execute(
                select(receipt.c.record).where(receipt.c.opinion_identifier == opinion_identifier)
            ).scalar_one_or_none()
        return None if row is None else from_text(Receipt, row)


def _what_it_answers(connection: Connection, case_id: CaseId) -> Json:
    """What the opinion answers, as this computer knows it while nobody else can write."""
    record = connection.execute(
        select(case_record.c.record).where(case_record.c.case_id == case_id)
    ).scalar_one_or_none()
    if record is None:
        return {"terms": {}}
    case = from_text(Case, record)
    return {"terms": asdict(terms_of(case)), "asked_for": asked_for(case).to_json()}
