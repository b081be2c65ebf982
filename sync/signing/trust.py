"""Whether a signer's certificate leads to one the site trusts: offline, never fetching anything (RFC 5280 §6)."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Sequence
from typing import Any

from asn1crypto import pem
from asn1crypto import x509 as asn1
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding
from pyhanko_certvalidator import CertificateValidator, ValidationContext
from pyhanko_certvalidator.errors import PathBuildingError, PathValidationError

from sync.errors import NotValid

# Both write certificates' names and tracebacks at WARNING for what is an ordinary answer here: not trusted.
for _library in ("pyhanko", "pyhanko_certvalidator"):
    logging.getLogger(_library).setLevel(logging.CRITICAL)


def validation_context(trust_pem: bytes | None) -> Any:
    """A pyHanko ValidationContext with these roots alone. NotValid when *trust_pem* holds no certificate."""
    return ValidationContext(
        trust_roots=[] if trust_pem is None else load_roots(trust_pem),
        allow_fetching=False,
        revocation_mode="soft-fail",
    )


def load_roots(trust_pem: bytes) -> list[Any]:
    """The certificates (asn1crypto) in *trust_pem*. NotValid when there is none."""
    try:
        roots = [
            asn1.Certificate.load(der, strict=True)
            for kind, _, der in pem.unarmor(trust_pem, multiple=True)
            if kind == "CERTIFICATE"
        ]
    except ValueError as error:
        raise NotValid("The file of trusted certificates is not in PEM form.") from error
    if not roots:
        raise NotValid("The file of trusted certificates holds no certificate.")
    return roots


def is_trusted(leaf: x509.Certificate, others: Sequence[x509.Certificate], trust_pem: bytes) -> bool:
    """Whether *leaf* is in force now and leads, through *others*, to a root in *trust_pem*."""
    validator: Any = CertificateValidator(
        to_asn1(leaf), [to_asn1(other) for other in others], validation_context=validation_context(trust_pem)
    )
    try:
        asyncio.run(validator.async_validate_usage(key_usage=set()))
    except (PathBuildingError, PathValidationError):
        return False
    return True


def to_asn1(certificate: x509.Certificate) -> Any:
    """The same certificate as pyHanko reads it."""
    return asn1.Certificate.load(certificate.public_bytes(Encoding.DER))
