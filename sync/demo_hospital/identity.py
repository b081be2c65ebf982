"""The demo specialist's signing identity: a certificate authority of this hospital, a leaf for the specialist, their

PKCS#12 file, and the invented secrets that go with the account. Made once for each state folder.
"""

from __future__ import annotations

import json
import os
import secrets
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import BestAvailableEncryption, Encoding
from cryptography.hazmat.primitives.serialization.pkcs12 import serialize_key_and_certificates
from cryptography.x509.oid import NameOID

PRACTITIONER_ID = "demo-specialist"
PRACTITIONER_NAME = "Dr. Ilse Marwick"
PRACTITIONER_URI = f"https://readingroom.example/fhir/Practitioner/{PRACTITIONER_ID}"
NPI = "1234567893"
"""The example number of the NPI standard: its check digit is right and nobody bears it."""

HOSPITAL_NAME = "Lindenhof Demo Hospital"
ACCOUNT_PASSPHRASE = "reading room demo"
KEY_PIN = "246813"
"""Both are printed where the demo starts: they guard invented patients only, and a person must type them."""

_VALID = timedelta(days=2 * 365)


@dataclass(frozen=True, slots=True)
class DemoIdentity:
    """What enrolment hands to the workstation, and the token that every request carries."""

    p12: bytes
    """PKCS#12 with key, leaf and authority, encrypted with `KEY_PIN`."""
    trust_pem: bytes
    """The authority's certificate."""
    token: str


def load_identity(state_dir: Path) -> DemoIdentity:
    """The identity of this state folder; made, whole or not at all, if it is not there yet."""
    folder = state_dir / "identity"
    if not (folder / "token.json").is_file():
        _make(folder)
    token = json.loads((folder / "token.json").read_text("utf-8"))["token"]
    return DemoIdentity((folder / "identity.p12").read_bytes(), (folder / "trust.pem").read_bytes(), token)


def _make(folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    authority_key, authority = _make_authority()
    key = ec.generate_private_key(ec.SECP256R1())
    leaf = _make_leaf(key.public_key(), authority_key, authority)
    name = f"{PRACTITIONER_NAME} (demo)".encode()
    encryption = BestAvailableEncryption(KEY_PIN.encode())
    _write(folder / "identity.p12", serialize_key_and_certificates(name, key, leaf, [authority], encryption))
    _write(folder / "trust.pem", authority.public_bytes(Encoding.PEM))
    # Last: its presence says that the rest is there. The authority's key is not kept, it signs nothing else.
    _write(folder / "token.json", json.dumps({"token": secrets.token_urlsafe(24)}).encode())


def _write(path: Path, content: bytes) -> None:
    fresh = path.with_suffix(".new")
    fresh.unlink(missing_ok=True)
    fresh.touch(mode=0o600)
    with fresh.open("wb") as opened:
        opened.write(content)
        opened.flush()
        os.fsync(opened.fileno())
    fresh.replace(path)


def _make_authority() -> tuple[ec.EllipticCurvePrivateKey, x509.Certificate]:
    key = ec.generate_private_key(ec.SECP256R1())
    name = _name(f"{HOSPITAL_NAME} Root CA")
    builder = (
        _builder(name, name, key.public_key())
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(_usage(authority=True), critical=True)
    )
    return key, builder.sign(key, hashes.SHA256())


def _make_leaf(
    public_key: ec.EllipticCurvePublicKey, authority_key: ec.EllipticCurvePrivateKey, authority: x509.Certificate
) -> x509.Certificate:
    subject = x509.Name([
        x509.NameAttribute(NameOID.COMMON_NAME, PRACTITIONER_NAME),
        x509.NameAttribute(NameOID.ORGANIZATION_NAME, HOSPITAL_NAME),
        x509.NameAttribute(NameOID.SERIAL_NUMBER, f"NPI-{NPI}"),
    ])  # fmt: skip
    key_id = authority.extensions.get_extension_for_class(x509.SubjectKeyIdentifier).value
    builder = (
        _builder(subject, authority.subject, public_key)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(_usage(authority=False), critical=True)
        .add_extension(x509.SubjectAlternativeName([x509.UniformResourceIdentifier(PRACTITIONER_URI)]), critical=False)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_subject_key_identifier(key_id), critical=False)
    )
    return builder.sign(authority_key, hashes.SHA256())


def _builder(subject: x509.Name, issuer: x509.Name, public_key: ec.EllipticCurvePublicKey) -> x509.CertificateBuilder:
    now = datetime.now(UTC)
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(public_key)
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + _VALID)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(public_key), critical=False)
    )


def _name(common_name: str) -> x509.Name:
    return x509.Name([
        x509.NameAttribute(NameOID.COMMON_NAME, common_name),
        x509.NameAttribute(NameOID.ORGANIZATION_NAME, HOSPITAL_NAME),
    ])  # fmt: skip


def _usage(*, authority: bool) -> x509.KeyUsage:
    """RFC 5280 4.2.1.3: an authority signs certificates; a person signs documents and stands by it."""
    return x509.KeyUsage(
        digital_signature=not authority, content_commitment=not authority, key_cert_sign=authority,
        crl_sign=authority, key_encipherment=False, data_encipherment=False, key_agreement=False,
        encipher_only=False, decipher_only=False,
    )  # fmt: skip
