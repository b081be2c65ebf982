"""The sign-in itself: the browser is opened, comes back with a code, and whoever signed in is checked.

Nothing is kept before every check has passed.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from urllib.parse import parse_qs, urlsplit

from authlib.common.security import generate_token

from sync.authorization.authorization_server import AuthorizationRequest, AuthorizationServer, Tokens
from sync.authorization.identity_token import read_fhir_user
from sync.authorization.loopback_redirect import LoopbackRedirect
from sync.authorization.signed_in_account import SignedInAccount
from sync.credentials import StaticBearer
from sync.errors import ProfileRefused, SignInFailed, SyncError
from sync.hospital_connection import HospitalConnection
from sync.hospital_profile import HospitalProfile, SiteTrust, is_loopback, origin_of

DEFAULT_CLIENT_ID = "reading-room"
TIME_TO_SIGN_IN_S = 300.0
_HOST = re.compile(r"\w([\w.-]*\w)?\.?|[0-9a-f:.]*:[0-9a-f:.]*")
"""A host's name, of letters of any language (RFC 5891), or its number (RFC 3986 3.2.2)."""

OpenBrowser = Callable[[str], object]
"""Shows an address in the system's browser. What it returns is not looked at: the answer comes by the redirect."""
Cancelled = Callable[[], bool]


@dataclass(frozen=True, slots=True)
class HospitalFound:
    """A hospital that answers at an address and can sign people in."""

    name: str
    server: AuthorizationServer
    trust: SiteTrust


def find_hospital(address: str, client_id: str = DEFAULT_CLIENT_ID, trust: SiteTrust | None = None) -> HospitalFound:
    """The hospital at what a person typed: its FHIR address, or only its name on the net. Blocks.

    The last `SyncError` met where nothing there is a hospital; the first that is not about the address ends the search.
    """
    trust = trust or SiteTrust()
    refused: SyncError | None = None
    for base in _possible_bases(address):
        server = AuthorizationServer(base, client_id.strip() or DEFAULT_CLIENT_ID, trust)
        try:
            _ = server.configuration
        except ProfileRefused as error:
            refused = refused or error
            continue
        return HospitalFound(_hospital_name(server), server, trust)
    raise refused or ProfileRefused("Please enter the address of the hospital.")


def sign_in_first(
    found: HospitalFound, profile_name: str, open_browser: OpenBrowser, cancelled: Cancelled = lambda: False
) -> tuple[HospitalProfile, Tokens]:
    """Sign in at a hospital that is new here: the account's profile, and tokens for `SignedInAccount.accept`."""
    tokens, reader = _obtain(found.server, open_browser, cancelled)
    origin = origin_of(found.server.fhir_base)
    profile = HospitalProfile(
        name=profile_name,
        hospital_name=found.name,
        fhir_base=found.server.fhir_base,
        dicomweb_base=f"{origin}/dicom-web",
        files_base=f"{origin}/files",
        token="",
        practitioner_reference=reader,
        practitioner_name=reader,
        client_id=found.server.client_id,
        issuer=found.server.configuration.issuer,
        site_ca_file=found.trust.ca_file,
        spki_pin=found.trust.spki_pin,
    )
    return _completed(profile, tokens.access_token), tokens


def sign_in_again(
    profile: HospitalProfile,
    account: SignedInAccount,
    open_browser: OpenBrowser,
    cancelled: Cancelled = lambda: False,
) -> None:
    """Sign in to an account that is known here. `SignInFailed` where somebody else signed in."""
    server = AuthorizationServer(profile.fhir_base, profile.client_id, profile.trust)
    if server.configuration.issuer != profile.issuer:
        raise ProfileRefused(f"{profile.hospital_name} names another authority for signing in than before.")
    tokens, reader = _obtain(server, open_browser, cancelled)
    if reader != profile.practitioner_reference:
        _revoke(server, tokens)
        raise SignInFailed(
            f"Somebody else signed in than {profile.practitioner_name}, whose cases these are; that sign-in was ended."
        )
    account.accept(tokens)


def _obtain(server: AuthorizationServer, open_browser: OpenBrowser, cancelled: Cancelled) -> tuple[Tokens, str]:
    """Tokens, and the verified ``Practitioner/{id}`` they belong to."""
    configuration = server.configuration
    with LoopbackRedirect() as redirect:
        request = AuthorizationRequest(redirect.uri, generate_token(43), generate_token(43), generate_token(64))
        open_browser(server.authorization_url(request))
        redirected_to = redirect.wait(request.state, TIME_TO_SIGN_IN_S, cancelled)
    answered_by = parse_qs(urlsplit(redirected_to).query).get("iss", [configuration.issuer])
    if answered_by != [configuration.issuer]:  # another server's answer, mixed in (RFC 9207)
        raise SignInFailed("The answer to this sign-in came from another authority than the hospital's.")
    tokens = server.exchange(request, redirected_to)
    try:
        reader = read_fhir_user(
            tokens.id_token,
            server.key_set(),
            issuer=configuration.issuer,
            client_id=server.client_id,
            nonce=request.nonce,
            fhir_base=server.fhir_base,
        )
    except SyncError:
        _revoke(server, tokens)
        raise
    return tokens, reader


def _revoke(server: AuthorizationServer, tokens: Tokens) -> None:
    try:
        server.revoke(tokens.refresh_token or tokens.access_token)
    except SyncError:
        return  # it is kept nowhere, so it ends with its own time


def _completed(profile: HospitalProfile, access_token: str) -> HospitalProfile:
    """What the hospital itself says of the reader and of its image archive, put into the profile."""
    connection = HospitalConnection(profile, StaticBearer(access_token, profile.hospital_name))
    try:
        with connection.open("GET", f"{profile.fhir_base}/{profile.practitioner_reference}") as answer:
            name = _person_name(connection.read_json(answer)) or profile.practitioner_reference
        with connection.open("GET", f"{profile.fhir_base}/Endpoint?status=active") as answer:
            archive = _archive_address(connection.read_json(answer)) or profile.dicomweb_base
    finally:
        connection.close()
    return HospitalProfile(
        **{field: getattr(profile, field) for field in HospitalProfile.__slots__}
        | {"practitioner_name": name, "dicomweb_base": archive}
    )


def _possible_bases(address: str) -> list[str]:
    typed = address.strip().rstrip("/")
    if not typed:
        return []
    host = _host_in(typed)
    if "://" not in typed:
        typed = f"{'http' if is_loopback(host) else 'https'}://{typed}"
    typed = typed.removesuffix("/.well-known/smart-configuration").removesuffix("/metadata")
    return [typed, *(f"{typed}/{path}" for path in ("fhir", "fhir/r4") if not urlsplit(typed).path)]


def _host_in(typed: str) -> str:
    """The name or number of the computer that *typed* points to; `ProfileRefused` where that can be none."""
    try:
        parts = urlsplit(typed if "://" in typed else f"//{typed}")
        host, _ = parts.hostname or "", parts.port  # a port that is no number is found out by asking for it
    except ValueError:
        host = ""
    if not _HOST.fullmatch(host) or re.search(r"\s", typed):
        raise ProfileRefused(f"“{typed}” is not an address on the net; a hospital's looks like “fhir.hospital.org/r4”.")
    return host


def _hospital_name(server: AuthorizationServer) -> str:
    """As its CapabilityStatement says, which everybody may read; else the host."""
    host = urlsplit(server.fhir_base).hostname or server.fhir_base
    try:
        statement = server.capability_statement()
    except SyncError:
        return host
    words = " ".join(str(statement.get("publisher") or statement.get("title") or "").split())
    return re.sub(r"[^\w .,'’()&–-]", "", words)[:60].strip() or host


def _person_name(practitioner: dict[str, object]) -> str:
    names = practitioner.get("name")
    first = names[0] if isinstance(names, list) and names and isinstance(names[0], dict) else {}
    if isinstance(first.get("text"), str):
        return str(first["text"])
    parts = [*(first.get("prefix") or ()), *(first.get("given") or ()), first.get("family") or ""]
    return " ".join(str(part) for part in parts if part)


def _archive_address(bundle: dict[str, object]) -> str:
    entries = bundle.get("entry")
    for entry in entries if isinstance(entries, list) else ():
        resource = entry.get("resource") if isinstance(entry, dict) else None
        if not isinstance(resource, dict) or resource.get("resourceType") != "Endpoint":
            continue
        kind = resource.get("connectionType")
        if isinstance(kind, dict) and kind.get("code") == "dicom-wado-rs" and isinstance(resource.get("address"), str):
            return str(resource["address"]).partition("/studies")[0].rstrip("/")
    return ""
