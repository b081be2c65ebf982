"""Who signed in is believed only when every part of the identity token fits."""

from __future__ import annotations

import time
from typing import Any

import pytest
from joserfc import jwt
from joserfc.jwk import ECKey, OctKey

from sync.authorization.identity_token import read_fhir_user
from sync.errors import SignInFailed

KEY = ECKey.generate_key("P-256", auto_kid=True)
KEY_SET = {"keys": [KEY.as_dict(private=False)]}
NOW = int(time.time())
CLAIMS: dict[str, Any] = {
    "iss": "https://hospital.example/oauth",
    "aud": "reading-room",
    "sub": "me",
    "iat": NOW,
    "exp": NOW + 300,
    "nonce": "nonce",
    "fhirUser": "https://hospital.example/fhir/Practitioner/me",
}


def read(claims: dict[str, Any], key: Any = KEY, header: dict[str, Any] | None = None) -> str:
    token = jwt.encode(header or {"alg": "ES256", "kid": KEY.kid}, claims, key)
    return read_raw(token)


def read_raw(token: str) -> str:
    return read_fhir_user(
        token,
        KEY_SET,
        issuer="https://hospital.example/oauth",
        client_id="reading-room",
        nonce="nonce",
        fhir_base="https://hospital.example/fhir",
    )


@pytest.mark.parametrize("user", [CLAIMS["fhirUser"], "Practitioner/me"])
def test_that_the_practitioner_of_a_good_token_is_read(user: str) -> None:
    assert read({**CLAIMS, "fhirUser": user}) == "Practitioner/me"
    assert read({**CLAIMS, "aud": ["reading-room", "other"], "azp": "reading-room"}) == "Practitioner/me"


@pytest.mark.parametrize(
    "changed",
    [
        {"iss": "https://elsewhere.example"}, {"aud": "other"}, {"aud": ["reading-room", "other"]},
        {"azp": "other"}, {"exp": NOW - 3600}, {"nonce": "another"}, {"nonce": None}, {"sub": None}, {"iat": None},
        {"fhirUser": None}, {"fhirUser": "PractitionerRole/me"}, {"fhirUser": "Patient/me"},
        {"fhirUser": "https://elsewhere.example/fhir/Practitioner/me"}, {"fhirUser": "Practitioner/me/../you"},
    ],
)  # fmt: skip
def test_that_a_token_with_one_part_that_does_not_fit_is_refused(changed: dict[str, Any]) -> None:
    claims = {name: value for name, value in {**CLAIMS, **changed}.items() if value is not None}
    with pytest.raises(SignInFailed):
        read(claims)


def test_that_only_the_hospitals_own_signature_counts() -> None:
    stranger = ECKey.generate_key("P-256", parameters={"kid": KEY.kid})
    with pytest.raises(SignInFailed):
        read(CLAIMS, stranger)
    # An attacker who knows the public key must not be able to use it as a shared secret (algorithm confusion).
    secret = OctKey.import_key(KEY.as_pem(private=False).hex())
    with pytest.raises(SignInFailed):
        read(CLAIMS, secret, {"alg": "HS256", "kid": KEY.kid})
    good = jwt.encode({"alg": "ES256", "kid": KEY.kid}, CLAIMS, KEY)
    head, body, signature = good.split(".")
    with pytest.raises(SignInFailed):
        read_raw(f"{head}.{body}.{'A' * len(signature)}")
    with pytest.raises(SignInFailed):
        read_raw(f"eyJhbGciOiJub25lIn0.{body}.")
    with pytest.raises(SignInFailed):
        read_raw("")
