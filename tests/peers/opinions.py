"""A small signed opinion on a case of a gateway test."""

from __future__ import annotations

from datetime import UTC, datetime

from sync.records.case import CaseId
from sync.records.opinion import FrozenOpinion, SignedOpinion


def signed_opinion(case_id: CaseId, pdf: bytes = b"%PDF-1.7 signed report") -> SignedOpinion:
    """Version 1, without marks; what it says is not what these tests are about."""
    response = {
        "resourceType": "QuestionnaireResponse", "status": "completed",
        "item": [{"linkId": "opinion.dx", "answer": [{"valueString": "Hamartoma"}]}],
    }  # fmt: skip
    frozen = FrozenOpinion(
        case_id, f"{case_id}/1/v1", 1, f'{{"case":"{case_id}"}}'.encode(), datetime.now(UTC), response, ()
    )
    return SignedOpinion(frozen, "header..signature", pdf, "Dr. Ilse Marwick", "00" * 32)
