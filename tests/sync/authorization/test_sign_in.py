"""The whole sign-in against the demo hospital's real authorization server, by a browser without a screen."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from dataclasses import replace
from urllib.parse import parse_qs, urlsplit

import pytest
import requests

from sync.authorization.authorization_server import AnswerLost, AuthorizationServer, Tokens
from sync.authorization.loopback_redirect import LoopbackRedirect
from sync.authorization.sign_in import find_hospital, sign_in_again, sign_in_first
from sync.authorization.signed_in_account import SignedInAccount
from sync.errors import Offline, ProfileRefused, SignInFailed, SignInNeeded
from sync.hospital_connection import HospitalConnection
from sync.hospital_profile import HospitalProfile
from tests.sync.authorization_doubles import MemoryKeyring, ScriptedBrowser
from tests.sync.small_hospital import SmallHospital


@pytest.fixture
def browser() -> Iterator[ScriptedBrowser]:
    browser = ScriptedBrowser()
    yield browser
    browser.close()


@pytest.fixture
def hospital(hospital: SmallHospital) -> SmallHospital:
    hospital.state.put_resource(
        {
            "resourceType": "Practitioner",
            "id": "demo-specialist",
            "name": [{"family": "Marwick", "given": ["Ilse"], "prefix": ["Dr."]}],
        }
    )
    return hospital


@pytest.fixture
def signed_in(
    hospital: SmallHospital, browser: ScriptedBrowser
) -> tuple[HospitalProfile, SignedInAccount, MemoryKeyring]:
    found = find_hospital(f"127.0.0.1:{hospital.port}")
    profile, tokens = sign_in_first(found, "lindenhof", browser)
    keyring = MemoryKeyring()
    account = SignedInAccount(profile, keyring)
    account.accept(tokens)
    return profile, account, keyring


def read_something(profile: HospitalProfile, account: SignedInAccount) -> int:
    connection = HospitalConnection(profile, account)
    try:
        with connection.open("GET", f"{profile.fhir_base}/Task?owner={profile.practitioner_reference}") as answer:
            return answer.status_code
    finally:
        connection.close()


def test_that_the_address_and_a_sign_in_are_all_it_takes(
    hospital: SmallHospital, browser: ScriptedBrowser,
    signed_in: tuple[HospitalProfile, SignedInAccount, MemoryKeyring],
) -> None:  # fmt: skip
    profile, account, keyring = signed_in
    assert profile.practitioner_reference == "Practitioner/demo-specialist"
    assert profile.practitioner_name == "Dr. Ilse Marwick"
    assert profile.hospital_name == "Lindenhof Demo Hospital"
    assert profile.token == "" and profile.needs_sign_in
    assert read_something(profile, account) == 200
    browser.close()
    assert "You can close this window" in browser.last_page
    assert list(keyring.secrets) == [account.key_name]
    assert account.bearer() not in keyring.secrets.values()


def test_that_the_request_carries_what_smart_asks_for(
    browser: ScriptedBrowser, signed_in: tuple[HospitalProfile, SignedInAccount, MemoryKeyring]
) -> None:
    asked = {name: values[0] for name, values in parse_qs(urlsplit(browser.addresses[0]).query).items()}
    assert asked["response_type"] == "code"
    assert asked["code_challenge_method"] == "S256" and len(asked["code_challenge"]) == 43
    assert asked["aud"] == signed_in[0].fhir_base
    assert asked["redirect_uri"].startswith("http://127.0.0.1:") and asked["redirect_uri"].endswith("/callback")
    assert {"openid", "fhirUser", "offline_access", "user/Task.rsu"} <= set(asked["scope"].split())
    assert len(asked["state"]) >= 32 and len(asked["nonce"]) >= 32 and asked["state"] != asked["nonce"]


def test_that_a_new_start_of_the_program_needs_no_new_sign_in(
    signed_in: tuple[HospitalProfile, SignedInAccount, MemoryKeyring],
) -> None:
    profile, _, keyring = signed_in
    before = dict(keyring.secrets)
    assert read_something(profile, SignedInAccount(profile, keyring)) == 200
    assert keyring.secrets.keys() == before.keys() and keyring.secrets != before  # it rotated


def test_that_a_refresh_token_is_in_the_keyring_before_the_access_token_is_used(
    signed_in: tuple[HospitalProfile, SignedInAccount, MemoryKeyring],
) -> None:
    _, account, keyring = signed_in

    def killed(name: str, secret: str) -> None:
        raise KeyboardInterrupt

    keyring.put = killed  # type: ignore[method-assign]
    with pytest.raises(KeyboardInterrupt):
        account.accept(Tokens("new-access", "new-refresh", "", 300))
    assert account._access_token != "new-access"


def test_that_a_lost_answer_of_a_renewal_ends_in_one_sentence_and_not_in_a_circle(
    hospital: SmallHospital, signed_in: tuple[HospitalProfile, SignedInAccount, MemoryKeyring]
) -> None:
    profile, _, keyring = signed_in

    class LosesItsAnswer(AuthorizationServer):
        lose = True

        def renew(self, refresh_token: str) -> Tokens:
            tokens = super().renew(refresh_token)
            if self.lose:
                raise AnswerLost("The connection broke off.")
            return tokens

    server = LosesItsAnswer(profile.fhir_base, profile.client_id, profile.trust)
    account = SignedInAccount(profile, keyring, server)
    with pytest.raises(Offline):
        account.bearer()
    server.lose = False
    with pytest.raises(SignInNeeded, match="because an answer of it was lost on the way; please sign in again"):
        account.bearer()
    assert keyring.secrets == {}
    with pytest.raises(SignInNeeded):
        account.bearer()


def test_that_a_hospital_out_of_reach_costs_no_sign_in(
    signed_in: tuple[HospitalProfile, SignedInAccount, MemoryKeyring],
) -> None:
    profile, _, keyring = signed_in
    unreachable = replace(profile, fhir_base="http://127.0.0.1:1/fhir")
    keyring.secrets = {SignedInAccount(unreachable, keyring).key_name: "kept"}
    with pytest.raises(Offline):
        SignedInAccount(unreachable, keyring).bearer()
    assert list(keyring.secrets.values()) == ["kept"]


def test_that_without_a_keyring_the_sign_in_lasts_for_this_run_and_says_so(
    hospital: SmallHospital, browser: ScriptedBrowser
) -> None:
    keyring = MemoryKeyring()
    keyring.absent = True
    profile, tokens = sign_in_first(find_hospital(f"http://127.0.0.1:{hospital.port}/fhir"), "x", browser)
    account = SignedInAccount(profile, keyring)
    account.accept(tokens)
    assert "lasts until Reading Room is closed" in account.notice
    assert account.refresh() and read_something(profile, account) == 200
    with pytest.raises(SignInNeeded):
        SignedInAccount(profile, keyring).bearer()


def test_that_signing_out_ends_it_here_and_at_the_hospital(
    signed_in: tuple[HospitalProfile, SignedInAccount, MemoryKeyring],
) -> None:
    profile, account, keyring = signed_in
    access, refresh = account.bearer(), keyring.secrets[account.key_name]
    assert account.sign_out() == ""
    assert keyring.secrets == {}
    with pytest.raises(SignInNeeded, match="please sign in"):
        account.bearer()
    answer = requests.get(f"{profile.fhir_base}/Task", headers={"Authorization": f"Bearer {access}"}, timeout=10)
    assert answer.status_code == 401
    with pytest.raises(SignInNeeded):
        account.server.renew(refresh)


def test_that_an_access_token_that_the_hospital_ended_is_renewed_unseen(
    signed_in: tuple[HospitalProfile, SignedInAccount, MemoryKeyring],
) -> None:
    profile, account, _ = signed_in
    account.bearer()
    account._access_token = "forgotten by the hospital"
    assert read_something(profile, account) == 200


def test_that_a_locked_window_holds_no_access_token_and_needs_no_new_sign_in(
    signed_in: tuple[HospitalProfile, SignedInAccount, MemoryKeyring],
) -> None:
    profile, account, _ = signed_in
    before = account.bearer()
    account.forget_access_token()
    assert before not in vars(account).values()
    assert read_something(profile, account) == 200 and account.bearer() != before


def test_that_somebody_else_cannot_sign_in_to_a_readers_cases(
    signed_in: tuple[HospitalProfile, SignedInAccount, MemoryKeyring],
) -> None:
    profile, account, keyring = signed_in
    kept = dict(keyring.secrets)
    other = ScriptedBrowser(user="quillfeather")
    with pytest.raises(SignInFailed, match=r"Somebody else signed in than Dr\. Ilse Marwick"):
        sign_in_again(profile, account, other)
    other.close()
    assert keyring.secrets == kept
    again = ScriptedBrowser()
    sign_in_again(profile, account, again)
    again.close()
    assert keyring.secrets != kept and read_something(profile, account) == 200


def test_that_cancelling_at_the_hospital_or_here_changes_nothing(
    hospital: SmallHospital, signed_in: tuple[HospitalProfile, SignedInAccount, MemoryKeyring]
) -> None:
    profile, account, keyring = signed_in
    kept = dict(keyring.secrets)
    unwilling = ScriptedBrowser(decision="deny")
    with pytest.raises(SignInFailed, match="did not sign you in: The sign-in was cancelled"):
        sign_in_again(profile, account, unwilling)
    unwilling.close()
    with pytest.raises(SignInFailed, match="was cancelled"):
        sign_in_again(profile, account, lambda address: None, cancelled=lambda: True)
    assert keyring.secrets == kept


def test_that_a_hospital_that_names_another_authority_than_before_is_sent_nothing(
    signed_in: tuple[HospitalProfile, SignedInAccount, MemoryKeyring],
) -> None:
    profile, _, keyring = signed_in
    moved = SignedInAccount(replace(profile, issuer="https://elsewhere.example"), keyring)
    kept = dict(keyring.secrets)
    with pytest.raises(ProfileRefused, match="another authority"):
        moved.bearer()
    assert keyring.secrets == kept


@pytest.mark.parametrize("address", ["", "ftp://x", "http://hospital.example", "https://u:p@hospital.example"])
def test_that_an_address_that_is_none_is_refused_before_anything_is_asked(address: str) -> None:
    with pytest.raises(ProfileRefused):
        find_hospital(address)


@pytest.mark.parametrize(
    "address", ["not a url", "https://not a url/fhir", "?", "fhir.example:port", "http://[::1", "-"]
)
def test_that_what_is_no_address_at_all_is_answered_with_an_example(
    address: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sync.authorization.sign_in.AuthorizationServer", lambda *_: pytest.fail("it was asked"))
    with pytest.raises(ProfileRefused, match=r"is not an address on the net; .*“fhir.hospital.org/r4”"):
        find_hospital(address)


@pytest.mark.parametrize(
    "address", ["klinik-süd.example/r4", "HOST_1:8080", "[::1]:8765", "10.0.0.7", "https://a.b./x"]
)
def test_that_a_name_of_any_language_and_a_number_are_addresses(address: str, monkeypatch: pytest.MonkeyPatch) -> None:
    def ask(base: str, *_: object) -> AuthorizationServer:
        raise Offline(base)

    monkeypatch.setattr("sync.authorization.sign_in.AuthorizationServer", ask)
    with pytest.raises(Offline, match=r"https?://"):
        find_hospital(address)


def test_that_a_server_that_is_no_hospital_says_so(hospital: SmallHospital) -> None:
    with pytest.raises(ProfileRefused, match="does not offer the sign-in"):
        find_hospital(f"http://127.0.0.1:{hospital.port}/files")


def test_that_an_answer_of_another_authority_is_not_taken_for_the_hospitals(hospital: SmallHospital) -> None:
    """RFC 9207: the mix-up of two authorization servers."""
    sent: list[str] = []

    def answer_as_another(address: str) -> None:
        asked = {name: values[0] for name, values in parse_qs(urlsplit(address).query).items()}
        query = {"code": "stolen", "state": asked["state"], "iss": "https://elsewhere.example"}
        visit = threading.Thread(target=lambda: requests.get(asked["redirect_uri"], params=query, timeout=10))
        visit.start()
        sent.append(asked["redirect_uri"])

    with pytest.raises(SignInFailed, match="another authority"):
        sign_in_first(find_hospital(f"127.0.0.1:{hospital.port}"), "x", answer_as_another)
    assert sent


# --- the redirect ---------------------------------------------------------------------------------------------------


def call_back(redirect: LoopbackRedirect, state: str, paths: list[str]) -> tuple[list[int], str | SignInFailed]:
    statuses: list[int] = []
    origin = redirect.uri.removesuffix("/callback")

    def visit() -> None:
        statuses.extend(requests.get(origin + path, timeout=5).status_code for path in paths)

    thread = threading.Thread(target=visit)
    thread.start()
    try:
        result: str | SignInFailed = redirect.wait(state, 5, lambda: False)
    except SignInFailed as error:
        result = error
    thread.join(5)
    return statuses, result


def test_that_only_the_answer_to_this_sign_in_is_taken() -> None:
    with LoopbackRedirect() as redirect:
        statuses, result = call_back(
            redirect,
            "right",
            ["/favicon.ico", "/callback?code=a&state=wrong", "/callback?code=a", "/callback?code=a&state=right"],
        )
    assert statuses == [404, 400, 400, 200]
    assert str(result).endswith("/callback?code=a&state=right")


def test_that_the_redirect_listens_on_loopback_alone_and_once() -> None:
    redirect = LoopbackRedirect()
    assert redirect._listener.getsockname()[0] == "127.0.0.1"
    uri = redirect.uri
    redirect.close()
    with pytest.raises(requests.ConnectionError):
        requests.get(uri, timeout=1)


def test_that_nobody_coming_back_ends_the_wait() -> None:
    began = time.monotonic()
    with LoopbackRedirect() as redirect, pytest.raises(SignInFailed, match="within the time"):
        redirect.wait("state", 0.2, lambda: False)
    assert time.monotonic() - began < 3
