"""The signer's key and certificate, out of a PKCS#12 container. Asking for the PIN is `gate`'s and the window's."""

from __future__ import annotations

import base64
from dataclasses import dataclass
from datetime import UTC, datetime

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, EllipticCurvePrivateKey
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, pkcs12
from cryptography.x509.oid import NameOID

from sync.errors import SigningRefused
from sync.signing.envelope import SignerBinding

SMALLEST_RSA_BITS = 2048


@dataclass(frozen=True, slots=True, repr=False)
class Identity:
    """A private key with its certificate; ``intermediates`` lead towards the root, which is not among them."""

    name: str
    private_key: EllipticCurvePrivateKey | RSAPrivateKey
    certificate: x509.Certificate
    intermediates: tuple[x509.Certificate, ...]

    @property
    def algorithm(self) -> str:
        """RFC 7518 §3.1: ES256 or RS256."""
        return "ES256" if isinstance(self.private_key, EllipticCurvePrivateKey) else "RS256"

    @property
    def certificate_sha256(self) -> str:
        """Lower-case hexadecimal, over the DER form."""
        return self.certificate.fingerprint(SHA256()).hex()

    @property
    def x5t_s256(self) -> str:
        """RFC 7515 §4.1.8."""
        return thumbprint(self.certificate)

    def binding(self, reference: str, npi: str = "") -> SignerBinding:
        """This certificate bound to the practitioner *reference*.

        SigningRefused when the certificate itself names another practitioner or another NPI. Without *npi* it is the
        certificate's, if it has one.
        """
        named = _practitioners(self.certificate)
        if named and not any(uri.endswith(f"/{reference}") for uri in named):
            raise SigningRefused(f"The certificate of {self.name} belongs to another practitioner than {reference}.")
        certified = _npi(self.certificate)
        if npi and certified and npi != certified:
            raise SigningRefused(f"The certificate of {self.name} carries another NPI than {npi}.")
        return SignerBinding(reference, self.name, npi or certified, self.x5t_s256)


def thumbprint(certificate: x509.Certificate) -> str:
    """``x5t#S256``: base64url without padding of the SHA-256 over the DER form."""
    return base64.urlsafe_b64encode(certificate.fingerprint(SHA256())).rstrip(b"=").decode("ascii")


def common_name(certificate: x509.Certificate) -> str:
    """The subject's CN, or the whole subject where it has none."""
    names = certificate.subject.get_attributes_for_oid(NameOID.COMMON_NAME)
    return str(names[0].value) if names else certificate.subject.rfc4514_string()


def load_identity(p12: bytes, pin: str) -> Identity:
    """The identity in *p12*. SigningRefused for a wrong PIN, and for a certificate that must not sign now."""
    container = open_container(p12, pin)
    if container is None:
        raise SigningRefused("The key PIN is wrong, or the file of the signing certificate is damaged.")
    return identity_of(container)


def roots_in(p12: bytes, pin: str) -> bytes:
    """The authorities in *p12* (PEM), empty where there are none. SigningRefused for a wrong PIN."""
    container = open_container(p12, pin)
    if container is None:
        raise SigningRefused("The key PIN is wrong, or the file of the signing certificate is damaged.")
    others = (other.certificate for other in container.additional_certs)
    return b"".join(other.public_bytes(Encoding.PEM) for other in others if other.issuer == other.subject)


def open_container(p12: bytes, pin: str) -> pkcs12.PKCS12KeyAndCertificates | None:
    """None when *pin* does not open *p12*."""
    try:
        return pkcs12.load_pkcs12(p12, pin.encode("utf-8"))
    except ValueError:
        return None


def identity_of(container: pkcs12.PKCS12KeyAndCertificates) -> Identity:
    """SigningRefused unless the key is one we sign with and its certificate is in force and for signing."""
    key, held = container.key, container.cert
    if key is None or held is None:
        raise SigningRefused("The file of the signing certificate holds no key with a certificate.")
    certificate = held.certificate
    name = common_name(certificate)
    if isinstance(key, EllipticCurvePrivateKey):
        if not isinstance(key.curve, SECP256R1):
            raise SigningRefused(f"The key of {name} is on curve {key.curve.name}; signing needs P-256 or RSA.")
    elif not isinstance(key, RSAPrivateKey):
        raise SigningRefused(f"The key of {name} is of a kind that cannot sign an opinion; it needs P-256 or RSA.")
    elif key.key_size < SMALLEST_RSA_BITS:
        raise SigningRefused(f"The key of {name} has {key.key_size} bits, which is too short to sign with.")
    now = datetime.now(UTC)
    if now > certificate.not_valid_after_utc:
        raise SigningRefused(f"The certificate of {name} expired on {certificate.not_valid_after_utc:%Y-%m-%d}.")
    if now < certificate.not_valid_before_utc:
        raise SigningRefused(f"The certificate of {name} is not in force before {certificate.not_valid_before_utc}.")
    if not _may_sign(certificate):
        raise SigningRefused(f"The certificate of {name} is not meant for signatures.")
    others = (other.certificate for other in container.additional_certs)
    return Identity(name, key, certificate, tuple(other for other in others if other.issuer != other.subject))


def _practitioners(certificate: x509.Certificate) -> list[str]:
    """The practitioners' URIs among the certificate's alternative names."""
    try:
        names = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    except x509.ExtensionNotFound:
        return []
    return [uri for uri in names.get_values_for_type(x509.UniformResourceIdentifier) if "/Practitioner/" in uri]


def _npi(certificate: x509.Certificate) -> str:
    """The National Provider Identifier in the subject's serialNumber, written ``NPI-1234567893``; else empty."""
    numbers = certificate.subject.get_attributes_for_oid(NameOID.SERIAL_NUMBER)
    found = [str(number.value) for number in numbers if str(number.value).startswith("NPI-")]
    return found[0].removeprefix("NPI-") if found else ""


def _may_sign(certificate: x509.Certificate) -> bool:
    try:
        usage = certificate.extensions.get_extension_for_class(x509.KeyUsage).value
    except x509.ExtensionNotFound:
        return True
    return usage.digital_signature or usage.content_commitment
