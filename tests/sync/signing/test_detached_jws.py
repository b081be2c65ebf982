"""The JWS over the envelope, checked by `cryptography` alone as well."""

from __future__ import annotations

import base64
import json

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature
from cryptography.hazmat.primitives.hashes import SHA256

from sync.errors import SigningRefused
from sync.records.opinion import FrozenOpinion
from sync.signing.detached_jws import sign_envelope, verify_envelope
from sync.signing.identity import Identity, load_identity
from tests.sync.sample_records import AT
from tests.sync.signing.conftest import freeze_for
from tests.sync.signing.own_authority import PIN, Authority, make_authority


def decode(part: str) -> bytes:
    return base64.urlsafe_b64decode(part + "=" * (-len(part) % 4))


def verify_by_hand(envelope: bytes, jws: str) -> dict[str, object]:
    """RFC 7797 §3 with nothing but primitives; InvalidSignature when it does not verify. The protected header."""
    protected, empty, signature = jws.split(".")
    assert empty == ""
    header: dict[str, object] = json.loads(decode(protected))
    leaf = x509.load_der_x509_certificate(base64.b64decode(header["x5c"][0]))  # type: ignore[index]
    signed = protected.encode("ascii") + b"." + envelope
    raw = decode(signature)
    key = leaf.public_key()
    if isinstance(key, ec.EllipticCurvePublicKey):
        half = len(raw) // 2
        der = encode_dss_signature(int.from_bytes(raw[:half], "big"), int.from_bytes(raw[half:], "big"))
        key.verify(der, signed, ec.ECDSA(SHA256()))
    else:
        assert isinstance(key, rsa.RSAPublicKey)
        key.verify(raw, signed, padding.PKCS1v15(), SHA256())
    return header


@pytest.mark.parametrize("kind", ["ES256", "RS256"])
def test_that_the_signature_verifies_with_cryptography_alone(authority: Authority, kind: str) -> None:
    key = rsa.generate_private_key(65537, 2048) if kind == "RS256" else ec.generate_private_key(ec.SECP256R1())
    identity = load_identity(authority.identity(key=key), PIN)
    frozen = freeze_for(identity)
    jws = sign_envelope(frozen, identity)
    header = verify_by_hand(frozen.envelope, jws)
    assert (header["alg"], header["b64"], header["crit"]) == (kind, False, ["b64"])
    assert header["iat"] == int(AT.timestamp())
    assert verify_envelope(frozen.envelope, jws, authority.pem).valid


def test_that_a_long_opinion_can_be_signed(identity: Identity, authority: Authority) -> None:
    frozen = freeze_for(identity, response={"item": [{"linkId": "text", "answer": [{"valueString": "ä" * 400_000}]}]})
    assert verify_envelope(frozen.envelope, sign_envelope(frozen, identity), authority.pem).valid


def test_that_verification_names_signer_time_and_opinion(
    frozen: FrozenOpinion, identity: Identity, authority: Authority
) -> None:
    found = verify_envelope(frozen.envelope, sign_envelope(frozen, identity), authority.pem)
    assert found.trusted is True
    assert (found.signer_name, found.signer_reference) == ("Dr Ada Reader", "Practitioner/demo-specialist")
    assert (found.signed_at, found.opinion_identifier) == (AT, "SO-2026-00042/1/v1")
    assert found.certificate_sha256 == identity.certificate_sha256


def test_that_any_changed_byte_of_envelope_or_signature_is_noticed(frozen: FrozenOpinion, identity: Identity) -> None:
    jws = sign_envelope(frozen, identity)
    for position in range(0, len(frozen.envelope), 7):
        changed = bytearray(frozen.envelope)
        changed[position] ^= 1
        assert not verify_envelope(bytes(changed), jws, None).valid, position
    for position in [*range(0, len(jws), 11), *range(len(jws) - 6, len(jws))]:
        for bit in (1, 2, 32):
            text = bytearray(jws, "ascii")
            text[position] ^= bit
            assert not verify_envelope(frozen.envelope, text.decode("latin-1"), None).valid, position


def test_that_bytes_added_to_envelope_or_signature_are_noticed(frozen: FrozenOpinion, identity: Identity) -> None:
    jws = sign_envelope(frozen, identity)
    assert not verify_envelope(frozen.envelope + b" ", jws, None).valid
    for changed in (jws + "\n", jws + "=", jws + ".", "." + jws, ""):
        assert not verify_envelope(frozen.envelope, changed, None).valid, changed


def test_that_a_signer_of_another_authority_is_not_trusted(frozen: FrozenOpinion, identity: Identity) -> None:
    found = verify_envelope(frozen.envelope, sign_envelope(frozen, identity), make_authority("Other").pem)
    assert (found.intact, found.trusted, found.valid) == (True, False, False)


def test_that_without_trusted_certificates_the_sentence_says_so(frozen: FrozenOpinion, identity: Identity) -> None:
    found = verify_envelope(frozen.envelope, sign_envelope(frozen, identity), None)
    assert found.trusted is None
    assert "was not checked" in found.sentence


def test_that_an_intermediate_leads_to_the_root(authority: Authority) -> None:
    identity = load_identity(authority.intermediate("Site CA").identity(), PIN)
    frozen = freeze_for(identity)
    assert verify_envelope(frozen.envelope, sign_envelope(frozen, identity), authority.pem).trusted


def test_that_an_opinion_prepared_for_another_certificate_is_not_signed(
    frozen: FrozenOpinion, authority: Authority
) -> None:
    other = load_identity(authority.identity("Dr Other"), PIN)
    with pytest.raises(SigningRefused, match="another certificate"):
        sign_envelope(frozen, other)


def test_that_the_header_cannot_choose_the_algorithm(frozen: FrozenOpinion, identity: Identity) -> None:
    protected, _, signature = sign_envelope(frozen, identity).split(".")
    for algorithm in ("none", "HS256", "RS256"):
        header = {**json.loads(decode(protected)), "alg": algorithm}
        forged = base64.urlsafe_b64encode(json.dumps(header).encode()).rstrip(b"=").decode()
        assert not verify_envelope(frozen.envelope, f"{forged}..{signature}", None).valid
