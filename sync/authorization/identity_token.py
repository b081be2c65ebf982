"""Who signed in: the identity token (OpenID Connect Core 3.1.3.7) believed only when every part of it fits."""

from __future__ import annotations

import hmac
import re
from typing import Any

from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import KeySet

from sync.errors import SignInFailed

ALGORITHMS = ("ES256", "ES384", "RS256", "RS384", "RS512", "PS256", "PS384", "PS512")
_CLOCK_LEEWAY_S = 120
_REFERENCE = re.compile(r"(?P<base>.*/)?(?P<reference>Practitioner/[A-Za-z0-9.\-]{1,64})$")


def read_fhir_user(
    id_token: str, key_set: dict[str, Any], *, issuer: str, client_id: str, nonce: str, fhir_base: str
) -> str:
    """``Practitioner/{id}`` of whoever signed in. `SignInFailed` where the token is not the one that was asked for."""
    try:
        token = jwt.decode(id_token, KeySet.import_key_set(key_set), algorithms=list(ALGORITHMS))  # type: ignore[arg-type]
        jwt.JWTClaimsRegistry(
            leeway=_CLOCK_LEEWAY_S,
            iss={"essential": True, "value": issuer},
            aud={"essential": True, "value": client_id},
            exp={"essential": True},
            iat={"essential": True},
            sub={"essential": True},
        ).validate(token.claims)
    except (JoseError, ValueError, KeyError, TypeError) as error:
        raise SignInFailed(
            "The hospital's word on who signed in cannot be trusted, so the sign-in was refused."
        ) from error
    claims = token.claims
    authorized = claims.get("azp", client_id)
    fits = hmac.compare_digest(str(claims.get("nonce", "")).encode(), nonce.encode()) and authorized == client_id
    if not fits or (isinstance(claims["aud"], list) and len(claims["aud"]) > 1 and "azp" not in claims):
        raise SignInFailed("The hospital's word on who signed in belongs to another sign-in, so it was refused.")
    found = _REFERENCE.fullmatch(str(claims.get("fhirUser", "")))
    if found is None or found["base"] not in (None, f"{fhir_base}/"):
        raise SignInFailed("Whoever signed in is not a practitioner of this hospital, so the sign-in was refused.")
    return found["reference"]
