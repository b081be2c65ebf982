"""The hospital's authorization server over HTTP: what it offers, codes into tokens, tokens renewed and revoked.

SMART App Launch 2.2 (standalone, public client), RFC 6749, 7636 (PKCE S256), 7009. Authlib speaks the protocol.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeVar

import requests
from authlib.common.errors import AuthlibBaseError
from authlib.integrations.requests_client import OAuth2Session
from urllib3.exceptions import HTTPError as Urllib3Error

from sync.errors import HospitalBusy, Offline, ProfileRefused, SignInFailed, SignInNeeded, SyncError
from sync.hospital_profile import SiteTrust, check_address
from sync.secure_lines import proxies_for, unsafe_line
from sync.secure_session import open_session, secure

SCOPE = (
    "openid fhirUser offline_access user/Task.rsu user/ServiceRequest.rs user/Patient.rs user/Practitioner.rs "
    "user/PractitionerRole.rs user/Organization.rs user/Specimen.rs user/MedicationRequest.rs user/Consent.rs "
    "user/List.rs user/ImagingStudy.rs user/Endpoint.rs user/DocumentReference.crsu user/Binary.cr "
    "user/DiagnosticReport.crs user/Observation.rs user/Condition.rs user/Questionnaire.rs "
    "user/QuestionnaireResponse.crs user/Provenance.crs user/Communication.crs user/CommunicationRequest.crs "
    "user/ChargeItem.crs user/Appointment.rs user/AuditEvent.c"
)
TIMEOUT_S = (5.0, 30.0)
_LARGEST_ANSWER_BYTES = 1 << 20
_DESCRIPTION_CHARACTERS = 200

Result = TypeVar("Result")


class AnswerLost(Offline):
    """The connection broke after the request had left: whether the server acted on it is not known."""


@dataclass(frozen=True, slots=True)
class SmartConfiguration:
    """What ``{fhir_base}/.well-known/smart-configuration`` says; every address is safe to send secrets to."""

    issuer: str
    authorization_endpoint: str
    token_endpoint: str
    jwks_uri: str
    revocation_endpoint: str
    """Empty where the server revokes nothing."""


@dataclass(frozen=True, slots=True)
class Tokens:
    """One answer of the token endpoint. Never shown, never logged."""

    access_token: str
    refresh_token: str
    """Empty where the server gave none."""
    id_token: str
    expires_in_s: float | None

    def __repr__(self) -> str:
        return "Tokens(…)"


@dataclass(frozen=True, slots=True)
class AuthorizationRequest:
    """What one sign-in asked for; the answer must fit it."""

    redirect_uri: str
    state: str
    nonce: str
    code_verifier: str


class AuthorizationServer:
    """One hospital's, for one client id. Every call blocks, and raises a `SyncError` with a sentence."""

    def __init__(self, fhir_base: str, client_id: str, trust: SiteTrust) -> None:
        self._fhir_base = fhir_base.rstrip("/")
        check_address(self._fhir_base)
        self._client_id = client_id
        self._trust = trust
        self._configuration: SmartConfiguration | None = None

    @property
    def fhir_base(self) -> str:
        return self._fhir_base

    @property
    def client_id(self) -> str:
        return self._client_id

    @property
    def configuration(self) -> SmartConfiguration:
        """Asked for once. `ProfileRefused` where the server does not offer what a safe sign-in needs."""
        if self._configuration is None:
            found = self._get_json(f"{self._fhir_base}/.well-known/smart-configuration")
            self._configuration = _read_configuration(found)
        return self._configuration

    def key_set(self) -> dict[str, Any]:
        """The keys that sign identity tokens, now (RFC 7517)."""
        return self._get_json(self.configuration.jwks_uri)

    def capability_statement(self) -> dict[str, Any]:
        """``{fhir_base}/metadata``, which everybody may read."""
        return self._get_json(f"{self._fhir_base}/metadata")

    def authorization_url(self, request: AuthorizationRequest) -> str:
        """Where the browser is sent."""
        with self._oauth() as oauth:
            url, _ = oauth.create_authorization_url(
                self.configuration.authorization_endpoint,
                state=request.state,
                nonce=request.nonce,
                code_verifier=request.code_verifier,
                redirect_uri=request.redirect_uri,
                aud=self._fhir_base,
                prompt="consent",  # or there is no offline_access (OpenID Connect Core 11)
            )
        return str(url)

    def exchange(self, request: AuthorizationRequest, redirected_to: str) -> Tokens:
        """The code in the address that the browser came back to, for tokens."""

        def ask(oauth: OAuth2Session, url: str) -> dict[str, Any]:
            return oauth.fetch_token(  # type: ignore[no-any-return]
                url,
                authorization_response=redirected_to,
                state=request.state,
                redirect_uri=request.redirect_uri,
                code_verifier=request.code_verifier,
                **_short_answer(url),
            )

        return _tokens(self._ask(self.configuration.token_endpoint, ask))

    def renew(self, refresh_token: str) -> Tokens:
        """`SignInNeeded` where the server takes the refresh token no longer; `AnswerLost` where it may be used up."""

        def ask(oauth: OAuth2Session, url: str) -> dict[str, Any]:
            return oauth.refresh_token(url, refresh_token=refresh_token, scope=None, **_short_answer(url))  # type: ignore[no-any-return]

        tokens = _tokens(self._ask(self.configuration.token_endpoint, ask))
        # No new one in the answer means that the old one stays good (RFC 6749 6).
        return (
            tokens
            if tokens.refresh_token
            else Tokens(tokens.access_token, refresh_token, tokens.id_token, tokens.expires_in_s)
        )

    def revoke(self, refresh_token: str) -> None:
        """Nothing that came of this token works any more (RFC 7009)."""
        if not self.configuration.revocation_endpoint:
            return

        def ask(oauth: OAuth2Session, url: str) -> None:
            answer = oauth.revoke_token(url, token=refresh_token, token_type_hint="refresh_token", **_short_answer(url))
            answer.raise_for_status()

        self._ask(self.configuration.revocation_endpoint, ask)

    def _oauth(self) -> OAuth2Session:
        oauth = OAuth2Session(self._client_id, scope=SCOPE, code_challenge_method="S256")
        secure(oauth, self._trust)
        return oauth

    def _ask(self, url: str, ask: Callable[[OAuth2Session, str], Result]) -> Result:
        """One request to an endpoint of OAuth, its refusals as our errors."""
        with self._oauth() as oauth:
            try:
                return ask(oauth, url)
            except AuthlibBaseError as error:
                said = f": {error.description}" if error.description else "."
                if error.error == "invalid_grant":
                    raise SignInNeeded("The hospital does not accept this sign-in any more.", 401) from None
                raise SignInFailed(f"The hospital refused the sign-in{said}"[:_DESCRIPTION_CHARACTERS]) from None
            except requests.HTTPError as error:
                raise HospitalBusy(
                    f"The hospital's sign-in has a fault of its own ({error.response.status_code})."
                ) from None
            except (requests.RequestException, Urllib3Error, OSError) as error:
                raise _line_broke(error, url) from error
            except ValueError:
                raise SignInFailed("The hospital's sign-in gave an answer that cannot be read.") from None

    def _get_json(self, url: str) -> dict[str, Any]:
        session = open_session(self._trust)
        try:
            with session.get(
                url, headers={"Accept": "application/json", "Accept-Encoding": "identity"}, stream=True, **_line(url)
            ) as answer:
                body = answer.raw.read(_LARGEST_ANSWER_BYTES + 1, decode_content=True)
                if answer.status_code >= 500 or answer.status_code == 429:
                    raise HospitalBusy(f"The hospital has a fault of its own ({answer.status_code}).")
                if answer.status_code != 200 or len(body) > _LARGEST_ANSWER_BYTES:
                    raise ProfileRefused(f"The server at {self._fhir_base} does not offer the sign-in that is needed.")
            content = json.loads(body)
        except (requests.RequestException, Urllib3Error, OSError) as error:
            raise _line_broke(error, url) from error
        except ValueError:
            content = None
        finally:
            session.close()
        if not isinstance(content, dict):
            raise ProfileRefused(f"The server at {self._fhir_base} does not offer the sign-in that is needed.")
        return content


def _line(url: str) -> dict[str, Any]:
    return {"timeout": TIMEOUT_S, "allow_redirects": False, "proxies": proxies_for(url)}


def _short_answer(url: str) -> dict[str, Any]:
    """As `_line`, for Authlib, which reads answers whole: one that is too long is cut, and so cannot be read."""
    return {**_line(url), "stream": True, "hooks": {"response": _cut}}


def _cut(answer: requests.Response, *_: object, **__: object) -> None:
    body = answer.raw.read(_LARGEST_ANSWER_BYTES, decode_content=True)
    answer.close()
    answer._content = body
    answer._content_consumed = True  # type: ignore[attr-defined]


def _line_broke(error: Exception, url: str) -> SyncError:
    unsafe = unsafe_line(error, url)
    if unsafe is not None:
        return unsafe
    # A connection that never stood carried nothing; any other may have.
    if (
        isinstance(error, requests.ConnectTimeout)
        or "NewConnectionError" in repr(error)
        or "NameResolution" in repr(error)
    ):
        return Offline("The hospital's sign-in cannot be reached.")
    return AnswerLost("The connection to the hospital's sign-in broke off.")


def _read_configuration(found: dict[str, Any]) -> SmartConfiguration:
    names = ("issuer", "authorization_endpoint", "token_endpoint", "jwks_uri")
    missing = [name for name in names if not isinstance(found.get(name), str) or not found[name]]
    if missing:
        raise ProfileRefused(f"The hospital's sign-in does not say its {missing[0]} (SMART App Launch 2.2).")
    methods = found.get("code_challenge_methods_supported")
    if not isinstance(methods, list) or "S256" not in methods:
        raise ProfileRefused("The hospital's sign-in does not protect the code on its way back (PKCE S256).")
    revocation = found.get("revocation_endpoint")
    configuration = SmartConfiguration(
        issuer=found["issuer"],
        authorization_endpoint=found["authorization_endpoint"],
        token_endpoint=found["token_endpoint"],
        jwks_uri=found["jwks_uri"],
        revocation_endpoint=revocation if isinstance(revocation, str) else "",
    )
    for address in (
        configuration.authorization_endpoint,
        configuration.token_endpoint,
        configuration.jwks_uri,
        configuration.revocation_endpoint,
    ):
        if address:
            check_address(address)
    return configuration


def _tokens(answer: dict[str, Any]) -> Tokens:
    access_token = answer.get("access_token")
    if not isinstance(access_token, str) or not access_token:
        raise SignInFailed("The hospital's sign-in gave no access token.")
    if str(answer.get("token_type", "")).lower() != "bearer":
        raise SignInFailed("The hospital's sign-in gave a token of a kind that is not known here.")
    lives = answer.get("expires_in")
    return Tokens(
        access_token,
        str(answer.get("refresh_token") or ""),
        str(answer.get("id_token") or ""),
        float(lives) if isinstance(lives, int | float) and lives > 0 else None,
    )
