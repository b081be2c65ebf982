"""Which series of a folder a command takes, and what it says of those it leaves."""

from __future__ import annotations

from argparse import Namespace
from dataclasses import replace
from pathlib import Path

import pytest

from tests.workstation.reading.readings import series_item
from viewers.errors import OutOfRange
from viewers.radiology.frame import Series
from workstation.commands.image_commands import choose_series, other_parts
from workstation.local_files import LocalScan


def one(uid: str, description: str, part: int = 1, parts: int = 1) -> Series:
    return replace(series_item("1").series, series_uid=uid, description=description, part=part, parts=parts)


def asked(series: str | None = None, part: int | None = None) -> Namespace:
    return Namespace(path=Path("folder"), series=series, part=part)


NAMELESS = LocalScan(
    (one("", "first"), one("", "second"), one("1.2", "third", 1, 2), one("1.2", "fourth", 2, 2)), (), ()
)


def test_that_series_without_uid_are_listed_by_number_and_chosen_by_it() -> None:
    with pytest.raises(OutOfRange) as refused:
        choose_series(asked(), NAMELESS)
    _, *lines = str(refused.value).splitlines()
    assert [line.split()[0] for line in lines] == ["1", "2", "3"]
    assert "without UID" in lines[0] and "1.2" in lines[2] and "second" in lines[1]
    chosen = [choose_series(asked(number), NAMELESS).description for number in ("1", "2", "3")]
    assert chosen == ["first", "second", "third"]
    assert choose_series(asked("1.2", 2), NAMELESS).description == "fourth"
    for wrong in ("0", "4", "1.3", "²"):
        with pytest.raises(OutOfRange, match="holds no series"):
            choose_series(asked(wrong), NAMELESS)


def test_that_a_uid_that_looks_like_a_number_is_the_uid() -> None:
    scan = LocalScan((one("2", "first"), one("9", "second")), (), ())
    assert choose_series(asked("2"), scan).description == "first"


def test_that_parts_nobody_asked_about_are_named_with_the_option_that_chooses_them() -> None:
    first = choose_series(asked("1.2"), NAMELESS)
    assert other_parts(asked("1.2"), first) == " (part 1 of 2; --part chooses another)"
    assert other_parts(asked("1.2", 1), first) == ""
    assert other_parts(asked("1"), choose_series(asked("1"), NAMELESS)) == ""
