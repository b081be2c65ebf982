"""The machine's signature: a detached JWS over the envelope's bytes (RFC 7515, RFC 7797), and its verification."""

from __future__ import annotations

import base64
import json
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, EllipticCurvePublicKey
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat
from joserfc import jws as jose
from joserfc.jwk import ECKey, RSAKey
from joserfc.registry import HeaderParameter

from sync.errors import SigningRefused
from sync.records.amendment import Amendment, amendment_in
from sync.records.opinion import FrozenOpinion, Json
from sync.signing.envelope import is_canonical
from sync.signing.identity import Identity, common_name, thumbprint
from sync.signing.trust import is_trusted

CONTENT_TYPE = "json"
"""``cty`` of the header: ``application/json`` without its prefix (RFC 7515 §4.1.10)."""


class _Registry(jose.JWSRegistry):
    """The library's limits are below an x5c chain (512 B) and a long opinion (128 kB)."""

    max_header_length = 32 * 1024
    max_payload_length = 16 * 1024 * 1024


_HEADERS = {"iat": HeaderParameter("Issued At", "int")}


@dataclass(frozen=True, slots=True)
class VerifiedSignature:
    """What the signature over an envelope says. ``trusted`` is None where no trusted certificates were given.

    ``signed_at``, ``meaning``, ``opinion_identifier`` and ``amendment`` are the envelope's, and empty where it is not
    ``intact``.
    """

    intact: bool
    trusted: bool | None
    signer_name: str
    signer_reference: str
    signed_at: datetime | None
    meaning: str
    opinion_identifier: str
    certificate_sha256: str
    sentence: str
    amendment: Amendment | None = None

    @property
    def valid(self) -> bool:
        """Intact, and not signed by somebody untrusted."""
        return self.intact and self.trusted is not False


def sign_envelope(frozen: FrozenOpinion, identity: Identity) -> str:
    """``header..signature`` over the envelope. SigningRefused when the envelope names another certificate."""
    named = json.loads(frozen.envelope)["signer"]["x5t#S256"]
    if named != identity.x5t_s256:
        raise SigningRefused("This opinion was prepared for another certificate; open the preview again and sign then.")
    chain = (identity.certificate, *identity.intermediates)
    header: dict[str, Any] = {
        "alg": identity.algorithm,
        "b64": False,
        "crit": ["b64"],
        "cty": CONTENT_TYPE,
        "x5c": [base64.b64encode(link.public_bytes(Encoding.DER)).decode("ascii") for link in chain],
        "iat": int(frozen.signed_at.timestamp()),
    }
    pem = identity.private_key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    key = ECKey.import_key(pem) if identity.algorithm == "ES256" else RSAKey.import_key(pem)
    return jose.serialize_compact(header, frozen.envelope, key, [identity.algorithm], _registry(identity.algorithm))


def verify_envelope(envelope: bytes, jws: str, trust_pem: bytes | None) -> VerifiedSignature:
    """Check *jws* over exactly these bytes, and that the certificate is the one the envelope names."""
    try:
        chain = _chain(jws)
        leaf = chain[0]
        algorithm, key = _public_key(leaf)
        jose.deserialize_compact(jws, key, [algorithm], _registry(algorithm), payload=envelope)
    except Exception:  # noqa: BLE001  hostile bytes: whatever breaks a parser is no signature of ours
        return _not_intact("The signature does not fit the opinion: one of them was changed.")
    if not _is_tight(jws) or not is_canonical(envelope):
        return _not_intact("The opinion or its signature is not in the form in which it was signed.")
    content: Json = json.loads(envelope)
    try:
        signer, named = content["signer"], content["signer"]["x5t#S256"]
        signed_at = datetime.fromisoformat(content["signedAt"])
        reference, meaning, identifier = signer["reference"], content["meaning"], content["opinion"]["value"]
        amendment = amendment_in(content)
    except (KeyError, TypeError, ValueError):
        return _not_intact("The signed content is not an opinion of this program.")
    if named != thumbprint(leaf):
        return _not_intact("The opinion names another certificate than the one it is signed with.")
    name = common_name(leaf)
    trusted = None if trust_pem is None else is_trusted(leaf, chain[1:], trust_pem)
    return VerifiedSignature(
        True,
        trusted,
        name,
        reference,
        signed_at,
        meaning,
        identifier,
        leaf.fingerprint(SHA256()).hex(),
        f"Opinion {identifier} is signed by {name} on {signed_at:%Y-%m-%d %H:%M %Z}{_TRUST_WORDS[trusted]}.",
        amendment,
    )


_TRUST_WORDS = {
    True: ", and was not changed since",
    None: ", and was not changed since; who the signer is was not checked against a trusted certificate",
    False: ", but that certificate is not one this site trusts",
}


def _not_intact(sentence: str) -> VerifiedSignature:
    return VerifiedSignature(False, None, "", "", None, "", "", "", sentence)


def _registry(algorithm: str) -> _Registry:
    return _Registry(header_registry=_HEADERS, algorithms=[algorithm])


def _chain(jws: str) -> list[x509.Certificate]:
    header = json.loads(_decode(jws.split(".")[0]))
    if header.get("b64") is not False:
        raise ValueError("not detached")
    return [x509.load_der_x509_certificate(base64.b64decode(link, validate=True)) for link in header["x5c"]]


def _public_key(leaf: x509.Certificate) -> tuple[str, ECKey | RSAKey]:
    """Which algorithm the certificate's key signs with; the header is never asked (RFC 8725 §3.1)."""
    public = leaf.public_key()
    if isinstance(public, EllipticCurvePublicKey) and isinstance(public.curve, SECP256R1):
        pem = public.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
        return "ES256", ECKey.import_key(pem)
    if isinstance(public, RSAPublicKey):
        return "RS256", RSAKey.import_key(public.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo))
    raise ValueError("not a key that signs opinions")


def _is_tight(jws: str) -> bool:
    """Base64url leaves room in the last character; only the one spelling that a signer writes is accepted."""
    header, payload, signature = jws.split(".")
    return payload == "" and all(
        base64.urlsafe_b64encode(_decode(part)).rstrip(b"=").decode("ascii") == part for part in (header, signature)
    )


def _decode(part: str) -> bytes:
    return base64.urlsafe_b64decode(part + "=" * (-len(part) % 4))
