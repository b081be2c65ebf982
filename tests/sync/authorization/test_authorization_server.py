"""What a hospital's sign-in says of itself is believed only where secrets may be sent to it."""

from __future__ import annotations

import json
from typing import Any

import pytest

from sync.authorization.authorization_server import AnswerLost, AuthorizationServer
from sync.errors import HospitalBusy, Offline, ProfileRefused, SignInFailed, SignInNeeded, SyncError
from sync.hospital_profile import SiteTrust
from tests.sync.scripted_server import reply, scripted_server

GOOD: dict[str, Any] = {
    "issuer": "https://sign-in.example",
    "authorization_endpoint": "https://sign-in.example/authorize",
    "token_endpoint": "https://sign-in.example/token",
    "jwks_uri": "https://sign-in.example/jwks",
    "code_challenge_methods_supported": ["S256"],
}


def configuration(told: dict[str, Any]) -> str:
    body = json.dumps(told).encode()
    with scripted_server(lambda line, headers: reply("200 OK", body)) as server:
        found = AuthorizationServer(f"{server.base}/fhir", "reading-room", SiteTrust()).configuration
        assert server.requests[0][0].startswith("GET /fhir/.well-known/smart-configuration ")
        assert "authorization" not in server.requests[0][1]
        return found.issuer


def test_that_a_good_configuration_is_taken_as_it_stands() -> None:
    assert configuration(GOOD) == "https://sign-in.example"


@pytest.mark.parametrize(
    "changed",
    [{"issuer": None}, {"token_endpoint": None}, {"jwks_uri": 7}, {"code_challenge_methods_supported": ["plain"]},
     {"code_challenge_methods_supported": None}, {"token_endpoint": "http://sign-in.example/token"},
     {"revocation_endpoint": "http://sign-in.example/revoke"}, {"authorization_endpoint": "javascript:alert(1)"},
     {"jwks_uri": "file:///etc/passwd"}],
)  # fmt: skip
def test_that_a_configuration_that_is_not_safe_is_refused(changed: dict[str, Any]) -> None:
    with pytest.raises(ProfileRefused):
        configuration({**GOOD, **changed})


@pytest.mark.parametrize(
    ("status", "body", "kind"),
    [
        ("400 Bad", {"error": "invalid_grant"}, SignInNeeded),
        ("400 Bad", {"error": "invalid_client", "error_description": "no such program"}, SignInFailed),
        ("200 OK", {"token_type": "Bearer"}, SignInFailed),
        ("200 OK", {"access_token": "a", "token_type": "mac"}, SignInFailed),
        ("200 OK", ["no", "object"], SignInFailed),
        ("200 OK", {"access_token": "a" * (2 << 20), "token_type": "Bearer"}, SignInFailed),
        ("302 Found", {}, SignInFailed),
        ("503 Busy", {}, HospitalBusy),
    ],
)
def test_that_a_token_endpoint_that_gives_no_tokens_is_a_sentence(
    status: str, body: object, kind: type[SyncError]
) -> None:
    def answer(line: str, headers: dict[str, str]) -> bytes:
        if "/token" in line:
            return reply(status, json.dumps(body).encode(), Location="https://elsewhere.example/token")
        base = f"http://{headers['host']}"
        told = {**GOOD, "token_endpoint": f"{base}/token", "jwks_uri": f"{base}/jwks"}
        return reply("200 OK", json.dumps(told).encode())

    with scripted_server(answer) as server:
        ours = AuthorizationServer(f"{server.base}/fhir", "reading-room", SiteTrust())
        with pytest.raises(kind) as caught:
            ours.renew("refresh")
        assert type(caught.value) is kind
        assert str(caught.value).endswith((".", "program"))


@pytest.mark.parametrize("sent", [b"", b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{"])
def test_that_a_token_that_may_be_used_up_is_told_from_one_that_never_left(sent: bytes) -> None:
    """The first may need a new sign-in; the second costs nothing."""

    def answer(line: str, headers: dict[str, str]) -> bytes:
        if "/token" in line:
            return sent
        told = {**GOOD, "token_endpoint": f"http://{headers['host']}/token"}
        return reply("200 OK", json.dumps(told).encode())

    with scripted_server(answer) as server:
        ours = AuthorizationServer(f"{server.base}/fhir", "reading-room", SiteTrust())
        with pytest.raises(AnswerLost):
            ours.renew("refresh")
    with pytest.raises(Offline) as caught:
        ours.renew("refresh")
    assert type(caught.value) is Offline
