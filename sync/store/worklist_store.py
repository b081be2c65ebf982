"""The worklist's lines out of the store: seven statements for one case or for five hundred.

Files are counted in an index; no object's row is read.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterator
from typing import NamedTuple

from sqlalchemy import Connection, exists, func, select

from sync.records.case import Case, CaseId, CaseStatus
from sync.records.case_standing import CaseStanding
from sync.records.outbox_entry import OutboxKind, OutboxState
from sync.store.connection import Database
from sync.store.record_codec import from_text
from sync.store.signed_seal import stands
from sync.store.tables import (
    begun_amendment,
    case_record,
    mismatch_override,
    opinion_draft,
    outbox,
    receipt,
    rejected_object,
    seen_message,
    signed_opinion,
    stored_object,
)

_NAMED_AT_ONCE = 500


class WorklistStore:
    """Facet `Store.worklist`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def list_case_ids(self) -> tuple[CaseId, ...]:
        """Every case: the open ones first, in each part by case number."""
        closed = case_record.c.status.in_([status.value for status in CaseStatus if status.is_terminal])
        query = select(case_record.c.case_id).order_by(closed, case_record.c.case_id)
        with self._database.reading() as connection:
            return tuple(CaseId(case_id) for case_id in connection.execute(query).scalars())

    def list_standings(self, wanted: Collection[CaseId]) -> tuple[CaseStanding, ...]:
        """The *wanted* cases that are here, in no order, with where each stands."""
        listed = sorted(wanted)
        standings: list[CaseStanding] = []
        with self._database.reading() as connection:
            for start in range(0, len(listed), _NAMED_AT_ONCE):
                standings += _standings(connection, listed[start : start + _NAMED_AT_ONCE])
        return tuple(standings)


def _standings(connection: Connection, wanted: list[CaseId]) -> Iterator[CaseStanding]:
    here: dict[str, dict[tuple[str, str], int]] = defaultdict(dict)
    strangers: dict[str, int] = defaultdict(int)
    obj = stored_object.c
    kinds = (obj.case_id, obj.source, obj.series_uid, obj.patient_mismatch)
    counts = select(*kinds, func.count()).where(obj.case_id.in_(wanted)).group_by(*kinds)
    for case_id, source, series_uid, mismatch, count in connection.execute(counts):
        group = here[case_id]
        group[source, series_uid or ""] = group.get((source, series_uid or ""), 0) + count
        strangers[case_id] += count if mismatch else 0
    refused = rejected_object.c.case_id
    counted = connection.execute(select(refused, func.count()).where(refused.in_(wanted)).group_by(refused))
    rejected = {row[0]: int(row[1]) for row in counted}
    drafted = frozenset(
        connection.execute(select(opinion_draft.c.case_id).where(opinion_draft.c.case_id.in_(wanted))).scalars()
    )
    signed = _signed(connection, wanted)
    entries = (
        select(outbox.c.case_id, outbox.c.kind, outbox.c.subject, outbox.c.state)
        .where(
            outbox.c.case_id.in_(wanted),
            outbox.c.kind.in_((OutboxKind.TASK_MOVE.value, OutboxKind.OPINION.value)),
            outbox.c.state.in_((OutboxState.WAITING.value, OutboxState.NEEDS_ATTENTION.value, OutboxState.VOID.value)),
        )
        .order_by(outbox.c.entry_id)
    )
    moving: dict[str, CaseStatus] = {}
    stuck: set[str] = set()
    never_leaving: set[str] = set()
    for row in connection.execute(entries):
        state = OutboxState(row.state)
        if row.kind == OutboxKind.OPINION.value and state is OutboxState.NEEDS_ATTENTION:
            stuck.add(row.case_id)
        elif row.kind == OutboxKind.OPINION.value and state is OutboxState.VOID:
            never_leaving.add(row.subject)
        elif row.kind == OutboxKind.TASK_MOVE.value and state is OutboxState.WAITING:
            moving[row.case_id] = CaseStatus(row.subject)
    seen: dict[str, set[str]] = defaultdict(set)
    for row in connection.execute(select(seen_message).where(seen_message.c.case_id.in_(wanted))):
        seen[row.case_id].add(row.reference)
    accepted = exists().where(mismatch_override.c.case_id == case_record.c.case_id)
    rows = connection.execute(
        select(case_record.c.case_id, case_record.c.record, case_record.c.withdrawn, accepted).where(
            case_record.c.case_id.in_(wanted)
        )
    ).all()
    for case_id, record, withdrawn, is_accepted in rows:
        case = from_text(Case, record)
        standing = signed.get(case_id)
        yield CaseStanding(
            case=case,
            files_here=here.get(case_id, {}),
            strangers=strangers.get(case_id, 0),
            accepted=bool(is_accepted),
            rejected=rejected.get(case_id, 0),
            drafted=case_id in drafted and standing is None,
            signed=standing is not None,
            delivered=standing is not None and standing.is_delivered,
            stuck=case_id in stuck,
            left_unsent=standing is not None and standing.identifier in never_leaving,
            amending=standing is not None and standing.is_being_amended,
            queued_move=moving.get(case_id),
            unread=sum(
                message.reference not in seen[case_id] for message in case.messages if not message.is_from_reader
            ),
            withdrawal=withdrawn or "",
        )


class _Signed(NamedTuple):
    identifier: str
    is_delivered: bool
    is_being_amended: bool


def _signed(connection: Connection, wanted: list[CaseId]) -> dict[str, _Signed]:
    """Of each case with a signed opinion that stands, the latest version and how it stands."""
    signed = signed_opinion.c
    received = receipt.c.opinion_identifier
    query = (
        select(signed.case_id, signed.opinion_identifier, received, begun_amendment.c.case_id)
        .select_from(
            signed_opinion.outerjoin(receipt, received == signed.opinion_identifier).outerjoin(
                begun_amendment, begun_amendment.c.case_id == signed.case_id
            )
        )
        .where(signed.case_id.in_(wanted), stands())
        .order_by(signed.case_id, signed.version)
    )
    return {
        case_id: _Signed(name, found is not None, begun is not None)
        for case_id, name, found, begun in connection.execute(query)
    }
