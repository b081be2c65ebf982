"""From a signed opinion to the one transaction that delivers it. FHIR R4 Bundle, protocol 1.4.

Everything but the Task comes from what was frozen at signing; the Task is the hospital's, read just before.
"""

from __future__ import annotations

import base64
import copy
import hashlib
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from sync.fhir.elements import Json, children, reference_of, text, version_id
from sync.fhir.names import (
    CHARGE_CODE_SYSTEM,
    CHARGE_SYSTEM,
    CONTENT_LENGTH_EXTENSION,
    CONTENT_SHA256_EXTENSION,
    FILE_SYSTEM,
    MARK_SYSTEM,
    OPINION_SYSTEM,
    RECORD_KIND_SYSTEM,
    SIGNING_POLICY,
    TASK_IO_SYSTEM,
)
from sync.records.amendment import AmendmentKind, amendment_of
from sync.records.case import Case
from sync.records.opinion import MarksFile, SignedOpinion

_CONSULT_NOTE = {"system": "http://loinc.org", "code": "11488-4", "display": "Consult note"}
_AUTHOR_SIGNATURE = {
    "system": "urn:iso-astm:E1762-95:2013",
    "code": "1.2.840.10065.1.12.1.1",
    "display": "Author's Signature",
}
_LARGEST_UNSIGNED_INT = 2_147_483_647
_LARGEST_INLINE_BYTES = 4 * 1024 * 1024
"""What is smaller also travels inside its Attachment: not every server puts the Binary's address where Attachment.url
names it by its urn (FHIR R4 3.1.0.11.2), and then nobody there could find the signed bytes from the report."""
_CODED_DIAGNOSES = ("opinion.dxcode.icd10", "opinion.dxcode.icdo", "opinion.dxcode.sct")


_REPORT_STATUS = {AmendmentKind.CORRECTION: "corrected", AmendmentKind.ADDENDUM: "appended"}
_RELATION = {AmendmentKind.CORRECTION: "replaces", AmendmentKind.ADDENDUM: "appends"}


@dataclass(frozen=True, slots=True)
class HeldVersion:
    """What the hospital holds of the version that is amended, as just read."""

    document: Json
    """The DocumentReference, whole."""
    report_reference: str


def opinion_bundle(
    signed: SignedOpinion,
    case: Case,
    task: Json,
    conditional_create: frozenset[str],
    amended: HeldVersion | None = None,
) -> Json:
    """The transaction. ``task`` is the hospital's, current; ``conditional_create`` the types that take ``ifNoneExist``.

    ``ifNoneExist`` stands only there; on every server the Task's ``ifMatch`` is what lets it happen once. An amendment
    needs *amended*, what it amends (ValueError without).
    """
    return _OpinionBundle(signed, case, task, conditional_create, amended).build()


class _OpinionBundle:
    def __init__(
        self,
        signed: SignedOpinion,
        case: Case,
        task: Json,
        conditional_create: frozenset[str],
        amended: HeldVersion | None,
    ) -> None:
        self._signed, self._frozen, self._case, self._task = signed, signed.frozen, case, task
        self._conditional_create = conditional_create
        self._identifier = {"system": OPINION_SYSTEM, "value": self._frozen.opinion_identifier}
        self._patient = {"reference": case.patient.reference}
        self._request = {"reference": case.service_request_reference}
        self._author = {"reference": case.owner_reference, "display": signed.signer_name}
        self._signed_at = self._frozen.signed_at.isoformat()
        # A later version that amends nothing delivered is the first one the hospital sees.
        self._amendment = amendment_of(self._frozen)
        self._amended = amended
        if (self._amendment is None) != (amended is None):
            raise ValueError("an amendment, and nothing else, goes with what it amends")

    def build(self) -> Json:
        entries = [
            self._create("envelope", _binary("application/json", self._frozen.envelope, self._patient)),
            self._create("report", _binary("application/pdf", self._signed.report_pdf, self._patient)),
            self._create("response", self._response(), self._identifier),
            self._create("diagnostic-report", self._diagnostic_report(), self._identifier),
            self._create("document", self._document(), self._identifier),
        ]
        for number, marks in enumerate(self._frozen.marks, 1):
            binary, document = f"marks-{number}-content", f"marks-{number}"
            own = {"system": FILE_SYSTEM, "value": f"{self._frozen.opinion_identifier}/marks/{number}"}
            entries.append(self._create(binary, _binary(marks.content_type, marks.content, self._patient)))
            entries.append(self._create(document, self._marks_document(marks, own, binary), own))
        targets = [{"reference": entry["fullUrl"]} for entry in entries]
        entries.append(self._create("provenance", self._provenance(targets)))
        if self._amended is None:  # an assignment is charged for once
            charge = {"system": CHARGE_SYSTEM, "value": self._case.assignment}
            entries.append(self._create("charge", self._charge(charge), charge))
        elif text(self._amended.document, "status") != "superseded":
            entries.append(self._superseded(self._amended.document))
        entries.append(self._task_entry())
        return {"resourceType": "Bundle", "type": "transaction", "entry": entries}

    def _urn(self, role: str) -> str:
        """The same for the same opinion on every attempt, so that two attempts can be compared byte for byte."""
        return uuid.uuid5(uuid.NAMESPACE_URL, f"{OPINION_SYSTEM}|{self._frozen.opinion_identifier}#{role}").urn

    def _create(self, role: str, resource: Json, identifier: Json | None = None) -> Json:
        kind = resource["resourceType"]
        request = {"method": "POST", "url": kind}
        if identifier is not None and kind in self._conditional_create:
            request["ifNoneExist"] = f"identifier={identifier['system']}|{identifier['value']}"
        return {"fullUrl": self._urn(role), "resource": resource, "request": request}

    def _response(self) -> Json:
        """The signed answers; only what the envelope's form leaves open is added."""
        signed_answers = {k: v for k, v in self._frozen.response.items() if k not in ("id", "meta", "text")}
        return {
            "resourceType": "QuestionnaireResponse",
            "questionnaire": self._case.questionnaire,
            "basedOn": [self._request],
            "subject": self._patient,
            "authored": self._signed_at,
            "author": self._author,
            **signed_answers,
            "identifier": self._identifier,
            "status": "amended" if self._amendment is not None else "completed",
        }

    def _diagnostic_report(self) -> Json:
        report: Json = {
            "resourceType": "DiagnosticReport",
            "identifier": [self._identifier],
            "basedOn": [self._request],
            "status": "final" if self._amendment is None else _REPORT_STATUS[self._amendment.kind],
            "category": [{"coding": [{"system": "http://loinc.org", "code": "LP29684-5", "display": "Radiology"}]}],
            "code": {"coding": [_CONSULT_NOTE], "text": "Remote second opinion"},
            "subject": self._patient,
            "effectiveDateTime": self._signed_at,
            "issued": self._signed_at,
            "resultsInterpreter": [self._author],
            "presentedForm": [self._report_attachment()],
        }
        if self._case.studies:
            report["imagingStudy"] = [{"reference": study.reference} for study in self._case.studies]
        if conclusion := _conclusion(self._frozen.response):
            report["conclusion"] = conclusion
        if codings := _coded_diagnoses(self._frozen.response):
            report["conclusionCode"] = [{"coding": [coding]} for coding in codings]
        return report

    def _report_attachment(self) -> Json:
        title = f"Second opinion {self._frozen.opinion_identifier}"
        return {**_attachment("application/pdf", self._signed.report_pdf, self._urn("report")), "title": title}

    def _document(self) -> Json:
        envelope = _attachment("application/json", self._frozen.envelope, self._urn("envelope"))
        document: Json = {
            "resourceType": "DocumentReference",
            "masterIdentifier": self._identifier,
            "identifier": [self._identifier],
            "status": "current",
            "docStatus": "final",
            "type": {"coding": [_CONSULT_NOTE]},
            "category": [{"coding": [{"system": RECORD_KIND_SYSTEM, "code": "other"}]}],
            "subject": self._patient,
            "date": self._signed_at,
            "author": [self._author],
            "authenticator": self._author,
            "content": [{"attachment": self._report_attachment()}, {"attachment": envelope}],
            "context": {"related": [self._request]},
        }
        if self._amendment is not None and self._amended is not None:
            target = {"reference": reference_of(self._amended.document)}
            document["relatesTo"] = [{"code": _RELATION[self._amendment.kind], "target": target}]
            document["docStatus"] = "amended"
            document["description"] = f"{self._amendment.title}: {self._amendment.reason}"
        return document

    def _superseded(self, document: Json) -> Json:
        """The earlier document, whole, with one element changed; its version guards it (FHIR R4 http 3.1.0.5)."""
        reference = reference_of(document)
        return {
            "fullUrl": reference,
            "resource": {**document, "status": "superseded"},
            "request": {"method": "PUT", "url": reference, "ifMatch": f'W/"{version_id(document)}"'},
        }

    def _marks_document(self, marks: MarksFile, identifier: Json, binary_role: str) -> Json:
        subject = {"reference": marks.subject_reference}
        document: Json = {
            "resourceType": "DocumentReference",
            "masterIdentifier": identifier,
            "identifier": [identifier, *({"system": MARK_SYSTEM, "value": mark} for mark in marks.annotation_ids)],
            "status": "current",
            "docStatus": "final",
            "type": {"text": "Image annotations"},
            "category": [{"coding": [{"system": RECORD_KIND_SYSTEM, "code": "other"}]}],
            "subject": self._patient,
            "date": self._signed_at,
            "author": [self._author],
            "description": marks.title,
            "content": [
                {
                    "attachment": {
                        **_attachment(marks.content_type, marks.content, self._urn(binary_role)),
                        "title": marks.title,
                    }
                }
            ],
            "context": {"related": [self._request, subject]},
        }
        if marks.subject_reference.startswith("DocumentReference/"):
            document["relatesTo"] = [{"code": "appends", "target": subject}]
        return document

    def _provenance(self, targets: list[Json]) -> Json:
        role_system = "http://terminology.hl7.org/CodeSystem/provenance-participant-type"
        return {
            "resourceType": "Provenance",
            "target": targets,
            "occurredDateTime": self._signed_at,
            "recorded": self._signed_at,
            "policy": [SIGNING_POLICY],
            "reason": [{"coding": [{"system": "http://terminology.hl7.org/CodeSystem/v3-ActReason", "code": "TREAT"}]}],
            "activity": {
                "coding": [
                    {
                        "system": "http://terminology.hl7.org/CodeSystem/v3-DataOperation",
                        "code": "CREATE" if self._amended is None else "UPDATE",
                    }
                ]
            },
            "agent": [
                {"type": {"coding": [{"system": role_system, "code": "author"}]}, "who": self._author},
                {
                    "type": {"coding": [{"system": role_system, "code": "assembler"}]},
                    "who": {"display": "Reading Room"},
                },
            ],
            "entity": self._sources(),
            "signature": [
                {
                    "type": [_AUTHOR_SIGNATURE],
                    "when": self._signed_at,
                    "who": self._author,
                    "targetFormat": "application/json",
                    "sigFormat": "application/jose",
                    "data": base64.b64encode(self._signed.jws.encode("ascii")).decode("ascii"),
                }
            ],
        }

    def _sources(self) -> list[Json]:
        """The records as reviewed, and of an amendment what it revises."""
        sources: list[Json] = [{"role": "source", "what": {"reference": self._case.manifest_reference}}]
        if self._amended is not None:
            revised = (reference_of(self._amended.document), self._amended.report_reference)
            sources += [{"role": "revision", "what": {"reference": reference}} for reference in revised]
        return sources

    def _charge(self, identifier: Json) -> Json:
        return {
            "resourceType": "ChargeItem",
            "identifier": [identifier],
            "status": "billable",
            "code": {"coding": [{"system": CHARGE_CODE_SYSTEM, "code": "second-opinion-review"}]},
            "subject": self._patient,
            "occurrenceDateTime": self._signed_at,
            "performer": [{"actor": self._author}],
            "quantity": {"value": 1},
            "service": [{"reference": self._urn("diagnostic-report")}],
            "supportingInformation": [self._request],
        }

    def _task_entry(self) -> Json:
        """The whole Task as the hospital has it, with our two elements changed."""
        task = copy.deepcopy(self._task)
        task["status"] = "completed"
        task["output"] = [*children(task, "output"), _output("opinion", self._urn("diagnostic-report"))]
        for number in range(1, len(self._frozen.marks) + 1):
            task["output"].append(_output("annotations", self._urn(f"marks-{number}")))
        return {
            "fullUrl": self._case.task_reference,
            "resource": task,
            "request": {"method": "PUT", "url": f"Task/{task['id']}", "ifMatch": f'W/"{version_id(self._task)}"'},
        }


def _binary(content_type: str, content: bytes, security_context: Json) -> Json:
    return {
        "resourceType": "Binary",
        "contentType": content_type,
        "securityContext": security_context,
        "data": base64.b64encode(content).decode("ascii"),
    }


def _attachment(content_type: str, content: bytes, url: str) -> Json:
    """FHIR R4 Attachment: SHA-1 in ``hash`` as the standard has it, SHA-256 in our extension."""
    sha256 = base64.b64encode(hashlib.sha256(content).digest()).decode("ascii")
    extensions: list[Json] = [{"url": CONTENT_SHA256_EXTENSION, "valueBase64Binary": sha256}]
    attachment: Json = {"contentType": content_type, "language": "en", "url": url}
    if len(content) <= _LARGEST_UNSIGNED_INT:
        attachment["size"] = len(content)
    else:
        extensions.append({"url": CONTENT_LENGTH_EXTENSION, "valueDecimal": len(content)})
    if len(content) <= _LARGEST_INLINE_BYTES:
        attachment["data"] = base64.b64encode(content).decode("ascii")
    sha1 = hashlib.sha1(content, usedforsecurity=False).digest()
    attachment["hash"] = base64.b64encode(sha1).decode("ascii")
    attachment["extension"] = extensions
    return attachment


def _output(code: str, reference: str) -> Json:
    return {
        "type": {"coding": [{"system": TASK_IO_SYSTEM, "code": code}]},
        "valueReference": {"reference": reference},
    }


def _answers(node: Any, link_id: str) -> Iterator[Json]:
    """Every answer under one linkId, wherever it is nested."""
    for item in children(node, "item"):
        answers = children(item, "answer")
        if text(item, "linkId") == link_id:
            yield from answers
        yield from _answers(item, link_id)
        for answer in answers:
            yield from _answers(answer, link_id)


def _conclusion(response: Json) -> str:
    """The verdict in words: agreement with the original diagnosis, then the revised one."""
    parts = []
    for answer in _answers(response, "opinion.agreement"):
        coding = answer.get("valueCoding", {})
        parts.append(text(coding, "display") or text(coding, "code"))
    parts += [text(answer, "valueString") for answer in _answers(response, "opinion.dx")]
    return ": ".join(part for part in parts if part)


def _coded_diagnoses(response: Json) -> list[Json]:
    """Coded diagnoses; an open choice answered in words is no coding."""
    found = (a.get("valueCoding") for link_id in _CODED_DIAGNOSES for a in _answers(response, link_id))
    return [coding for coding in found if isinstance(coding, dict)]
