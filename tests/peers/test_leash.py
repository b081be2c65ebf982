"""A server on the leash, and everything it ever started, ends with whoever started it."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.peers import leash

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="real servers run on Linux only")

SLIPPERY = """
import os, pathlib, sys, time
# What daemons do: twice forked, in a session of its own, deaf to hang-ups.
if os.fork() == 0:
    os.setsid()
    if os.fork() == 0:
        pathlib.Path(sys.argv[1]).write_text(str(os.getpid()))
        time.sleep(120)
    os._exit(0)
time.sleep(120)
"""
HOLDER = """
import subprocess, sys, time
child = subprocess.Popen([sys.executable, *sys.argv[1:]], stdin=subprocess.PIPE, start_new_session=True)
time.sleep(120)
"""


def is_alive(pid: int) -> bool:
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except OSError:
        return False
    return state != "Z"


def wait_until(told: Path, alive: bool) -> int:
    deadline = time.monotonic() + 15
    while time.monotonic() < deadline:
        if told.is_file() and told.read_text() and is_alive(int(told.read_text())) is alive:
            return int(told.read_text())
        time.sleep(0.02)
    raise AssertionError("it started late" if alive else "it lives on")


def test_that_nothing_outlives_a_holder_who_lets_go(tmp_path: Path) -> None:
    told = tmp_path / "pid"
    command = [sys.executable, leash.__file__, sys.executable, "-c", SLIPPERY, str(told)]
    with subprocess.Popen(command, stdin=subprocess.PIPE) as held:
        wait_until(told, alive=True)
        assert held.stdin is not None
        held.stdin.close()
        held.wait(15)
    wait_until(told, alive=False)


def test_that_nothing_outlives_a_holder_who_is_killed(tmp_path: Path) -> None:
    told = tmp_path / "pid"
    command = [sys.executable, "-c", HOLDER, leash.__file__, sys.executable, "-c", SLIPPERY, str(told)]
    with subprocess.Popen(command) as holder:
        wait_until(told, alive=True)
        os.kill(holder.pid, signal.SIGKILL)
    wait_until(told, alive=False)
