"""The rule that a signed case is closed, asked inside the transaction that would break it."""

from __future__ import annotations

from sqlalchemy import Connection, func, select

from sync.errors import SigningRefused
from sync.records.case import CaseId
from sync.store.tables import signed_opinion


def signed_version(connection: Connection, case_id: CaseId) -> int:
    """The latest signed version of the case's opinion, 0 when there is none."""
    latest = connection.execute(
        select(func.max(signed_opinion.c.version)).where(signed_opinion.c.case_id == case_id)
    ).scalar_one()
    return int(latest or 0)


def refuse_when_signed(connection: Connection, case_id: CaseId, consequence: str) -> None:
    """SigningRefused when the opinion on *case_id* is signed."""
    if signed_version(connection, case_id):
        raise SigningRefused(f"The opinion on case {case_id} is signed, so {consequence}.")
