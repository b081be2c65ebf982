"""Who was let in at the demo hospital: codes used once, tokens that expire, families of refresh tokens that rotate.

Only digests of codes and tokens are kept, in the hospital's own memory, so that a restart signs nobody out. No HTTP.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import secrets
import threading
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import Any

from sync.demo_hospital.state import HospitalState

Json = dict[str, Any]

CODE_LIFE_S = 60.0
ACCESS_LIFE_S = 300.0
REFRESH_LIFE_S = 30 * 24 * 3600.0
_FACT = "oauth-grants"


class GrantRefused(Exception):
    """The code or token is no good (RFC 6749 5.2); ``str()`` is the error's description."""


@dataclass(frozen=True, slots=True)
class Grant:
    """What a person allowed a program."""

    person_id: str
    client_id: str
    redirect_uri: str
    code_challenge: str
    nonce: str
    scope: str


@dataclass(frozen=True, slots=True)
class Issued:
    """One answer of the token endpoint."""

    grant: Grant
    access_token: str
    refresh_token: str
    """Empty where ``offline_access`` was not asked for."""
    expires_in_s: float


class Grants:
    """Thread-safe. *clock* is seconds since 1970, so that lives outlast a restart."""

    def __init__(
        self, state: HospitalState, clock: Callable[[], float] = time.time, access_life_s: float = ACCESS_LIFE_S
    ) -> None:
        self._state = state
        self._clock = clock
        self._access_life_s = access_life_s
        self._lock = threading.Lock()
        kept = json.loads(state.find_fact(_FACT) or "{}")
        self._codes: dict[str, Json] = kept.get("codes", {})
        self._families: dict[str, Json] = kept.get("families", {})
        self._tokens: dict[str, Json] = kept.get("tokens", {})

    def issue_code(self, grant: Grant) -> str:
        """A code for the redirect, good once and for a minute."""
        code = secrets.token_urlsafe(32)
        with self._lock:
            self._codes[_digest(code)] = {"grant": asdict(grant), "ends": self._clock() + CODE_LIFE_S, "family": ""}
            self._keep()
        return code

    def redeem_code(self, code: str, client_id: str, redirect_uri: str, code_verifier: str) -> Issued:
        """Tokens for a code. One that comes a second time ends everything that the first time gave (RFC 6749 4.1.2)."""
        with self._lock:
            found = self._codes.get(_digest(code))
            if found is None or found["ends"] < self._clock():
                raise GrantRefused("This code is not known or has expired.")
            if found["family"]:
                self._end_family(found["family"])
                self._keep()
                raise GrantRefused("This code was used before.")
            grant = Grant(**found["grant"])
            if (grant.client_id, grant.redirect_uri) != (client_id, redirect_uri):
                raise GrantRefused("This code was given to another program.")
            challenge = base64.urlsafe_b64encode(hashlib.sha256(code_verifier.encode()).digest()).rstrip(b"=")
            if not hmac.compare_digest(challenge, grant.code_challenge.encode()):
                raise GrantRefused("The code verifier does not fit its challenge.")
            found["family"] = family = secrets.token_urlsafe(12)
            self._families[family] = {"grant": asdict(grant)}
            return self._issue(family)

    def renew(self, refresh_token: str, client_id: str) -> Issued:
        """Tokens for a refresh token, which is used up by it. A used one ends the whole family."""
        with self._lock:
            found = self._tokens.get(_digest(refresh_token))
            if found is None or found["kind"] != "refresh" or found["ends"] < self._clock():
                raise GrantRefused("This refresh token is not known, was revoked or has expired.")
            if found["used"]:
                self._end_family(found["family"])
                self._keep()
                raise GrantRefused("This refresh token was used before; everything given with it has ended.")
            if self._families[found["family"]]["grant"]["client_id"] != client_id:
                raise GrantRefused("This refresh token was given to another program.")
            found["used"] = True
            return self._issue(found["family"])

    def revoke(self, token: str) -> None:
        """End everything that came of the sign-in of this token; an unknown one is no error (RFC 7009)."""
        with self._lock:
            found = self._tokens.get(_digest(token))
            if found is not None:
                self._end_family(found["family"])
                self._keep()

    def accepts(self, access_token: str) -> bool:
        """The token opens the hospital's doors now."""
        with self._lock:
            found = self._tokens.get(_digest(access_token))
            return found is not None and found["kind"] == "access" and found["ends"] >= self._clock()

    def _issue(self, family: str) -> Issued:
        grant = Grant(**self._families[family]["grant"])
        access = self._put_token("access", family, self._access_life_s)
        offline = "offline_access" in grant.scope.split()
        refresh = self._put_token("refresh", family, REFRESH_LIFE_S) if offline else ""
        self._keep()
        return Issued(grant, access, refresh, self._access_life_s)

    def _put_token(self, kind: str, family: str, life_s: float) -> str:
        token = secrets.token_urlsafe(32)
        self._tokens[_digest(token)] = {"kind": kind, "family": family, "ends": self._clock() + life_s, "used": False}
        return token

    def _end_family(self, family: str) -> None:
        self._families.pop(family, None)
        self._tokens = {digest: token for digest, token in self._tokens.items() if token["family"] != family}

    def _keep(self) -> None:
        now = self._clock()
        self._codes = {digest: code for digest, code in self._codes.items() if code["ends"] >= now}
        self._tokens = {digest: token for digest, token in self._tokens.items() if token["ends"] >= now}
        kept = {"codes": self._codes, "families": self._families, "tokens": self._tokens}
        self._state.put_fact(_FACT, json.dumps(kept))


def _digest(secret: str) -> str:
    return hashlib.sha256(secret.encode()).hexdigest()
