"""The bearer stays at home, refusals become sentences, broken lines are noticed."""

from __future__ import annotations

import json
import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest

from sync.errors import (
    DamagedTransfer,
    HospitalBusy,
    Offline,
    ProfileRefused,
    Refused,
    SignInNeeded,
    Superseded,
    SyncError,
)
from sync.hospital_connection import HospitalConnection
from tests.sync.scripted_server import Answer, reply, scripted_server

OUTCOME = json.dumps(
    {"resourceType": "OperationOutcome", "issue": [{"severity": "error", "diagnostics": "the reason\nin two lines"}]}
).encode()


def fetch(answer: Answer, path: str = "/fhir/Task") -> bytes:
    with scripted_server(answer) as server:
        connection = HospitalConnection(server.profile)
        try:
            with connection.open("GET", server.base + path) as response:
                return connection.read_body(response)
        finally:
            connection.close()


@pytest.mark.parametrize(
    ("status", "kind"),
    [("400 Bad", Refused), ("404 Not", Refused), ("422 Un", Refused), ("401 Who", SignInNeeded), ("409 C", Superseded),
     ("412 P", Superseded), ("429 Slow", HospitalBusy), ("503 Busy", HospitalBusy), ("500 Bug", HospitalBusy)],
)  # fmt: skip
def test_that_a_refusal_becomes_an_error_with_the_hospitals_own_words(status: str, kind: type[SyncError]) -> None:
    with pytest.raises(kind, match=r"Test Hospital .*the reason in two lines") as caught:
        fetch(lambda line, headers: reply(status, OUTCOME))
    assert type(caught.value) is kind


@pytest.mark.parametrize(("value", "seconds"), [("7", 7.0), ("Sun, 22 Nov 2026 10:00:30 GMT", 30.0), ("soon", None)])
def test_that_retry_after_is_read_as_seconds_or_as_a_date(value: str, seconds: float | None) -> None:
    busy = reply("503 Busy", Retry_After=value, Date="Sun, 22 Nov 2026 10:00:00 GMT")
    with pytest.raises(HospitalBusy) as caught:
        fetch(lambda line, headers: busy)
    assert caught.value.retry_after_s == seconds


def test_that_the_token_goes_to_the_hospital_and_never_along_a_redirect_to_another_origin() -> None:
    def elsewhere(line: str, headers: dict[str, str]) -> bytes:
        return reply("200 OK", b"stolen")

    with scripted_server(elsewhere) as other:
        moved = reply("302 Found", Location=f"{other.base}/fhir/Task")
        with scripted_server(lambda line, headers: moved) as server:
            connection = HospitalConnection(server.profile)
            with pytest.raises(Refused, match="not followed"), connection.open("GET", f"{server.base}/fhir/Task"):
                pass
            assert server.requests[0][1]["authorization"] == "Bearer secret-token"
            assert server.requests[0][1]["x-request-id"]
            with pytest.raises(ProfileRefused, match="another server"), connection.open("GET", f"{other.base}/x"):
                pass
            connection.close()
        assert other.requests == []


def test_that_a_redirect_within_the_origin_is_followed_for_reading() -> None:
    def answer(line: str, headers: dict[str, str]) -> bytes:
        return reply("307 Moved", Location="/there") if "/fhir/Task" in line else reply("200 OK", b"here")

    assert fetch(answer) == b"here"


def test_that_redirects_in_a_circle_end() -> None:
    with pytest.raises(Refused, match="circle"):
        fetch(lambda line, headers: reply("302 Found", Location="/fhir/Task"))


def test_that_a_body_shorter_than_its_length_is_an_interruption() -> None:
    with pytest.raises(Offline, match="broke off"):
        fetch(lambda line, headers: reply("200 OK", b"half", length=8))


def test_that_nobody_listening_is_offline() -> None:
    with scripted_server(lambda line, headers: b"") as server:
        profile, base = server.profile, server.base
    with pytest.raises(Offline), HospitalConnection(profile).open("GET", f"{base}/fhir/Task"):
        pass


def test_that_a_hospital_that_does_not_answer_in_time_is_offline() -> None:
    done = threading.Event()

    def silent(line: str, headers: dict[str, str]) -> bytes:
        done.wait(5)
        return b""

    with scripted_server(silent) as server:
        connection = HospitalConnection(server.profile, read_timeout_s=0.1)
        with pytest.raises(Offline, match="in time"), connection.open("GET", f"{server.base}/fhir/Task"):
            pass
        connection.close()
        done.set()


class Renewable:
    """Credentials whose first token was refused; the next is handed out after `refresh`."""

    def __init__(self, *, can_refresh: bool = True) -> None:
        self.token = "old"
        self.refreshed = 0
        self.can_refresh = can_refresh

    def bearer(self) -> str:
        return self.token

    def refresh(self) -> bool:
        self.refreshed += 1
        if self.can_refresh:
            self.token = "new"
        return self.can_refresh


def only_the_new_token(line: str, headers: dict[str, str]) -> bytes:
    return reply("200 OK", b"here") if headers["authorization"] == "Bearer new" else reply("401 Who", OUTCOME)


def test_that_a_refused_token_is_renewed_once_and_the_request_made_again() -> None:
    credentials = Renewable()
    with scripted_server(only_the_new_token) as server:
        connection = HospitalConnection(server.profile, credentials)
        with connection.open("POST", f"{server.base}/fhir", body=b"{}") as response:
            assert connection.read_body(response) == b"here"
        connection.close()
        assert [headers["authorization"] for _, headers in server.requests] == ["Bearer old", "Bearer new"]


@pytest.mark.parametrize("can_refresh", [True, False])
def test_that_a_token_refused_for_good_asks_for_a_sign_in_and_never_goes_round_in_circles(can_refresh: bool) -> None:
    credentials = Renewable(can_refresh=can_refresh)
    with scripted_server(lambda line, headers: reply("401 Who", OUTCOME)) as server:
        connection = HospitalConnection(server.profile, credentials)
        with pytest.raises(SignInNeeded), connection.open("GET", f"{server.base}/fhir/Task"):
            pass
        connection.close()
        assert len(server.requests) == (2 if can_refresh else 1)
    assert credentials.refreshed == 1


def test_that_four_transfers_refused_at_once_renew_the_token_once() -> None:
    credentials = Renewable()
    together = threading.Barrier(4, timeout=5)

    def answer(line: str, headers: dict[str, str]) -> bytes:
        if headers["authorization"] == "Bearer old":
            together.wait()  # nobody is refused before all four have asked
        return only_the_new_token(line, headers)

    with scripted_server(answer) as server:
        connection = HospitalConnection(server.profile, credentials)

        def ask(_number: int) -> int:
            with connection.open("GET", f"{server.base}/fhir/Task") as response:
                return response.status_code

        with ThreadPoolExecutor(4) as threads:
            assert list(threads.map(ask, range(4))) == [200] * 4
        connection.close()
    assert credentials.refreshed == 1


def test_that_a_profile_without_token_and_credentials_sends_nothing() -> None:
    with scripted_server(lambda line, headers: reply("200 OK")) as server:
        connection = HospitalConnection(replace(server.profile, token=""))
        with pytest.raises(SignInNeeded, match="not signed in"), connection.open("GET", f"{server.base}/fhir/Task"):
            pass
        assert server.requests == []


def test_that_an_answer_without_end_is_broken_off(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sync.hospital_connection.LARGEST_BODY_BYTES", 1000)
    with pytest.raises(DamagedTransfer, match="without end"):
        fetch(lambda line, headers: reply("200 OK", b"x" * 1001))
    assert len(fetch(lambda line, headers: reply("200 OK", b"x" * 1000))) == 1000
