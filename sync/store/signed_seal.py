"""The rule that a signed case is closed, asked inside the transaction that would break it."""

from __future__ import annotations

from sqlalchemy import ColumnElement, Connection, func, select

from sync.errors import SigningRefused
from sync.records.case import CaseId
from sync.store.tables import begun_amendment, receipt, signed_opinion, voided_opinion


def signed_version(connection: Connection, case_id: CaseId) -> int:
    """The latest signed version of the case's opinion, 0 when there is none."""
    latest = connection.execute(
        select(func.max(signed_opinion.c.version)).where(signed_opinion.c.case_id == case_id)
    ).scalar_one()
    return int(latest or 0)


def stands() -> ColumnElement[bool]:
    """The condition that a signed opinion counts: not made void, or delivered after all before that was known."""
    received = select(receipt.c.opinion_identifier)
    void = select(voided_opinion.c.opinion_identifier).where(voided_opinion.c.opinion_identifier.not_in(received))
    return signed_opinion.c.opinion_identifier.not_in(void)


def refuse_while_waiting(connection: Connection, case_id: CaseId) -> None:
    """SigningRefused while an opinion on *case_id* is signed, stands, and the hospital's receipt is not here."""
    received = select(receipt.c.opinion_identifier)
    waiting = select(signed_opinion.c.opinion_identifier).where(
        signed_opinion.c.case_id == case_id, stands(), signed_opinion.c.opinion_identifier.not_in(received)
    )
    if connection.execute(waiting.limit(1)).scalar_one_or_none() is not None:
        raise SigningRefused(f"The opinion on case {case_id} is signed and still waits to leave.")


def is_sealed(connection: Connection, case_id: CaseId) -> bool:
    """An opinion on *case_id* is signed that was not made void, and is not being amended."""
    amended = select(begun_amendment.c.case_id).where(begun_amendment.c.case_id == case_id)
    if connection.execute(amended).scalar_one_or_none() is not None:
        return False
    standing = select(signed_opinion.c.version).where(signed_opinion.c.case_id == case_id, stands())
    return connection.execute(standing.limit(1)).scalar_one_or_none() is not None


def refuse_when_signed(connection: Connection, case_id: CaseId, consequence: str) -> None:
    """SigningRefused when the opinion on *case_id* `is_sealed`."""
    if is_sealed(connection, case_id):
        raise SigningRefused(f"The opinion on case {case_id} is signed, so {consequence}.")
