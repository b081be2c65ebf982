"""What the hospital holds after an opinion: asked over its own protocol, signatures verified, written to tour.json."""

from __future__ import annotations

import base64
import hashlib
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from sync.fhir.fhir_gateway import FhirGateway

IDS = "https://readingroom.example/ids"
SHA256_EXTENSION = "https://readingroom.example/fhir/StructureDefinition/content-sha256"


def evidence_of(
    gateway: FhirGateway, case_id: str, task_reference: str, trust_pem: bytes, directory: Path
) -> dict[str, Any]:
    """Everything the hospital has of the opinion on *case_id*; its report is saved as ``<case>-report.pdf``.

    ``complete`` is true only when there is exactly one report, one response, one Provenance whose JWS verifies over
    the envelope, the PDF with the digest that was stated and a valid signature, the marks, and a completed Task.
    """
    from sync.signing.detached_jws import verify_envelope
    from sync.signing.report_check import verify_report

    opinion = f"{IDS}/opinion|"
    reports = [
        r for r in _found(gateway, f"DiagnosticReport?based-on={_request_of(gateway, task_reference)}") if _ours(r)
    ]
    held: dict[str, Any] = {"diagnostic_reports": len(reports), "task_status": gateway.read(task_reference)["status"]}
    held["complete"] = False
    if len(reports) != 1:
        return held
    report = reports[0]
    identifier = next(i["value"] for i in report["identifier"] if i.get("system") == f"{IDS}/opinion")
    held["opinion"] = identifier
    responses = _found(gateway, f"QuestionnaireResponse?identifier={opinion}{identifier}")
    held["questionnaire_responses"] = len(responses)
    pdf = gateway.read_binary(report["presentedForm"][0]["url"])
    (directory / f"{case_id}-report.pdf").write_bytes(pdf)
    documents = _found(gateway, f"DocumentReference?identifier={opinion}{identifier}")
    stated = {digest for d in documents for digest in _digests(d)}
    held["pdf_bytes"] = len(pdf)
    held["pdf_digest_as_stated"] = hashlib.sha256(pdf).hexdigest() in stated
    provenances = _found(gateway, f"Provenance?target=DiagnosticReport/{report['id']}")
    held["provenances"] = len(provenances)
    checked = verify_report(pdf, trust_pem)
    held["report_signature"], held["report_signature_valid"] = checked.sentence, checked.valid
    held["envelope_signature_valid"] = False
    if len(provenances) == 1:
        jws = base64.b64decode(provenances[0]["signature"][0]["data"]).decode("ascii")
        envelope = next(iter(_json_contents(gateway, documents)), b"")
        held["envelope_signature_valid"] = verify_envelope(envelope, jws, trust_pem).valid
    marks = [d for d in _found(gateway, f"DocumentReference?patient={report['subject']['reference']}") if _has_marks(d)]
    held["marks"] = sum(1 for d in marks for i in d.get("identifier", ()) if i.get("system") == f"{IDS}/mark")
    held["marks_documents"] = len(marks)
    held["complete"] = bool(
        held["questionnaire_responses"] == 1
        and held["provenances"] == 1
        and held["envelope_signature_valid"]
        and held["report_signature_valid"]
        and held["pdf_digest_as_stated"]
        and held["marks"] > 0
        and held["task_status"] == "completed"
    )
    return held


def _found(gateway: FhirGateway, url: str) -> list[dict[str, Any]]:
    return [entry["resource"] for page in gateway.search(url) for entry in page.bundle.get("entry", ())]


def _request_of(gateway: FhirGateway, task_reference: str) -> str:
    return str(gateway.read(task_reference)["focus"]["reference"])


def _ours(report: dict[str, Any]) -> bool:
    return any(i.get("system") == f"{IDS}/opinion" for i in report.get("identifier", ()))


def _has_marks(document: dict[str, Any]) -> bool:
    return any(i.get("system") == f"{IDS}/mark" for i in document.get("identifier", ()))


def _digests(document: dict[str, Any]) -> list[str]:
    return [
        base64.b64decode(extension["valueBase64Binary"]).hex()
        for content in document.get("content", ())
        for extension in content["attachment"].get("extension", ())
        if extension["url"] == SHA256_EXTENSION
    ]


def _json_contents(gateway: FhirGateway, documents: list[dict[str, Any]]) -> list[bytes]:
    return [
        gateway.read_binary(content["attachment"]["url"])
        for document in documents
        for content in document.get("content", ())
        if content["attachment"].get("contentType") == "application/json" and not _has_marks(document)
    ]
