"""The demo specialist's signing identity and how a workstation is given it."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization.pkcs12 import load_key_and_certificates

from sync.demo_hospital.identity import KEY_PIN, PRACTITIONER_NAME, PRACTITIONER_URI, load_identity
from tests.sync.demo_hospital.conftest import Answering


def test_that_the_key_opens_with_the_pin_only_and_belongs_to_the_specialist(tmp_path: Path) -> None:
    identity = load_identity(tmp_path)
    key, leaf, more = load_key_and_certificates(identity.p12, KEY_PIN.encode())
    assert isinstance(key, ec.EllipticCurvePrivateKey)
    assert leaf is not None
    assert key.public_key() == leaf.public_key()
    usage = leaf.extensions.get_extension_for_class(x509.KeyUsage).value
    assert (usage.digital_signature, usage.content_commitment, usage.key_cert_sign) == (True, True, False)
    names = leaf.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    assert names.get_values_for_type(x509.UniformResourceIdentifier) == [PRACTITIONER_URI]
    assert PRACTITIONER_NAME in leaf.subject.rfc4514_string()
    authority = x509.load_pem_x509_certificate(identity.trust_pem)
    leaf.verify_directly_issued_by(authority)
    assert more == [authority]
    with pytest.raises(ValueError, match=r"password|decrypt|PKCS12"):
        load_key_and_certificates(identity.p12, b"000000")


def test_that_it_is_made_once_and_readable_by_its_owner_alone(tmp_path: Path) -> None:
    first = load_identity(tmp_path)
    assert load_identity(tmp_path) == first
    assert load_identity(tmp_path / "other").token != first.token
    if os.name == "posix":
        assert {path.stat().st_mode & 0o077 for path in (tmp_path / "identity").iterdir()} == {0}


def test_that_enrolment_hands_it_out(hospital: Answering) -> None:
    p12 = hospital.get("/enrolment/identity.p12").content
    assert load_key_and_certificates(p12, KEY_PIN.encode())[1] is not None
    assert hospital.get("/enrolment/trust.pem").content.startswith(b"-----BEGIN CERTIFICATE")
    assert hospital.get("/enrolment/local-data-report").status_code == 404
