"""Of each asker only the latest wish is worked on, what is urgent first, and nothing after the end."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator

import pytest

from viewers.radiology.latest_work import LatestWork


class Held:
    """A worker whose thread is busy until `let_go`, so that what is asked meanwhile waits."""

    def __init__(self) -> None:
        self.worker = LatestWork("test")
        self.done: list[str] = []
        self._gate, self._busy, self._idle = threading.Event(), threading.Event(), threading.Event()
        self.worker.ask("gate", self._hold)
        assert self._busy.wait(10)

    def _hold(self) -> None:
        self._busy.set()
        self._gate.wait(10)

    def work(self, name: str) -> Callable[[], None]:
        return lambda: self.done.append(name)

    def let_go(self) -> None:
        self.worker.ask("last", self._idle.set, urgent=False)
        self._gate.set()
        assert self._idle.wait(10)


@pytest.fixture
def held() -> Iterator[Held]:
    busy = Held()
    yield busy
    busy.worker.close()


def test_that_only_the_latest_wish_of_an_asker_is_worked_on(held: Held) -> None:
    for name in ("a1", "a2", "a3"):
        held.worker.ask("a", held.work(name))
    held.worker.ask("b", held.work("b"), urgent=False)
    held.worker.ask("b", held.work("b, urgently"))
    held.let_go()
    assert held.done == ["a3", "b, urgently"]


def test_that_urgent_wishes_go_first_and_press_patient_work(held: Held) -> None:
    held.worker.ask("patient", held.work("patient"), urgent=False)
    assert not held.worker.is_pressed
    held.worker.ask("urgent", held.work("urgent"))
    assert held.worker.is_pressed
    held.let_go()
    assert held.done == ["urgent", "patient"]


def test_that_work_that_gave_up_comes_back_unless_its_asker_wants_something_else(held: Held) -> None:
    held.worker.ask_again("a", held.work("a again"))
    held.worker.ask("b", held.work("b anew"))
    held.worker.ask_again("b", held.work("b again"))
    held.let_go()
    assert held.done == ["b anew", "a again"]


def test_that_nothing_is_begun_after_the_end() -> None:
    worker = LatestWork("test")
    worker.close()
    worker.ask("a", lambda: pytest.fail("worked after the end"))
    worker.ask_again("a", lambda: pytest.fail("worked after the end"))
    assert worker.is_pressed
