"""The program kept ready to be killed, for the tests that do so at exact instants."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.journey.mortal_program import Program


@pytest.fixture(scope="module")
def program() -> Iterator[Program]:
    program = Program()
    yield program
    program.close()
