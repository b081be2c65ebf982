"""Lines to a hospital's servers: who is believed to be the hospital, and by which way it is reached.

TLS is always verified, 1.2 or newer, against the system's authorities and the site's own; an optional pin names the
key of the server or of an authority above it. Proxies come from the environment; cookies, .netrc and certificate
bundles of the user's do not.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import socket
import ssl
import sys
import threading
import weakref
from collections.abc import Iterator, Mapping
from contextlib import suppress
from typing import Any
from urllib.parse import urlsplit

import truststore
from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from requests.utils import get_auth_from_url, get_environ_proxies, prepend_scheme_if_needed, select_proxy
from urllib3 import BaseHTTPResponse, PoolManager, ProxyManager, Timeout, make_headers
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool

from sync.errors import ConnectionNotSafe, ProfileRefused
from sync.hospital_profile import SiteTrust, is_loopback

_EXPIRED, _NOT_YET_VALID, _WRONG_NAME = 10, 9, (62, 64)
"""OpenSSL's X509_V_ERR_* that deserve a sentence of their own."""
_DER = 2
"""`_ssl.ENCODING_DER`."""


class PinDiffers(ssl.SSLCertVerificationError):
    """The server's certificate is good, but no key of its chain is one the profile names."""


class OpenLines:
    """The sockets in use, so that whoever waits on one can be woken: by breaking it off."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._sockets: weakref.WeakSet[socket.socket] = weakref.WeakSet()

    def add(self, line: socket.socket) -> None:
        with self._lock:
            self._sockets.add(line)

    def break_off(self) -> None:
        """Every read and write under way fails at once; sockets opened later are not affected."""
        with self._lock:
            for line in list(self._sockets):
                with suppress(OSError):
                    # Of the plain socket, also under TLS: TLS's own would take the state away under the reader.
                    socket.socket.shutdown(line, socket.SHUT_RDWR)
            self._sockets.clear()


class HttpAnswer:
    """An answer whose status and headers have come; its body is still to be streamed. Close it."""

    def __init__(self, raw: BaseHTTPResponse, url: str) -> None:
        self._raw = raw
        self._is_read = False
        self.url = url
        self.status_code = raw.status
        self.headers: Mapping[str, str] = raw.headers
        """Whatever the case their names are asked for in."""

    def stream(self, chunk_bytes: int) -> Iterator[bytes]:
        """The body in pieces of at most *chunk_bytes*, as they come; raises urllib3's `HTTPError` where it breaks."""
        yield from self._raw.stream(chunk_bytes, decode_content=True)
        self._is_read = True

    def close(self) -> None:
        """The line goes back to the pool where the body was read to its end, and is closed otherwise."""
        if not self._is_read:
            self._raw.close()
        self._raw.release_conn()


class SecureLines:
    """Pooled lines for one profile, usable from several threads; `ProfileRefused` where the site's CA file cannot be
    used."""

    def __init__(self, trust: SiteTrust) -> None:
        self._pools = SecurePools(trust)
        self._straight = self._pools.straight()
        self._by_proxy: dict[str, ProxyManager] = {}
        self._lock = threading.Lock()

    def send(
        self, method: str, url: str, *, headers: dict[str, str], body: bytes | None, timeout_s: tuple[float, float]
    ) -> HttpAnswer:
        """One answer; a redirect is an answer like any other. Nothing is tried twice.

        Raises urllib3's `HTTPError`; *timeout_s* is that for connecting and that between two pieces of an answer.
        """
        connect_s, read_s = timeout_s
        raw = self._manager(url).urlopen(
            method, url, body=body, headers=headers, timeout=Timeout(connect=connect_s, read=read_s),
            retries=False, redirect=False, preload_content=False, decode_content=False,
        )  # fmt: skip
        return HttpAnswer(raw, url)

    def break_off(self) -> None:
        """Every read and write under way fails at once. What is sent afterwards is not affected."""
        self._pools.open_lines.break_off()

    def close(self) -> None:
        """Lines that wait for the next request are given up."""
        for manager in (self._straight, *self._by_proxy.values()):
            manager.clear()

    def _manager(self, url: str) -> PoolManager:
        proxy = select_proxy(url, proxies_for(url))
        if not proxy:
            return self._straight
        proxy = str(prepend_scheme_if_needed(proxy, "http"))  # type: ignore[no-untyped-call]
        with self._lock:
            if proxy not in self._by_proxy:
                self._by_proxy[proxy] = self._pools.through(proxy)
            return self._by_proxy[proxy]


class SecurePools:
    """urllib3's pools with this module's promises, for whoever makes requests on top of them."""

    def __init__(self, trust: SiteTrust) -> None:
        self.open_lines = OpenLines()
        self.context = _make_context(trust.ca_file)
        """Which every manager of pools has to be made with, before `adopt`."""
        self._classes = {
            "http": _plain_pool_class(self.open_lines),
            "https": _pool_class(read_pins(trust.spki_pin), self.open_lines),
        }

    def adopt(self, manager: PoolManager) -> None:
        """Have *manager* open its lines as this module promises."""
        manager.pool_classes_by_scheme = self._classes

    def straight(self) -> PoolManager:
        manager = PoolManager(num_pools=4, maxsize=8, cert_reqs="CERT_REQUIRED", ssl_context=self.context)
        self.adopt(manager)
        return manager

    def through(self, proxy: str) -> ProxyManager:
        user, password = get_auth_from_url(proxy)
        headers = make_headers(proxy_basic_auth=f"{user}:{password}") if user else {}
        manager = ProxyManager(
            proxy, num_pools=4, maxsize=8, cert_reqs="CERT_REQUIRED", proxy_headers=headers, ssl_context=self.context
        )
        self.adopt(manager)
        return manager


def proxies_for(url: str) -> dict[str, str]:
    """The environment's proxies for *url*, as requests takes them; none for this computer itself."""
    if is_loopback(urlsplit(url).hostname or ""):
        return {}
    return dict(get_environ_proxies(url))


def unsafe_line(error: BaseException, url: str) -> ConnectionNotSafe | None:
    """What to raise where *error* came from TLS; None for any other failure. Nothing was sent in that case."""
    found = _find_tls_error(error)
    if found is None:
        return None
    host = urlsplit(url).hostname or "the hospital"
    if isinstance(found, PinDiffers):
        why = f"At {host}, neither the server's key nor its authority's is the one this hospital's profile names"
    elif not isinstance(found, ssl.SSLCertVerificationError):
        outdated = "VERSION" in str(found).upper() or "PROTOCOL" in str(found).upper()
        why = f"{host} offers only outdated encryption" if outdated else f"No safe connection to {host} could be made"
    elif found.verify_code == _EXPIRED:
        why = f"The certificate of {host} has expired, or this computer's clock is wrong"
    elif found.verify_code == _NOT_YET_VALID:
        why = f"The certificate of {host} is not valid yet, or this computer's clock is wrong"
    elif found.verify_code in _WRONG_NAME or "hostname" in str(found).lower():
        why = f"The server that answers as {host} has a certificate for another name"
    else:
        why = f"The certificate of {host} was issued by an authority that this computer does not trust"
    return ConnectionNotSafe(f"{why}, so nothing was sent.")


def read_pins(pins: str) -> frozenset[str]:
    """The pins in *pins*, apart by blanks: several servers, or the next key. `ProfileRefused` where one is none."""
    return frozenset(_read_pin(pin) for pin in pins.split())


def _read_pin(pin: str) -> str:
    text = pin.removeprefix("sha256/")
    try:
        if len(base64.b64decode(text, validate=True)) != hashlib.sha256().digest_size:
            raise ValueError
    except (binascii.Error, ValueError):
        raise ProfileRefused("The pin is not a SHA-256 of a public key in base64 (sha256/…).") from None
    return f"sha256/{text}"


def spki_pin(certificate_der: bytes) -> str:
    """The pin of a certificate's key: SHA-256 of its SubjectPublicKeyInfo (RFC 7469 2.4)."""
    key = x509.load_der_x509_certificate(certificate_der).public_key()
    spki = key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    return f"sha256/{base64.b64encode(hashlib.sha256(spki).digest()).decode()}"


def _has_pinned_key(certificate_der: bytes, pins: frozenset[str]) -> bool:
    try:
        return spki_pin(certificate_der) in pins
    except (ValueError, UnsupportedAlgorithm):
        return False  # an authority of a kind that cannot be read here is not the one that was pinned


def _proven_chain(line: object) -> list[bytes]:
    """The certificates, in DER, that prove the server: its own first, then the authorities (RFC 7469 2.6).

    What a server merely sends along proves nothing and is not among them. On Windows and macOS the system verifies
    and does not say by which authorities; there the server's own certificate is the only one, and a pin of an
    authority never matches.
    """
    if not isinstance(line, ssl.SSLSocket):
        return []
    if sys.platform in ("win32", "darwin"):
        certificate = line.getpeercert(binary_form=True)
        return [certificate] if certificate else []
    if sys.version_info >= (3, 13):
        return line.get_verified_chain()
    beneath: Any = line._sslobj  # type: ignore[attr-defined]  # what became public with 3.13
    return [certificate.public_bytes(_DER) for certificate in beneath.get_verified_chain() or ()]


def _make_context(ca_file: str) -> ssl.SSLContext:
    context = truststore.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    if ca_file:
        try:
            context.load_verify_locations(cafile=ca_file)
        except (OSError, ssl.SSLError):
            raise ProfileRefused(f"The file of the hospital's authority ({ca_file}) holds no certificate.") from None
    return context


def _plain_pool_class(lines: OpenLines) -> type[HTTPConnectionPool]:
    class Connection(HTTPConnection):
        def connect(self) -> None:
            super().connect()
            lines.add(self.sock)

    class Pool(HTTPConnectionPool):
        ConnectionCls = Connection

    return Pool


def _pool_class(pins: frozenset[str], lines: OpenLines) -> type[HTTPSConnectionPool]:
    """Pools whose connections check the pins before anything is sent, with and without a proxy."""

    class Connection(HTTPSConnection):
        def connect(self) -> None:
            super().connect()
            if pins and not any(_has_pinned_key(certificate, pins) for certificate in _proven_chain(self.sock)):
                self.close()
                raise PinDiffers("pin")
            lines.add(self.sock)

    class Pool(HTTPSConnectionPool):
        ConnectionCls = Connection

    return Pool


def _find_tls_error(error: BaseException) -> ssl.SSLError | None:
    seen: set[int] = set()
    waiting: list[object] = [error]
    while waiting:
        one = waiting.pop()
        if not isinstance(one, BaseException) or id(one) in seen:
            continue
        if isinstance(one, ssl.SSLError):
            return one
        seen.add(id(one))
        waiting += [one.__cause__, one.__context__, getattr(one, "reason", None), *one.args]
    return None
