"""Nothing is sent to whoever cannot prove to be the hospital; tried against a real TLS server."""

from __future__ import annotations

import socket
import ssl
import sys
import warnings
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from sync.errors import ConnectionNotSafe, ProfileRefused
from sync.hospital_connection import HospitalConnection
from sync.hospital_profile import HospitalProfile
from sync.secure_lines import proxies_for, spki_pin
from tests.sync.tls_server import Authority, tls_server


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority(tmp_path_factory.mktemp("authority"), "site")


def fetch(profile: HospitalProfile) -> bytes:
    connection = HospitalConnection(profile)
    try:
        with connection.open("GET", f"{profile.fhir_base}/metadata") as answer:
            return connection.read_body(answer)
    finally:
        connection.close()


def pin_of(key_and_certificate: Path) -> str:
    certificate = x509.load_pem_x509_certificate(key_and_certificate.read_bytes())
    return spki_pin(certificate.public_bytes(Encoding.DER))


def sent_certificates(port: int) -> list[bytes]:
    """All that the server sends, in PEM, proven or not."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    with socket.create_connection(("127.0.0.1", port)) as line, context.wrap_socket(line) as secure:
        beneath: Any = secure._sslobj  # type: ignore[attr-defined]
        chain = secure.get_unverified_chain() if sys.version_info >= (3, 13) else beneath.get_unverified_chain()
        return [
            ssl.DER_cert_to_PEM_cert(one if isinstance(one, bytes) else one.public_bytes(2)).encode() for one in chain
        ]


def test_that_a_hospital_with_a_certificate_of_its_own_authority_is_believed(authority: Authority) -> None:
    with tls_server(authority.issue("good")) as server:
        assert fetch(server.profile(authority.ca_file)) == b"here"
        assert b"Bearer secret-token" in server.requests[0]


def test_that_an_authority_nobody_named_is_not_believed(authority: Authority, tmp_path: Path) -> None:
    other = Authority(tmp_path, "other")
    with tls_server(other.issue("stranger")) as server:
        for ca_file in (None, authority.ca_file):
            with pytest.raises(ConnectionNotSafe, match="does not trust, so nothing was sent"):
                fetch(server.profile(ca_file))
        assert server.requests == []


@pytest.mark.parametrize(
    ("options", "words"),
    [({"days": -1}, "has expired"), ({"host": "elsewhere.example"}, "certificate for another name")],
)
def test_that_a_certificate_out_of_date_or_for_another_name_is_refused(
    authority: Authority, options: dict[str, object], words: str
) -> None:
    with tls_server(authority.issue("bad", **options)) as server:  # type: ignore[arg-type]
        with pytest.raises(ConnectionNotSafe, match=f"{words}.*nothing was sent"):
            fetch(server.profile(authority.ca_file))
        assert server.requests == []


def test_that_encryption_older_than_tls_1_2_is_refused(authority: Authority) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        old = ssl.TLSVersion.TLSv1_1
        with tls_server(authority.issue("old"), newest=old) as server:
            with pytest.raises(ConnectionNotSafe, match="outdated encryption"):
                fetch(server.profile(authority.ca_file))
            assert server.requests == []


def test_that_a_pinned_key_is_the_only_one_believed(authority: Authority) -> None:
    mine, another = authority.issue("mine"), authority.issue("another")
    with tls_server(mine) as server:
        assert fetch(server.profile(authority.ca_file, pin_of(mine))) == b"here"
        assert fetch(server.profile(authority.ca_file, f"{pin_of(another)} {pin_of(mine)}")) == b"here"
        with pytest.raises(ConnectionNotSafe, match="neither the server's key nor its authority's is the one"):
            fetch(server.profile(authority.ca_file, pin_of(another)))
        assert len(server.requests) == 2


@pytest.mark.skipif(sys.platform in ("win32", "darwin"), reason="the system does not tell the chain it verified")
def test_that_a_pin_may_name_an_authority_above_the_server(authority: Authority) -> None:
    middle = Authority(authority.folder, "middle", above=authority)
    with tls_server(middle.issue("below")) as server:
        for above in (middle, authority):
            assert fetch(server.profile(authority.ca_file, pin_of(above.ca_file))) == b"here"
        sibling = Authority(authority.folder, "sibling", above=authority)
        with pytest.raises(ConnectionNotSafe, match="neither the server's key nor its authority's is the one"):
            fetch(server.profile(authority.ca_file, pin_of(sibling.ca_file)))
        assert len(server.requests) == 2


def test_that_a_certificate_that_is_only_sent_along_matches_no_pin(authority: Authority, tmp_path: Path) -> None:
    pinned = Authority(tmp_path, "pinned")
    with tls_server(authority.issue("boaster", also_sent=pinned.ca_file.read_bytes())) as server:
        assert pinned.ca_file.read_bytes() in sent_certificates(server.port)
        with pytest.raises(ConnectionNotSafe, match="neither the server's key nor its authority's is the one"):
            fetch(server.profile(authority.ca_file, pin_of(pinned.ca_file)))
        assert server.requests == []


@pytest.mark.parametrize("system", ["win32", "darwin"])
def test_that_only_the_servers_own_key_counts_where_the_system_verifies(
    authority: Authority, monkeypatch: pytest.MonkeyPatch, system: str
) -> None:
    mine = authority.issue("native")
    with tls_server(mine) as server:
        by_server, by_authority = (
            server.profile(authority.ca_file, pin_of(named)) for named in (mine, authority.ca_file)
        )
        monkeypatch.setattr("sync.secure_lines.sys", SimpleNamespace(platform=system, version_info=sys.version_info))
        assert fetch(by_server) == b"here"
        with pytest.raises(ConnectionNotSafe, match="neither the server's key nor its authority's is the one"):
            fetch(by_authority)


def test_that_a_pin_does_not_replace_the_authority(authority: Authority) -> None:
    mine = authority.issue("alone")
    with tls_server(mine) as server, pytest.raises(ConnectionNotSafe, match="does not trust"):
        fetch(server.profile(None, pin_of(mine)))


def test_that_a_pin_or_authority_that_cannot_be_used_is_said_before_anything_is_sent(
    authority: Authority, tmp_path: Path
) -> None:
    (tmp_path / "empty.pem").write_text("no certificate")
    with tls_server(authority.issue("unused")) as server:
        profile = server.profile(authority.ca_file)
        for wrong in (
            replace(profile, spki_pin="sha256/abc"),
            replace(profile, site_ca_file=str(tmp_path / "empty.pem")),
            replace(profile, site_ca_file=str(tmp_path / "absent.pem")),
        ):
            with pytest.raises(ProfileRefused):
                fetch(wrong)
        assert server.requests == []


def test_that_proxies_come_from_the_environment_but_never_for_this_computer(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTPS_PROXY", "http://proxy.example:3128")
    monkeypatch.setenv("NO_PROXY", "inside.example")
    assert proxies_for("https://hospital.example/fhir")["https"] == "http://proxy.example:3128"
    assert proxies_for("https://inside.example/fhir") == {}
    assert proxies_for("https://127.0.0.1/fhir") == {}
