"""A certificate authority of the tests' own, and identities it issues. Nothing here is the product's."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import BestAvailableEncryption, Encoding, pkcs12
from cryptography.x509.oid import NameOID

PrivateKey = ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey
PIN = "482913"


@dataclass(frozen=True)
class Authority:
    """A root (or an intermediate under ``parents``) that issues certificates."""

    key: PrivateKey
    certificate: x509.Certificate
    parents: tuple[x509.Certificate, ...] = ()

    @property
    def pem(self) -> bytes:
        return self.certificate.public_bytes(Encoding.PEM)

    def intermediate(self, name: str) -> Authority:
        key = ec.generate_private_key(ec.SECP256R1())
        certificate = _certificate(name, key, self.certificate.subject, self.key, is_authority=True)
        return Authority(key, certificate, (certificate, *self.parents))

    def identity(
        self,
        name: str = "Dr Ada Reader",
        *,
        key: PrivateKey | None = None,
        valid_days: tuple[int, int] = (-1, 365),
        for_signing: bool = True,
    ) -> bytes:
        """A PKCS#12 container, opened by `PIN`."""
        key = key or ec.generate_private_key(ec.SECP256R1())
        leaf = _certificate(
            name, key, self.certificate.subject, self.key, valid_days=valid_days, for_signing=for_signing
        )
        chain = [*self.parents, *([] if self.parents else [self.certificate])]
        return pkcs12.serialize_key_and_certificates(
            name.encode(), key, leaf, chain, BestAvailableEncryption(PIN.encode())
        )


def make_authority(name: str = "Test root") -> Authority:
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    return Authority(key, _certificate(name, key, subject, key, is_authority=True))


def _certificate(
    name: str,
    key: PrivateKey,
    issuer: x509.Name,
    issuer_key: PrivateKey,
    *,
    is_authority: bool = False,
    valid_days: tuple[int, int] = (-1, 365),
    for_signing: bool = True,
) -> x509.Certificate:
    now = datetime.now(UTC)
    usage = x509.KeyUsage(
        digital_signature=for_signing and not is_authority,
        content_commitment=for_signing and not is_authority,
        key_encipherment=not for_signing,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=is_authority,
        crl_sign=is_authority,
        encipher_only=False,
        decipher_only=False,
    )
    builder = (
        x509.CertificateBuilder()
        .subject_name(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)]))
        .issuer_name(issuer)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now + timedelta(days=valid_days[0]))
        .not_valid_after(now + timedelta(days=valid_days[1]))
        .add_extension(x509.BasicConstraints(ca=is_authority, path_length=None), critical=True)
        .add_extension(usage, critical=True)
    )
    if not is_authority:
        builder = builder.add_extension(
            x509.SubjectAlternativeName([x509.RFC822Name("reader@clinic.example")]), critical=False
        )
    return builder.sign(issuer_key, SHA256())
