"""Verifying a signed report: the PAdES signature, that it covers every byte, and the opinion embedded in it.

Nothing is fetched. Bytes after the signature, a timestamp too, are not accepted: no report carries any yet.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from io import BytesIO
from typing import Any

from pyhanko.pdf_utils.reader import PdfFileReader
from pyhanko.sign.validation import validate_pdf_signature
from pyhanko.sign.validation.settings import KeyUsageConstraints

from sync.errors import NotValid
from sync.records.amendment import Amendment
from sync.signing.cms_structure import load_cms, signed_digest
from sync.signing.detached_jws import VerifiedSignature, verify_envelope
from sync.signing.embedded_files import read_embedded_files
from sync.signing.signed_range import SignedRange, find_signed_range
from sync.signing.trust import validation_context

ENVELOPE_FILE = "opinion.json"
JWS_FILE = "opinion.json.jws"
_KEY_USAGE = KeyUsageConstraints(key_usage={"digital_signature", "non_repudiation"}, match_all_key_usages=False)


@dataclass(frozen=True, slots=True)
class VerifiedReport:
    """What a signed report says, and whether to believe it. ``trusted`` is None where no trusted ones were given."""

    signer_name: str
    signed_at: datetime | None
    meaning: str
    intact: bool
    """The signed bytes are the ones that were signed."""
    whole_document: bool
    """There is no byte outside what the signature covers."""
    trusted: bool | None
    envelope_matches: bool
    """The embedded opinion verifies by itself, and with the same certificate."""
    sentence: str
    opinion_identifier: str = ""
    certificate_sha256: str = ""
    amendment: Amendment | None = None
    """What the report amends, as its signed opinion says."""

    @property
    def valid(self) -> bool:
        """Every check passed; trust counts where it was asked."""
        return self.intact and self.whole_document and self.envelope_matches and self.trusted is not False


def verify_report(pdf: bytes, trust_pem: bytes | None) -> VerifiedReport:
    """Judge a report as it lies before us. NotValid only when *trust_pem* itself cannot be read."""
    context = validation_context(trust_pem)
    covered = find_signed_range(pdf)
    if covered is None:
        return _rejected("This file carries no signature of a report, or its signature was damaged.")
    try:
        return _judge(pdf, covered, trust_pem, context)
    except NotValid:
        raise
    except Exception:  # noqa: BLE001  hostile bytes: whatever breaks the reader is no valid report
        return _rejected("This report was changed after it was signed: it can no longer be read as it was.")


def _judge(pdf: bytes, covered: SignedRange, trust_pem: bytes | None, context: Any) -> VerifiedReport:
    structure = load_cms(covered.gap)
    if structure is None:
        return _rejected("The signature of this report is not as it was written.")
    algorithm, digest = signed_digest(structure)
    if covered.digest(algorithm) != digest:  # before any of the file is parsed
        return _rejected("This report was changed after it was signed.")
    reader = PdfFileReader(BytesIO(pdf))
    signatures = reader.embedded_signatures
    if len(signatures) != 1:
        return _rejected("This file does not carry exactly one signature, as a report does.")
    signature = signatures[0]
    if [int(number) for number in signature.byte_range] != list(covered.byte_range):
        return _rejected("The signature in this file does not cover what it seems to cover.")
    status = validate_pdf_signature(signature, context, key_usage_settings=_KEY_USAGE)
    certificate_sha256 = signature.signer_cert.sha256.hex()
    intact = bool(status.intact and status.valid)
    files = read_embedded_files(reader)
    opinion = _verify_opinion(files, trust_pem)
    matches = intact and opinion.intact and opinion.certificate_sha256 == certificate_sha256
    name = (
        str(signature.signer_cert.subject.native.get("common_name", "")) or signature.signer_cert.subject.human_friendly
    )
    trusted = None if trust_pem is None else bool(status.trusted)
    signed_at = opinion.signed_at if matches else signature.self_reported_timestamp
    return VerifiedReport(
        name,
        signed_at,
        opinion.meaning if matches else str(signature.sig_object.get("/Reason", "")),
        intact,
        covered.whole_document,
        trusted,
        matches,
        _sentence(name, signed_at, intact, covered.whole_document, trusted, opinion, matches),
        opinion.opinion_identifier if matches else "",
        certificate_sha256,
        opinion.amendment if matches else None,
    )


def _verify_opinion(files: dict[str, bytes], trust_pem: bytes | None) -> VerifiedSignature:
    envelope, jws = files.get(ENVELOPE_FILE, b""), files.get(JWS_FILE, b"")
    return verify_envelope(envelope, jws.decode("ascii", "replace"), trust_pem)


def _sentence(
    name: str,
    signed_at: datetime | None,
    intact: bool,
    whole_document: bool,
    trusted: bool | None,
    opinion: VerifiedSignature,
    matches: bool,
) -> str:
    if not intact:
        return f"NOT VALID: this report was changed after {name} signed it."
    if not whole_document:
        return f"NOT VALID: something was added to this report after {name} signed it."
    if not opinion.intact:
        return f"NOT VALID: the opinion inside this report does not verify. {opinion.sentence}"
    if not matches:
        return "NOT VALID: the opinion inside this report is signed with another certificate than the report."
    if trusted is False:
        return f"NOT VALID: this report is signed by {name}, whose certificate does not lead to one you trust."
    unchecked = "" if trusted else "; who the signer is was not checked against a trusted certificate"
    return (
        f"Valid: opinion {opinion.opinion_identifier}, signed by {name} on {signed_at:%Y-%m-%d %H:%M %Z} "
        f"({opinion.meaning}), whole and unchanged{unchecked}."
    )


def _rejected(sentence: str) -> VerifiedReport:
    return VerifiedReport("", None, "", False, False, None, False, f"NOT VALID: {sentence}")
