"""Five wrong tries wait, through restarts of the program and of the computer, whatever the clock is set to."""

from __future__ import annotations

from pathlib import Path

import pytest

from sync.errors import UnlockRefused
from sync.vault.key_record import make_record, unwrap_master
from sync.vault.keys import Unlock
from sync.vault.unlock_tries import TRIES, TRIES_FILE, WAIT_S, UnlockTries


class Uptime:
    def __init__(self, now_s: float) -> None:
        self.now_s = now_s

    def __call__(self) -> float:
        return self.now_s


def guess(directory: Path, clock: Uptime, times: int) -> None:
    for _ in range(times):
        UnlockTries(directory, clock).count()


def test_that_the_sixth_try_waits_and_a_restart_forgets_nothing(tmp_path: Path) -> None:
    clock = Uptime(5000.0)
    guess(tmp_path, clock, TRIES)
    with pytest.raises(UnlockRefused, match="15 min"):
        UnlockTries(tmp_path, clock).count()
    clock.now_s += WAIT_S - 1
    with pytest.raises(UnlockRefused, match="1 min") as refused:
        UnlockTries(tmp_path, clock).refuse_while_waiting()
    assert refused.value.wait_s == pytest.approx(1.0)
    clock.now_s += 2
    guess(tmp_path, clock, 1)


def test_that_restarting_the_computer_wins_no_try(tmp_path: Path) -> None:
    guess(tmp_path, Uptime(900_000.0), TRIES)
    assert UnlockTries(tmp_path, Uptime(30.0)).wait_s() == pytest.approx(WAIT_S - 30)
    assert UnlockTries(tmp_path, Uptime(WAIT_S + 1)).wait_s() == 0


def test_that_the_wall_clock_counts_for_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    clock = Uptime(5000.0)
    guess(tmp_path, clock, TRIES)
    for wall in (0.0, 4e9):
        monkeypatch.setattr("time.time", lambda wall=wall: wall)
        assert UnlockTries(tmp_path, clock).wait_s() == WAIT_S


def test_that_a_damaged_count_is_a_full_one(tmp_path: Path) -> None:
    clock = Uptime(5000.0)
    (tmp_path / TRIES_FILE).write_text("{")
    assert UnlockTries(tmp_path, clock).wait_s() == WAIT_S
    clock.now_s += WAIT_S + 1
    assert UnlockTries(tmp_path, clock).wait_s() == 0


def test_that_waiting_refuses_the_right_passphrase_too_and_the_right_one_begins_anew(tmp_path: Path) -> None:
    right, wrong = Unlock(passphrase="correct horse battery"), Unlock(passphrase="wrong horse battery")
    make_record(tmp_path, right, bytes(32))
    for _ in range(TRIES - 1):
        with pytest.raises(UnlockRefused, match="left"):
            unwrap_master(tmp_path, wrong)
    assert unwrap_master(tmp_path, right) == bytes(32)
    for _ in range(TRIES - 1):
        with pytest.raises(UnlockRefused, match="left"):
            unwrap_master(tmp_path, wrong)
    with pytest.raises(UnlockRefused, match="locked for 15 min"):
        unwrap_master(tmp_path, wrong)
    with pytest.raises(UnlockRefused, match="try again"):
        unwrap_master(tmp_path, right)
