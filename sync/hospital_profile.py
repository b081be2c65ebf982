"""Which hospital, and as whom: base addresses, who may answer there, the reader's own reference. Not the connection.

Plain http is refused here, at the one gate that every connection passes, unless the hospital is on this computer.
"""

from __future__ import annotations

import ipaddress
import json
import os
import tempfile
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from urllib.parse import urlsplit

from sync.errors import ProfileRefused

_DEFAULT_PORTS = {"http": 80, "https": 443}


def origin_of(url: str) -> str:
    """Scheme, host and port of an absolute address, normalised (RFC 6454); ``ValueError`` where it has none."""
    parts = urlsplit(url)
    scheme = parts.scheme.lower()
    if scheme not in _DEFAULT_PORTS or not parts.hostname:
        raise ValueError(f"not an absolute web address: {url}")
    host = f"[{parts.hostname}]" if ":" in parts.hostname else parts.hostname.lower()
    return f"{scheme}://{host}:{parts.port or _DEFAULT_PORTS[scheme]}"


@dataclass(frozen=True, slots=True)
class SiteTrust:
    """Whom else to believe that they are the hospital, beyond the system's authorities, and whom alone."""

    ca_file: str = ""
    """A PEM file with the site's own authority; empty: the system's authorities only."""
    spki_pin: str = ""
    """``sha256/`` and base64 of the servers' SubjectPublicKeyInfo, apart by blanks (RFC 7469); empty: any key."""


@dataclass(frozen=True, slots=True)
class HospitalProfile:
    """One hospital account. Bases are absolute, without trailing slash; ``practitioner_reference`` is the reader.

    An account that is signed in to has ``issuer`` and ``client_id`` and no ``token``; the demo hospital's has a token.
    """

    name: str
    hospital_name: str
    fhir_base: str
    dicomweb_base: str
    files_base: str
    token: str
    practitioner_reference: str
    practitioner_name: str
    client_id: str = ""
    """As which program the hospital's authorization server knows us."""
    issuer: str = ""
    """The authorization server that may say who is signed in (OpenID Connect); empty: no sign-in."""
    site_ca_file: str = ""
    spki_pin: str = ""

    def __post_init__(self) -> None:
        for field_name in ("fhir_base", "dicomweb_base", "files_base"):
            base = str(getattr(self, field_name)).rstrip("/")
            object.__setattr__(self, field_name, base)
            check_address(base)

    def __repr__(self) -> str:
        return f"HospitalProfile({self.name!r}, {self.fhir_base!r})"  # never the token: this text reaches logs

    @property
    def origins(self) -> frozenset[str]:
        """The only origins that are spoken to, and that ever see the token."""
        return frozenset(origin_of(base) for base in (self.fhir_base, self.dicomweb_base, self.files_base))

    @property
    def needs_sign_in(self) -> bool:
        """Access comes from an authorization server, not from a token written down here."""
        return bool(self.issuer)

    @property
    def trust(self) -> SiteTrust:
        return SiteTrust(self.site_ca_file, self.spki_pin)

    @classmethod
    def load(cls, path: Path) -> HospitalProfile:
        """The profile in ``path``; `ProfileRefused` where it is absent, damaged or of another kind."""
        try:
            content = json.loads(path.read_text("utf-8"))
        except FileNotFoundError:
            raise ProfileRefused(f"There is no hospital profile in {path.parent.name}.") from None
        except (OSError, ValueError):
            raise ProfileRefused(f"The hospital profile {path.name} cannot be read.") from None
        if not isinstance(content, dict):
            raise ProfileRefused(f"The hospital profile {path.name} is incomplete.")
        given = {field.name: content.get(field.name, field.default) for field in fields(cls)}
        if not all(isinstance(value, str) for value in given.values()):
            raise ProfileRefused(f"The hospital profile {path.name} is incomplete.")
        return cls(**given)

    def save(self, path: Path) -> None:
        """Written whole or not at all, readable by this user only (it may hold a token)."""
        path.parent.mkdir(parents=True, exist_ok=True)
        # mkstemp makes the file 0600 from its first byte on.
        descriptor, temporary = tempfile.mkstemp(dir=path.parent, prefix=".profile-")
        try:
            with os.fdopen(descriptor, "w", encoding="utf-8") as file:
                json.dump(asdict(self), file, indent=1)
                file.flush()
                os.fsync(file.fileno())
            Path(temporary).replace(path)
        except BaseException:
            Path(temporary).unlink(missing_ok=True)
            raise


def check_address(base: str) -> None:
    """`ProfileRefused` unless *base* is an address to which anything of a patient may be sent."""
    try:
        origin_of(base)
    except ValueError:
        raise ProfileRefused(f"“{base}” is not a hospital address that Reading Room can use.") from None
    parts = urlsplit(base)
    if parts.username or parts.password:
        raise ProfileRefused("A hospital address must not contain a user name or password.")
    host = parts.hostname or ""
    if parts.scheme.lower() != "https" and not is_loopback(host):
        raise ProfileRefused(
            f"Reading Room does not connect to {host} by plain http, which anybody on the way can read; "
            "the address must begin with https."
        )


def is_loopback(host: str) -> bool:
    """*host* is this computer itself."""
    if host.lower() == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
