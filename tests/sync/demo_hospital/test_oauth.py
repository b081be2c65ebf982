"""The demo hospital is as strict an authorization server as a real one: codes once, PKCE, rotation, exact redirects."""

from __future__ import annotations

import base64
import hashlib
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
import requests

from sync.demo_hospital.oauth_grants import CODE_LIFE_S, Grant, GrantRefused, Grants
from sync.demo_hospital.state import HospitalState
from tests.sync.demo_hospital.conftest import Answering

VERIFIER = "v" * 64
CHALLENGE = base64.urlsafe_b64encode(hashlib.sha256(VERIFIER.encode()).digest()).rstrip(b"=").decode()
REDIRECT = "http://127.0.0.1:50123/callback"


def asked(hospital: Answering, **changed: str) -> dict[str, str]:
    return {
        "response_type": "code", "client_id": "reading-room", "redirect_uri": REDIRECT, "state": "st",
        "scope": "openid fhirUser offline_access", "aud": f"{hospital.origin}/fhir", "nonce": "n",
        "code_challenge": CHALLENGE, "code_challenge_method": "S256", **changed,
    }  # fmt: skip


def sign_in(hospital: Answering, passphrase: str = "reading room demo", **changed: str) -> requests.Response:
    form = {**asked(hospital, **changed), "user": "marwick", "passphrase": passphrase, "decision": "allow"}
    return requests.post(f"{hospital.origin}/oauth/authorize", form, timeout=10, allow_redirects=False)


def code_of(answer: requests.Response) -> str:
    return parse_qs(urlsplit(answer.headers["Location"]).query)["code"][0]


def token(hospital: Answering, **form: str) -> requests.Response:
    return requests.post(f"{hospital.origin}/oauth/token", {"client_id": "reading-room", **form}, timeout=10)


def redeem(hospital: Answering, code: str, **changed: str) -> requests.Response:
    form = {"grant_type": "authorization_code", "code": code, "redirect_uri": REDIRECT, "code_verifier": VERIFIER}
    return token(hospital, **(form | changed))


def opens(hospital: Answering, access_token: str) -> bool:
    answer = requests.get(
        f"{hospital.origin}/fhir/Patient/p1", headers={"Authorization": f"Bearer {access_token}"}, timeout=10
    )
    return answer.status_code == 200


def test_that_a_code_gives_tokens_once_and_coming_twice_ends_them(hospital: Answering) -> None:
    code = code_of(sign_in(hospital))
    first = redeem(hospital, code).json()
    assert first["token_type"] == "Bearer" and opens(hospital, first["access_token"])
    assert redeem(hospital, code).json()["error"] == "invalid_grant"
    assert not opens(hospital, first["access_token"])


@pytest.mark.parametrize(
    "changed", [{"code_verifier": "w" * 64}, {"redirect_uri": "http://127.0.0.1:1/callback"}, {"code_verifier": ""}]
)
def test_that_a_code_is_worth_nothing_without_its_verifier_and_redirect(
    hospital: Answering, changed: dict[str, str]
) -> None:
    assert redeem(hospital, code_of(sign_in(hospital)), **changed).json()["error"] == "invalid_grant"


@pytest.mark.parametrize(
    "redirect_uri",
    ["http://127.0.0.1:50123/other", "http://localhost:50123/callback", "https://elsewhere.example/callback",
     "http://127.0.0.1:50123/callback/../x", "http://127.0.0.1.evil.example:80/callback", ""],
)  # fmt: skip
def test_that_the_browser_is_never_sent_to_an_address_that_is_not_exactly_the_native_redirect(
    hospital: Answering, redirect_uri: str
) -> None:
    answer = sign_in(hospital, redirect_uri=redirect_uri)
    assert answer.status_code == 400 and "Location" not in answer.headers


@pytest.mark.parametrize(
    "changed",
    [{"code_challenge_method": "plain"}, {"code_challenge": ""}, {"aud": "https://elsewhere.example"},
     {"response_type": "token"}, {"state": ""}],
)  # fmt: skip
def test_that_a_request_without_pkce_or_for_another_server_gets_no_code(
    hospital: Answering, changed: dict[str, str]
) -> None:
    answer = sign_in(hospital, **changed)
    given = parse_qs(urlsplit(answer.headers["Location"]).query)
    assert "code" not in given and given["error"][0] in ("invalid_request", "unsupported_response_type")


def test_that_a_wrong_passphrase_shows_the_form_again_and_nothing_of_it(hospital: Answering) -> None:
    answer = sign_in(hospital, passphrase='"><script>wrong')
    assert answer.status_code == 401 and "passphrase is wrong" in answer.text and "<script>" not in answer.text


def test_that_what_a_request_carries_cannot_write_into_the_page(hospital: Answering) -> None:
    answer = requests.get(
        f"{hospital.origin}/oauth/authorize", asked(hospital, state='"><script>alert(1)</script>'), timeout=10
    )
    assert answer.status_code == 200 and "<script>" not in answer.text


def test_that_refresh_tokens_rotate_and_a_used_one_ends_the_whole_family(hospital: Answering) -> None:
    first: dict[str, Any] = redeem(hospital, code_of(sign_in(hospital))).json()
    second = token(hospital, grant_type="refresh_token", refresh_token=first["refresh_token"]).json()
    assert second["refresh_token"] != first["refresh_token"] and opens(hospital, second["access_token"])
    again = token(hospital, grant_type="refresh_token", refresh_token=first["refresh_token"])
    assert again.json()["error"] == "invalid_grant"
    assert not opens(hospital, second["access_token"])
    after = token(hospital, grant_type="refresh_token", refresh_token=second["refresh_token"])
    assert after.json()["error"] == "invalid_grant"


def test_that_without_offline_access_there_is_no_refresh_token(hospital: Answering) -> None:
    tokens = redeem(hospital, code_of(sign_in(hospital, scope="openid fhirUser"))).json()
    assert "refresh_token" not in tokens and "id_token" in tokens


def test_that_a_program_nobody_registered_gets_nothing(hospital: Answering) -> None:
    assert sign_in(hospital, client_id="stranger").status_code == 400
    code = code_of(sign_in(hospital))
    assert redeem(hospital, code, client_id="stranger").json()["error"] == "invalid_client"


def test_that_the_standing_token_of_the_demonstration_still_works(hospital: Answering) -> None:
    assert opens(hospital, hospital.token)


def test_that_codes_and_tokens_end_with_their_time_and_outlast_a_restart(tmp_path: Path) -> None:
    now = 1000.0
    grant = Grant("me", "c", REDIRECT, CHALLENGE, "", "offline_access")
    with HospitalState(tmp_path / "state") as state:
        grants = Grants(state, lambda: now, access_life_s=60)
        late = grants.issue_code(grant)
        now += CODE_LIFE_S + 1
        with pytest.raises(GrantRefused):
            grants.redeem_code(late, "c", REDIRECT, VERIFIER)
        issued = grants.redeem_code(grants.issue_code(grant), "c", REDIRECT, VERIFIER)
        assert grants.accepts(issued.access_token) and not grants.accepts(issued.refresh_token)
    with HospitalState(tmp_path / "state") as state:
        grants = Grants(state, lambda: now, access_life_s=60)
        assert grants.accepts(issued.access_token)
        now += 61
        assert not grants.accepts(issued.access_token)
        assert grants.accepts(grants.renew(issued.refresh_token, "c").access_token)
        kept = state.find_fact("oauth-grants") or ""
        assert issued.refresh_token not in kept and issued.access_token not in kept
