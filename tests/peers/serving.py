"""Starting one real server for as long as a test needs it: on a free port, on a leash, its words in a file."""

from __future__ import annotations

import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

from tests.peers import leash

START_LIMIT_S = 40.0
END_LIMIT_S = 10.0
_KEPT_CHARACTERS = 1500


class PeerFailed(Exception):
    """A server ended, or did not answer in time; the text holds its last words."""


def free_port() -> int:
    """A port of loopback that nobody listens on now."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return int(listener.getsockname()[1])


def listens(port: int) -> Callable[[], bool]:
    def answered() -> bool:
        try:
            socket.create_connection(("127.0.0.1", port), 1).close()
        except OSError:
            return False
        return True

    return answered


@contextmanager
def running(
    name: str,
    command: Sequence[str | Path],
    folder: Path,
    ready: Callable[[], bool],
    environment: Mapping[str, str],
) -> Iterator[None]:
    """The server runs inside this block. *environment* is all it gets; its output lies in ``folder/name.log``."""
    log = folder / f"{name}.log"
    with log.open("wb") as told:
        child = subprocess.Popen(
            [sys.executable, leash.__file__, *map(str, command)], stdin=subprocess.PIPE, stdout=told, stderr=told,
            cwd=folder, env=dict(environment), start_new_session=True,
        )  # fmt: skip
    assert child.stdin is not None
    try:
        _await(name, child, ready, log)
        yield
    finally:
        child.stdin.close()
        try:
            child.wait(END_LIMIT_S)
        except subprocess.TimeoutExpired:
            child.kill()
            child.wait()


def _await(name: str, child: subprocess.Popen[bytes], ready: Callable[[], bool], log: Path) -> None:
    deadline = time.monotonic() + START_LIMIT_S
    while not ready():
        ended = child.poll() is not None
        if ended or time.monotonic() > deadline:
            said = log.read_text("utf-8", errors="replace")[-_KEPT_CHARACTERS:]
            raise PeerFailed(f"{name} {'ended at once' if ended else 'does not answer'}: {said}")
        time.sleep(0.05)
