"""A process that has the program loaded and forks it: many short lives of `readingroom sync` that do not start anew.

Run as ``python -m tests.journey.forked_program``. Stdin: a home and a number a line. For each line a child runs one
round on that home; where the number is N > 0 it kills itself right before its N-th durable step: a flush, a rename, a
removal of a file, and each commit twice, just before it and just after it. Stdout: ``pid``, and when the child has
ended ``ended`` with its wait status.
"""

from __future__ import annotations

import os
import signal
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from sqlalchemy import Connection

import sync.sync_round  # noqa: F401 - loaded once, not once a life
import workstation.commands.store_commands
import workstation.door.object_inspector  # noqa: F401
from sync.store.connection import Database
from workstation.cli import main


class DurableSteps:
    """Counts what reaches the disk, and ends the process with SIGKILL before the *last* of it."""

    def __init__(self, last: int) -> None:
        self._last = last
        self._done = 0
        self._lock = threading.Lock()

    def step(self) -> None:
        with self._lock:
            self._done += 1
            if self._done == self._last:
                os.kill(os.getpid(), signal.SIGKILL)

    def watch(self) -> None:
        """From now on, in this process."""
        for place, name in ((os, "fsync"), (Path, "rename"), (Path, "replace"), (Path, "unlink")):
            setattr(place, name, self._stepping(getattr(place, name)))
        commit = Database.writing
        steps = self

        @contextmanager
        def writing(database: Database) -> Iterator[Connection]:
            with commit(database) as connection:
                yield connection
                steps.step()
            steps.step()

        Database.writing = writing  # type: ignore[method-assign, assignment]

    def _stepping(self, deed: Callable[..., Any]) -> Callable[..., Any]:
        def stepping(*arguments: Any, **options: Any) -> Any:
            self.step()
            return deed(*arguments, **options)

        return stepping


def live(home: str, dies_at_step: int) -> int:
    with Path(os.devnull).open("w", encoding="utf-8") as nowhere:
        sys.stdout = sys.stderr = nowhere
        if dies_at_step:
            DurableSteps(dies_at_step).watch()
        return main(["sync", "--once", "--home", home, "--profile", "demo"])


def serve() -> None:
    for line in sys.stdin:
        home, _, number = line.rstrip("\n").rpartition(" ")
        told, tell = os.pipe()
        child = os.fork()
        if child == 0:
            status = 70
            try:
                os.read(told, 1)  # its number is known to who may want to kill it
                status = live(home, int(number))
            finally:
                os._exit(status)
        print("pid", child, flush=True)
        os.write(tell, b"!")
        os.close(told)
        os.close(tell)
        print("ended", os.waitpid(child, 0)[1], flush=True)


if __name__ == "__main__":
    serve()
