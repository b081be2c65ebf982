"""A real TLS server on loopback, with certificates made on the spot: good, expired, for another name, outdated."""

from __future__ import annotations

import socket
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from sync.hospital_profile import HospitalProfile


class Authority:
    """A certificate authority of the test's own; ``ca_file`` is what a site would hand out.

    One under another (*above*) is an intermediate: its servers send its certificate along.
    """

    def __init__(self, folder: Path, name: str, above: Authority | None = None) -> None:
        self._key = ec.generate_private_key(ec.SECP256R1())
        self._name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
        signer = above or self
        certificate = (
            _builder(self._name, signer._name, self._key.public_key(), 30)
            .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
            .sign(signer._key, hashes.SHA256())
        )
        self._sent_along = certificate.public_bytes(serialization.Encoding.PEM) if above else b""
        self.folder = folder
        self.ca_file = folder / f"{name}.pem"
        self.ca_file.write_bytes(certificate.public_bytes(serialization.Encoding.PEM))

    def issue(self, name: str, *, host: str = "127.0.0.1", days: int = 10, also_sent: bytes = b"") -> Path:
        """A PEM file with key and certificate for *host*, valid for *days* from yesterday (negative: until then).

        *also_sent*: certificates (PEM) that the server sends along though nothing is proven by them.
        """
        key = ec.generate_private_key(ec.SECP256R1())
        subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
        names: list[x509.GeneralName] = [x509.IPAddress(ip_address(host)) if host[0].isdigit() else x509.DNSName(host)]
        certificate = (
            _builder(subject, self._name, key.public_key(), days)
            .add_extension(x509.SubjectAlternativeName(names), critical=False)
            .sign(self._key, hashes.SHA256())
        )
        path = self.folder / f"{name}-key.pem"
        path.write_bytes(
            key.private_bytes(
                serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
            )
            + certificate.public_bytes(serialization.Encoding.PEM)
            + self._sent_along
            + also_sent
        )
        return path


def _builder(
    subject: x509.Name, issuer: x509.Name, key: ec.EllipticCurvePublicKey, days: int
) -> x509.CertificateBuilder:
    now = datetime.now(UTC)
    begin = now - timedelta(days=1 if days > 0 else 10)
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key)
        .serial_number(x509.random_serial_number())
        .not_valid_before(begin)
        .not_valid_after(now + timedelta(days=days))
    )


@dataclass
class TlsServer:
    port: int
    requests: list[bytes] = field(default_factory=list)

    @property
    def base(self) -> str:
        return f"https://127.0.0.1:{self.port}"

    def profile(self, ca_file: Path | None = None, pin: str = "") -> HospitalProfile:
        return HospitalProfile(
            name="test", hospital_name="Test Hospital", fhir_base=f"{self.base}/fhir",
            dicomweb_base=f"{self.base}/dicom-web", files_base=f"{self.base}/files", token="secret-token",
            practitioner_reference="Practitioner/me", practitioner_name="Dr Me",
            site_ca_file=str(ca_file or ""), spki_pin=pin,
        )  # fmt: skip


@contextmanager
def tls_server(key_and_certificate: Path, *, newest: ssl.TLSVersion | None = None) -> Iterator[TlsServer]:
    """Answers ``200 here`` to each request that comes through TLS."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(key_and_certificate)
    if newest is not None:
        context.set_ciphers("DEFAULT:@SECLEVEL=0")
        context.minimum_version = ssl.TLSVersion.MINIMUM_SUPPORTED
        context.maximum_version = newest
    listener = socket.create_server(("127.0.0.1", 0))
    server = TlsServer(listener.getsockname()[1])

    def serve() -> None:
        while True:
            try:
                line, _ = listener.accept()
            except OSError:
                return
            line.settimeout(5)
            with line, suppress(OSError), context.wrap_socket(line, server_side=True) as secure:
                received = secure.recv(65536)
                if received:
                    server.requests.append(received)
                    secure.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\nConnection: close\r\n\r\nhere")

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    try:
        yield server
    finally:
        listener.shutdown(socket.SHUT_RDWR)
        listener.close()
        thread.join(5)
