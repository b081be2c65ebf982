"""The reader's own windows: kept by kind of image, in the order of their keys, and back as they were."""

from __future__ import annotations

import pytest

from viewers.radiology.display_facts import VoiFunction, VoiWindow
from viewers.radiology.own_windows import OwnWindows


def saved(windows: OwnWindows, *names: str) -> list[str]:
    return [windows.save("CT", "HU", name, VoiWindow.make(40 + n, 400)) for n, name in enumerate(names)]


def test_that_windows_are_kept_by_kind_and_come_back_as_they_were() -> None:
    kept: list[str] = []
    windows = OwnWindows(kept.append)
    windows.save("CT", "HU", "  My   liver ", VoiWindow.make(70.5, 150, VoiFunction.SIGMOID))
    windows.save("MR", "", "Bright", VoiWindow.make(900, 300))
    again = OwnWindows()
    again.read(kept[-1])
    (liver,) = again.list_for("CT", "HU")
    assert (liver.name, liver.window) == ("My liver", VoiWindow(70.5, 150, VoiFunction.SIGMOID, "My liver"))
    assert [own.name for own in again.list_for("MR", "")] == ["Bright"] and again.list_for("CT", "") == ()


def test_that_a_name_is_taken_once_and_nine_are_all() -> None:
    windows = OwnWindows()
    saved(windows, *"abcdefghi")
    assert windows.save("CT", "HU", "j", VoiWindow.make(1, 2)) == "There are 9 already: delete one first (Del)."
    assert windows.save("CT", "HU", "A", VoiWindow.make(1, 2)) == ""
    assert [own.name for own in windows.list_for("CT", "HU")] == list("Abcdefghi")
    assert windows.save("CT", "HU", "  ", VoiWindow.make(1, 2)) == "Give the window a name first."
    windows.remove("CT", "HU", "b")
    assert [own.name for own in windows.list_for("CT", "HU")] == list("Acdefghi")


@pytest.mark.parametrize(
    "text",
    ["", "[]", "{", '{"CT HU": [["a", 1]]}', '{"CT HU": [["a", NaN, 1, "LINEAR"]]}', '{"CT HU": [["a", 1, 1, "X"]]}'],
)
def test_that_damaged_windows_are_none(text: str) -> None:
    windows = OwnWindows()
    windows.read(text)
    assert windows.list_for("CT", "HU") == ()
