"""Units on the image are those people write; the standard's codes are for the element browser."""

from __future__ import annotations

import pytest

from viewers.radiology.display_facts import VoiWindow
from viewers.radiology.stack_words import window_text
from viewers.radiology.unit_words import unit_words


@pytest.mark.parametrize(
    ("unit", "words"),
    [("GML", "g/ml"), ("BQML", "Bq/ml"), ("CNTS", "counts"), ("HU", "HU"), ("SUVbw g/ml", "SUVbw g/ml"), ("", "")],
)
def test_that_a_unit_is_written_as_people_write_it(unit: str, words: str) -> None:
    assert unit_words(unit) == words
    voi = VoiWindow(1.8, 3.6)
    assert window_text(voi, unit).endswith(f" {words}" if words else "3.6")
