"""Everything the hospital says no with: one exception, shown as a FHIR R4 OperationOutcome. No HTTP framework here."""

from __future__ import annotations

from typing import Any

Json = dict[str, Any]


class Refusal(Exception):
    """The hospital refuses a request. ``str(refusal)`` is the sentence in ``OperationOutcome.issue.diagnostics``.

    ``code`` is from http://hl7.org/fhir/issue-type; ``expression`` names the part of the request that is at fault.
    """

    def __init__(self, http_status: int, code: str, sentence: str, expression: str | None = None) -> None:
        super().__init__(sentence)
        self.http_status = http_status
        self.code = code
        self.expression = expression

    def to_operation_outcome(self) -> Json:
        issue: Json = {"severity": "error", "code": self.code, "diagnostics": str(self)}
        if self.expression:
            issue["expression"] = [self.expression]
        return {"resourceType": "OperationOutcome", "issue": [issue]}


def not_found(reference: str) -> Refusal:
    return Refusal(404, "not-found", f"{reference} is not known here.")


def invalid(sentence: str, expression: str | None = None) -> Refusal:
    return Refusal(400, "invalid", sentence, expression)
