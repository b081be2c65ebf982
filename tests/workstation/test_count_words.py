"""A noun agrees with its number, everywhere in the program."""

from __future__ import annotations

import pytest

from workstation.count_words import counted, named


@pytest.mark.parametrize(("count", "words"), [(0, "0 images"), (1, "1 image"), (2, "2 images")])
def test_that_one_is_singular_and_everything_else_plural(count: int, words: str) -> None:
    assert counted(count, "image") == words


def test_that_irregular_words_are_given() -> None:
    assert (counted(1, "study", "studies"), counted(3, "study", "studies")) == ("1 study", "3 studies")
    assert (named(1, "is", "are"), named(2, "is", "are")) == ("is", "are")
