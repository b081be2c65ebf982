"""Verifying a file somebody was given: a signed report, or an opinion's envelope with its signature beside it."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from sync.errors import NotValid
from sync.records.amendment import Amendment
from sync.signing.detached_jws import verify_envelope
from sync.signing.fingerprint import fingerprint_words
from sync.signing.report_check import verify_report

LARGEST_BYTES = 256 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class Verification:
    """Who signed what, when, and one sentence. ``trusted`` is None where no trusted certificates were given.

    ``valid`` only if the signer is trusted too: anybody can make a certificate in any name.
    """

    valid: bool
    kind: str
    """``report`` or ``opinion``."""
    who: str
    when: datetime | None
    what: str
    """The opinion's identifier and what the signature means."""
    intact: bool
    whole_document: bool
    trusted: bool | None
    certificate_sha256: str
    sentence: str
    amendment: Amendment | None = None
    """Which opinion this one amends, how and why; None for one that stands by itself."""

    @property
    def certificate_fingerprint(self) -> str:
        """As the report itself and other programs write it; empty where no certificate was found."""
        return fingerprint_words(bytes.fromhex(self.certificate_sha256))

    def to_json(self) -> dict[str, Any]:
        """For ``--json``: the same, with the time in ISO 8601."""
        amendment = None if self.amendment is None else {**asdict(self.amendment), "kind": self.amendment.kind.value}
        when = None if self.when is None else self.when.isoformat()
        found = {**asdict(self), "when": when, "amendment": amendment}
        return {**found, "certificate_fingerprint": self.certificate_fingerprint}


def verify_file(path: Path, trust_pem: bytes | None = None) -> Verification:
    """Judge the file at *path*: a PDF, or an envelope ``x.json`` with ``x.json.jws`` beside it (either may be named).

    A file that was tampered with gives a Verification that is not valid. NotValid when the file cannot be judged at
    all: it is missing, or no kind of file that we sign.
    """
    content = _read(path)
    if content.startswith(b"%PDF-"):
        return _report(content, trust_pem)
    if path.suffix == ".jws":
        return _opinion(_read(path.with_suffix("")), content, trust_pem)
    beside = path.with_name(path.name + ".jws")
    if beside.exists():
        return _opinion(content, _read(beside), trust_pem)
    raise NotValid(f"“{path.name}” is neither a PDF nor an opinion with its signature ({beside.name}) beside it.")


def _report(content: bytes, trust_pem: bytes | None) -> Verification:
    report = verify_report(content, trust_pem)
    return Verification(
        report.valid and report.trusted is True,
        "report",
        report.signer_name,
        report.signed_at,
        _what(report.opinion_identifier, report.meaning),
        report.intact and report.envelope_matches,
        report.whole_document,
        report.trusted,
        report.certificate_sha256,
        _unjudged(report.signer_name, report.signed_at) if report.valid and report.trusted is None else report.sentence,
        report.amendment,
    )


def _opinion(envelope: bytes, jws: bytes, trust_pem: bytes | None) -> Verification:
    signature = verify_envelope(envelope, jws.decode("ascii", "replace"), trust_pem)
    return Verification(
        signature.valid and signature.trusted is True,
        "opinion",
        signature.signer_name,
        signature.signed_at,
        _what(signature.opinion_identifier, signature.meaning),
        signature.intact,
        signature.intact,
        signature.trusted,
        signature.certificate_sha256,
        _unjudged(signature.signer_name, signature.signed_at)
        if signature.valid and signature.trusted is None
        else ("Valid: " if signature.valid else "NOT VALID: ") + signature.sentence,
        signature.amendment,
    )


def _unjudged(name: str, signed_at: datetime | None) -> str:
    """The sentence for a whole signature of somebody who may be anybody."""
    when = "" if signed_at is None else f" on {signed_at:%Y-%m-%d %H:%M %Z}"
    return (
        f"NOT VERIFIED: whole and unchanged since it was signed in the name of {name}{when}, but no trusted "
        "certificates are known here, so who that was cannot be judged."
    )


def _what(identifier: str, meaning: str) -> str:
    return ": ".join(part for part in (f"opinion {identifier}" if identifier else "", meaning) if part)


def _read(path: Path) -> bytes:
    try:
        if path.exists() and not path.is_file():  # a pipe would keep us waiting for ever
            raise NotValid(f"“{path.name}” is not a file.")
        if path.stat().st_size > LARGEST_BYTES:
            raise NotValid(f"“{path.name}” is too large to be a signed report.")
        return path.read_bytes()
    except OSError as error:
        raise NotValid(f"“{path.name}” cannot be read ({error.strerror}).") from error
