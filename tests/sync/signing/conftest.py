"""One authority, one identity and one signed report for all tests of signing: making them takes time."""

from __future__ import annotations

import pytest
from fpdf import FPDF

from resources import resource
from sync.records.opinion import FrozenOpinion
from sync.signing.detached_jws import sign_envelope
from sync.signing.envelope import MEANING, Material, freeze_opinion, uid_digest
from sync.signing.identity import Identity, load_identity
from sync.signing.pades import sign_report
from tests.sync.sample_records import AT, sample_case, sample_marks
from tests.sync.signing.own_authority import PIN, Authority, make_authority

RESPONSE = {
    "resourceType": "QuestionnaireResponse",
    "id": "local-1",
    "meta": {"versionId": "1"},
    "status": "completed",
    "item": [
        {"linkId": "size", "answer": [{"valueDecimal": 7.0}]},
        {"linkId": "text", "answer": [{"valueString": "é"}]},
    ],
}


@pytest.fixture(scope="session")
def authority() -> Authority:
    return make_authority()


@pytest.fixture(scope="session")
def identity(authority: Authority) -> Identity:
    return load_identity(authority.identity(), PIN)


def freeze_for(identity: Identity, **changes: object) -> FrozenOpinion:
    arguments: dict[str, object] = {
        "case": sample_case(),
        "task_json": {"resourceType": "Task", "id": "t1", "meta": {"versionId": "3"}},
        "response": RESPONSE,
        "marks": [sample_marks()],
        "materials": [
            Material("ImagingStudy/is1", "1", uid_digest(["1.2.10", "1.2.9"])),
            Material("DocumentReference/d1", "2", "cd" * 32),
        ],
        "signer": identity.binding("Practitioner/demo-specialist", "1234567893"),
        "version": 1,
        "signed_at": AT,
        "app_version": "0.1.0",
    }
    return freeze_opinion(**{**arguments, **changes})  # type: ignore[arg-type]


@pytest.fixture(scope="session")
def frozen(identity: Identity) -> FrozenOpinion:
    return freeze_for(identity)


def small_report(attachments: dict[str, bytes]) -> bytes:
    """A PDF/A-3b of one page with *attachments*, as the real report is made."""
    pdf = FPDF(enforce_compliance="PDF/A-3B")
    pdf.set_title("Second opinion")
    pdf.set_lang("en")
    pdf.add_font("DejaVu", fname=str(resource("fonts", "DejaVuSans.ttf")))
    pdf.add_page()
    pdf.set_font("DejaVu", size=11)
    pdf.cell(text="Opinion: refined.")
    for name, content in attachments.items():
        pdf.embed_file(
            basename=name,
            bytes=content,
            mime_type="application/jose" if name.endswith("jws") else "application/json",
            associated_file_relationship="Supplement" if name.endswith("jws") else "Source",
            modification_date=AT,
        )
    return bytes(pdf.output())


@pytest.fixture(scope="session")
def signed_report(identity: Identity, frozen: FrozenOpinion) -> bytes:
    jws = sign_envelope(frozen, identity)
    pdf = small_report({"opinion.json": frozen.envelope, "opinion.json.jws": jws.encode("ascii")})
    return sign_report(pdf, identity, reason=MEANING)
