"""When the computer is kept awake, and when it no longer is; decided without Qt."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from sync.records.case import CaseId
from sync.site_rules import SITE_FILE, site_rules
from sync.transfer.progress import SyncProgress, SyncStage
from workstation.awake.battery import charge_of, charge_told
from workstation.awake.keep_awake import AGAIN_S, AWAKE, REFUSED, STALL_S, KeepAwake

CASE = CaseId("SO-1")


@dataclass
class _Computer:
    """Its hold, battery and clock. ``consents`` None: it does not answer."""

    consents: bool | None = True
    charge_percent: float | None = None
    now_s: float = 0.0
    is_paused: bool = False
    held: bool = False
    events: list[str] = field(default_factory=list)
    words: list[str] = field(default_factory=list)
    lost: Callable[[], None] | None = None

    def take(self, answered: Callable[[bool], None], lost: Callable[[], None]) -> None:
        self.events.append("take")
        self.lost = lost
        if self.consents is not None:
            self.held = self.consents
            answered(self.consents)

    def release(self) -> None:
        self.events.append("release")
        self.held = False

    def keep(self) -> KeepAwake:
        return KeepAwake(
            self,
            lambda answer: answer(self.charge_percent),
            self.words.append,
            is_paused=lambda: self.is_paused,
            clock=lambda: self.now_s,
        )


def _arriving(fetched: int, done: int = 1) -> SyncProgress:
    return SyncProgress(SyncStage.DOWNLOADING, CASE, done, 10, bytes_fetched=fetched)


def test_that_the_computer_stays_awake_while_images_arrive_and_not_a_moment_longer() -> None:
    computer = _Computer()
    keep = computer.keep()
    for stage in (SyncStage.WORKLIST, SyncStage.RECORDS, SyncStage.SENDING):
        keep.progressed(SyncProgress(stage))
        assert not computer.held
    keep.progressed(_arriving(1))
    keep.progressed(_arriving(2))
    assert computer.held and computer.events == ["take"] and computer.words == [AWAKE]
    keep.progressed(_arriving(3, done=10))
    assert not computer.held and computer.words == [AWAKE, ""]
    keep.progressed(_arriving(4))
    assert computer.held
    keep.round_ended()
    assert not computer.held and computer.words[-1] == ""


def test_that_work_on_its_way_out_keeps_it_awake_and_an_empty_outbox_does_not() -> None:
    computer = _Computer()
    keep = computer.keep()
    keep.outbox_is(True)
    keep.progressed(SyncProgress(SyncStage.SENDING))
    assert computer.held
    keep.progressed(SyncProgress(SyncStage.FINISHED))
    assert not computer.held


def test_that_a_download_that_stands_still_or_is_paused_lets_it_sleep() -> None:
    computer = _Computer()
    keep = computer.keep()
    keep.progressed(_arriving(1))
    computer.now_s = STALL_S - 1
    keep.progressed(_arriving(1))
    keep.look()
    assert computer.held
    computer.now_s = STALL_S
    keep.look()
    assert not computer.held
    keep.progressed(_arriving(2))
    assert computer.held
    computer.is_paused = True
    keep.look()
    assert not computer.held and computer.words[-1] == ""


def test_that_an_emptying_battery_comes_before_a_transfer() -> None:
    computer = _Computer(charge_percent=19.0)
    keep = computer.keep()
    keep.progressed(_arriving(1))
    assert not computer.held and computer.words == ["On battery at 19 %: the computer may go to sleep"]
    computer.charge_percent = None  # plugged in
    computer.now_s = AGAIN_S
    keep.progressed(_arriving(2))
    assert computer.held
    computer.charge_percent = 12.0
    computer.now_s = 2 * AGAIN_S
    keep.progressed(_arriving(3))
    assert not computer.held and "12 %" in computer.words[-1]


def test_that_a_refusal_and_a_loss_are_said_and_tried_again_later() -> None:
    computer = _Computer(consents=False)
    keep = computer.keep()
    keep.progressed(_arriving(1))
    keep.progressed(_arriving(2))
    assert computer.events == ["take"] and computer.words == [REFUSED]
    computer.consents, computer.now_s = True, AGAIN_S
    keep.progressed(_arriving(3))
    assert computer.held and computer.words[-1] == AWAKE
    assert computer.lost is not None
    computer.lost()
    assert not computer.held and computer.words[-1] == REFUSED
    computer.now_s = 2 * AGAIN_S
    keep.progressed(_arriving(4))
    assert computer.held


def test_that_who_does_not_want_it_is_not_kept_awake_and_an_unanswered_wish_is_taken_back() -> None:
    computer = _Computer(consents=None)
    keep = computer.keep()
    keep.is_wanted = False
    keep.progressed(_arriving(1))
    assert computer.events == []
    keep.is_wanted = True
    keep.progressed(_arriving(2))
    keep.round_ended()
    assert computer.events == ["take", "release"]


def test_that_only_the_computers_own_battery_counts(tmp_path: Path) -> None:
    def supply(name: str, **facts: str) -> None:
        (tmp_path / name).mkdir()
        for fact, value in facts.items():
            (tmp_path / name / fact).write_text(f"{value}\n", "utf-8")

    assert charge_of(tmp_path) is None
    supply("AC", type="Mains", online="0")
    supply("mouse", type="Battery", status="Discharging", capacity="3", scope="Device")
    assert charge_of(tmp_path) is None
    supply("BAT0", type="Battery", status="Charging", capacity="10")
    assert charge_of(tmp_path) is None
    supply("BAT1", type="Battery", status="Discharging", capacity="64")
    supply("BAT2", type="Battery", status="Discharging", capacity="sixty")
    assert charge_of(tmp_path) == 64.0


def test_that_what_macos_prints_is_understood() -> None:
    drawn = "Now drawing from '{}'\n -InternalBattery-0 (id=1)\t{}; 2:10 remaining present: true\n"
    assert charge_told(drawn.format("Battery Power", "17%; discharging")) == 17.0
    assert charge_told(drawn.format("AC Power", "80%; charging")) is None
    assert charge_told("Now drawing from 'AC Power'\n") is None


@pytest.mark.parametrize(
    ("content", "rule"),
    [('{"keep_awake_during_transfers": false}', False), ('{"keep_awake_during_transfers": true}', True),
     ('{"keep_awake_during_transfers": "never"}', None), ("{}", None)],
)  # fmt: skip
def test_that_the_site_may_fix_it_either_way(tmp_path: Path, content: str, rule: bool | None) -> None:
    (tmp_path / SITE_FILE).write_text(content, "utf-8")
    assert site_rules(tmp_path).keep_awake is rule
