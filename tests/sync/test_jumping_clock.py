"""A computer whose clock is set to another day, forwards or back: nothing is lost, and nothing is won by it.

The lease's own rules are in test_lease, the wait after wrong passphrases in test_unlock_tries.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from sync.audit import AuditAction
from sync.authorization.sign_in import find_hospital, sign_in_first
from sync.authorization.signed_in_account import SignedInAccount
from sync.errors import SigningRefused
from sync.lease import Moment, find_lease_sentence, note_contact, note_time
from sync.signing import gate
from sync.signing.gate import SigningGate, enrol
from sync.store import audit_trail
from sync.store.database import Store
from sync.store.outbox_store import LONGEST_HOLD, is_due
from sync.sync_round import run_sync_round
from tests.sync.authorization_doubles import MemoryKeyring, ScriptedBrowser
from tests.sync.sample_records import CASE
from tests.sync.signing.own_authority import PIN, make_authority
from tests.sync.small_hospital import SmallHospital

JUMPS = [timedelta(days=400), timedelta(days=-400)]


@pytest.fixture(params=JUMPS, ids=("forwards", "back"))
def jump(request: pytest.FixtureRequest) -> timedelta:
    jump: timedelta = request.param
    return jump


def set_clock(monkeypatch: pytest.MonkeyPatch, module: object, jump: timedelta) -> None:
    """From now on *module* sees another day, as after somebody set the computer's clock."""

    class Jumped(datetime):
        @classmethod
        def now(cls, tz: Any = None) -> Any:
            return datetime.now(UTC) + jump

    monkeypatch.setattr(module, "datetime", Jumped)


def test_that_the_trail_stays_whole_and_in_the_order_of_what_happened(
    store: Store, monkeypatch: pytest.MonkeyPatch, jump: timedelta
) -> None:
    for number, of_day in enumerate((timedelta(), jump, timedelta())):
        set_clock(monkeypatch, audit_trail, of_day)
        store.audit.append(AuditAction.CASE_OPENED, CASE, f"step {number}", "success", {})
    assert store.audit.verify() is None
    rows = store.audit.entries()[-3:]
    assert [row.object for row in rows] == ["step 0", "step 1", "step 2"]
    assert abs(rows[1].at - rows[0].at - jump) < timedelta(minutes=1), "the time it had is told, not a better one"


def test_that_an_access_token_lives_as_long_as_the_hospital_said(
    hospital: SmallHospital, monkeypatch: pytest.MonkeyPatch, jump: timedelta
) -> None:
    browser, steady = ScriptedBrowser(), {"s": 1000.0}
    other_day_s = (datetime.now(UTC) + jump).timestamp()
    hospital.state.put_resource(
        {"resourceType": "Practitioner", "id": "demo-specialist", "name": [{"text": "Marwick"}]}
    )
    profile, tokens = sign_in_first(find_hospital(f"127.0.0.1:{hospital.port}"), "lindenhof", browser)
    browser.close()
    account = SignedInAccount(profile, MemoryKeyring(), clock=lambda: steady["s"])
    account.accept(tokens)
    first = account.bearer()
    monkeypatch.setattr("time.time", lambda: other_day_s)
    assert account.bearer() == first, "the clock was set; no token became older or younger"
    steady["s"] += 24 * 3600
    assert account.bearer() != first


def test_that_a_lease_that_a_clock_set_forwards_ended_begins_anew_with_a_round(
    hospital: SmallHospital, store: Store
) -> None:
    wall = datetime.now(UTC)
    note_contact(store, wall, Moment(wall, 1000.0))
    note_time(store, Moment(wall + timedelta(days=400), 1010.0))
    assert find_lease_sentence(store, Moment(wall, 1020.0)) != "", "a clock set back does not open the cases"
    assert run_sync_round(store, hospital.profile()).complete
    assert find_lease_sentence(store) == ""


def test_that_setting_the_clock_neither_ends_nor_prolongs_the_wait_for_signing(
    store: Store, monkeypatch: pytest.MonkeyPatch, jump: timedelta
) -> None:
    other_day_s = (datetime.now(UTC) + jump).timestamp()
    monkeypatch.setattr("sync.signing.passphrase.MEMORY_KIB", 32)
    authority = make_authority()
    enrol(store, authority.identity(), authority.pem, "a passphrase", pin=PIN)
    for _ in range(5):
        with pytest.raises(SigningRefused):
            SigningGate(store).check("wrong", PIN)
    monkeypatch.setattr("time.time", lambda: other_day_s)
    with pytest.raises(SigningRefused, match="again in 15 min"):
        SigningGate(store).check("a passphrase", PIN)
    began_s = gate.uptime_s()
    monkeypatch.setattr(gate, "uptime_s", lambda: began_s + 15 * 60)
    assert SigningGate(store).check("a passphrase", PIN)


def test_that_what_waits_to_leave_does_not_wait_for_a_day_that_never_comes(store: Store) -> None:
    now = datetime.now(UTC)
    store.outbox.enqueue_message(CASE, "message-1", "A question.")
    (entry,) = store.outbox.list_entries()
    store.outbox.record_attempt(entry.entry_id, "offline", not_before=now + timedelta(minutes=10))
    (waiting,) = store.outbox.list_entries()
    assert not is_due(waiting, now, at_once=False)
    assert is_due(waiting, now - timedelta(days=400), at_once=False), "set back: it is tried, not kept for a year"
    assert is_due(waiting, now + timedelta(days=400), at_once=False)
    assert timedelta(minutes=10) < LONGEST_HOLD
