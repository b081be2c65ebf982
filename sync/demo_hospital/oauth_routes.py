"""The demo hospital as authorization server: SMART App Launch 2.2 standalone for public native clients.

Authorization code with PKCE S256 (RFC 7636), loopback redirects on any port (RFC 8252 7.3), rotation of refresh tokens,
revocation (RFC 7009), identity tokens in ES256 (OpenID Connect).
"""

from __future__ import annotations

import hmac
import json
import re
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qsl, urlencode

from joserfc import jwt
from joserfc.jwk import ECKey
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, RedirectResponse, Response
from starlette.routing import Route

from sync.demo_hospital.identity import ACCOUNT_PASSPHRASE, PRACTITIONER_ID
from sync.demo_hospital.oauth_grants import Grant, GrantRefused, Grants, Issued
from sync.demo_hospital.oauth_pages import refusal_page, sign_in_page
from sync.demo_hospital.state import HospitalState

CLIENT_ID = "reading-room"

_REDIRECT = re.compile(r"http://(127\.0\.0\.1|\[::1\]):\d{1,5}/callback")
_REQUEST_NAMES = (
    "response_type", "client_id", "redirect_uri", "scope", "state", "aud", "code_challenge", "code_challenge_method",
    "nonce",
)  # fmt: skip
_KEY_FACT = "oauth-key"
_ID_TOKEN_LIFE_S = 300
_LARGEST_FORM_BYTES = 64 * 1024
_NO_STORE = {"Cache-Control": "no-store", "Referrer-Policy": "no-referrer"}


def is_public(path: str) -> bool:
    """Answered without a token: whoever signs in has none yet."""
    return path.startswith(("/oauth/", "/fhir/.well-known/")) or path == "/fhir/metadata"


@dataclass(frozen=True, slots=True)
class Account:
    """Somebody of the cohort who can sign in."""

    user: str
    passphrase: str
    person_id: str


ACCOUNTS = (
    Account("marwick", ACCOUNT_PASSPHRASE, PRACTITIONER_ID),
    Account("quillfeather", ACCOUNT_PASSPHRASE, "referrer-person"),
)


class OAuthRoutes:
    """The endpoints below ``/oauth``, and what says where they are."""

    def __init__(self, state: HospitalState, grants: Grants) -> None:
        self._grants = grants
        self._key = _signing_key(state)

    def routes(self) -> list[Route]:
        return [
            Route("/fhir/.well-known/smart-configuration", self.smart_configuration, methods=["GET"]),
            Route("/oauth/.well-known/openid-configuration", self.smart_configuration, methods=["GET"]),
            Route("/oauth/authorize", self.page, methods=["GET"]),
            Route("/oauth/authorize", self.decide, methods=["POST"]),
            Route("/oauth/token", self.token, methods=["POST"]),
            Route("/oauth/revoke", self.revoke, methods=["POST"]),
            Route("/oauth/jwks", self.jwks, methods=["GET"]),
        ]

    def smart_configuration(self, request: Request) -> Response:
        issuer = _issuer(request)
        return JSONResponse(
            {
                "issuer": issuer,
                "jwks_uri": f"{issuer}/jwks",
                "authorization_endpoint": f"{issuer}/authorize",
                "token_endpoint": f"{issuer}/token",
                "revocation_endpoint": f"{issuer}/revoke",
                "grant_types_supported": ["authorization_code", "refresh_token"],
                "response_types_supported": ["code"],
                "subject_types_supported": ["public"],
                "id_token_signing_alg_values_supported": ["ES256"],
                "token_endpoint_auth_methods_supported": ["none"],
                "scopes_supported": ["openid", "fhirUser", "offline_access", "user/*.cruds"],
                "code_challenge_methods_supported": ["S256"],
                "authorization_response_iss_parameter_supported": True,
                "capabilities": [
                    "launch-standalone",
                    "client-public",
                    "sso-openid-connect",
                    "permission-offline",
                    "permission-user",
                    "permission-v2",
                ],
            }
        )

    def jwks(self, _: Request) -> Response:
        return JSONResponse({"keys": [self._key.as_dict(private=False)]})

    def page(self, request: Request) -> Response:
        asked = _asked(request.query_params)
        return _refuse_request(request, asked) or HTMLResponse(sign_in_page(asked), headers=_NO_STORE)

    async def decide(self, request: Request) -> Response:
        form = await _form(request)
        asked = _asked(form)
        refusal = _refuse_request(request, asked)
        if refusal is not None:
            return refusal
        if form.get("decision") == "deny":
            return _back(request, asked, error="access_denied", error_description="The sign-in was cancelled.")
        account = _find_account(form.get("user", ""), form.get("passphrase", ""))
        if account is None:
            page = sign_in_page(asked, form.get("user", ""), "The user name or the passphrase is wrong.")
            return HTMLResponse(page, 401, headers=_NO_STORE)
        grant = Grant(
            account.person_id,
            asked["client_id"],
            asked["redirect_uri"],
            asked["code_challenge"],
            asked.get("nonce", ""),
            asked.get("scope", ""),
        )
        return _back(request, asked, code=await run_in_threadpool(self._grants.issue_code, grant))

    async def token(self, request: Request) -> Response:
        form = await _form(request)
        if form.get("client_id") != CLIENT_ID:
            return _oauth_error("invalid_client", "This program is not known here.", 401)
        return await run_in_threadpool(self._token, request, form)

    async def revoke(self, request: Request) -> Response:
        form = await _form(request)
        await run_in_threadpool(self._grants.revoke, form.get("token", ""))
        return Response(headers=_NO_STORE)

    def _token(self, request: Request, form: Mapping[str, str]) -> Response:
        try:
            if form.get("grant_type") == "authorization_code":
                issued = self._grants.redeem_code(
                    form.get("code", ""), CLIENT_ID, form.get("redirect_uri", ""), form.get("code_verifier", "")
                )
            elif form.get("grant_type") == "refresh_token":
                issued = self._grants.renew(form.get("refresh_token", ""), CLIENT_ID)
            else:
                return _oauth_error("unsupported_grant_type", "Only codes and refresh tokens are taken.")
        except GrantRefused as refused:
            return _oauth_error("invalid_grant", str(refused))
        answer = {
            "access_token": issued.access_token,
            "token_type": "Bearer",
            "expires_in": round(issued.expires_in_s),
            "scope": issued.grant.scope,
        }
        if issued.refresh_token:
            answer["refresh_token"] = issued.refresh_token
        if "openid" in issued.grant.scope.split():
            answer["id_token"] = self._id_token(request, issued)
        return JSONResponse(answer, headers=_NO_STORE)

    def _id_token(self, request: Request, issued: Issued) -> str:
        now = int(time.time())
        claims: dict[str, Any] = {
            "iss": _issuer(request),
            "sub": issued.grant.person_id,
            "aud": issued.grant.client_id,
            "iat": now,
            "exp": now + _ID_TOKEN_LIFE_S,
            "fhirUser": f"{_fhir_base(request)}/Practitioner/{issued.grant.person_id}",
        }
        if issued.grant.nonce:
            claims["nonce"] = issued.grant.nonce
        return jwt.encode({"alg": "ES256", "kid": self._key.kid}, claims, self._key)


def _signing_key(state: HospitalState) -> ECKey:
    kept = state.find_fact(_KEY_FACT)
    if kept is None:
        key = ECKey.generate_key("P-256", auto_kid=True)
        state.put_fact(_KEY_FACT, json.dumps(key.as_dict(private=True)))
        return key
    return ECKey.import_key(json.loads(kept))


def _find_account(user: str, passphrase: str) -> Account | None:
    found = None
    for account in ACCOUNTS:
        same = hmac.compare_digest(account.passphrase.encode(), passphrase.encode())
        if account.user == user.strip().lower() and same:
            found = account
    return found


def _asked(given: Mapping[str, str]) -> dict[str, str]:
    return {name: given[name] for name in _REQUEST_NAMES if name in given}


def _refuse_request(request: Request, asked: Mapping[str, str]) -> Response | None:
    """None where the request may go on. Who is not known is never redirected to (RFC 6749 4.1.2.1)."""
    if asked.get("client_id") != CLIENT_ID:
        return HTMLResponse(refusal_page("The program that sent you here is not known to this hospital."), 400)
    if not _REDIRECT.fullmatch(asked.get("redirect_uri", "")):
        return HTMLResponse(refusal_page("The program that sent you here wants the answer at a wrong address."), 400)
    if asked.get("response_type") != "code":
        return _back(request, asked, error="unsupported_response_type", error_description="Only codes are given.")
    wrong = ""
    if asked.get("code_challenge_method") != "S256" or not re.fullmatch(
        r"[A-Za-z0-9_-]{43}", asked.get("code_challenge", "")
    ):
        wrong = "A code challenge of the kind S256 is required."
    elif asked.get("aud") != _fhir_base(request):
        wrong = "The token would be meant for another server (aud)."
    elif not asked.get("state"):
        wrong = "A state is required."
    return _back(request, asked, error="invalid_request", error_description=wrong) if wrong else None


def _back(request: Request, asked: Mapping[str, str], **answer: str) -> Response:
    """Send the browser back to the program (303, so that a form is not posted on)."""
    query = {**answer, "iss": _issuer(request)} | ({"state": asked["state"]} if "state" in asked else {})
    return RedirectResponse(f"{asked['redirect_uri']}?{urlencode(query)}", 303, headers=_NO_STORE)


def _oauth_error(code: str, description: str, status: int = 400) -> Response:
    return JSONResponse({"error": code, "error_description": description}, status, headers=_NO_STORE)


async def _form(request: Request) -> dict[str, str]:
    body = b""
    async for piece in request.stream():
        body += piece
        if len(body) > _LARGEST_FORM_BYTES:
            return {}
    return dict(parse_qsl(body.decode("utf-8", "replace"), keep_blank_values=True))


def _issuer(request: Request) -> str:
    return f"{request.url.scheme}://{request.url.netloc}/oauth"


def _fhir_base(request: Request) -> str:
    return f"{request.url.scheme}://{request.url.netloc}/fhir"
