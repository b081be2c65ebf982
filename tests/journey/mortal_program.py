"""The program as something that can be killed from outside at an exact instant, and lives again at once."""

from __future__ import annotations

import os
import select
import signal
import subprocess
import sys
import threading
from pathlib import Path

from tests.journey.demo_place import ENVIRONMENT


class Program:
    """The program, ready to live again and again (`forked_program`)."""

    def __init__(self) -> None:
        root = Path(__file__).resolve().parents[2]
        command = [sys.executable, "-m", "tests.journey.forked_program"]
        self._server = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=ENVIRONMENT, cwd=root
        )
        self._pid = 0
        self._known = threading.Event()

    def live(self, home: Path, dies_at_step: int = 0) -> bool:
        """One round of sync; whether it was killed."""
        assert self._server.stdin is not None and self._server.stdout is not None
        self._known.clear()
        self._server.stdin.write(f"{home} {dies_at_step}\n")
        self._server.stdin.flush()
        self._pid = int(self._server.stdout.readline().split()[1])
        self._known.set()
        status = int(self._server.stdout.readline().split()[1])
        return os.WIFSIGNALED(status)

    def kill(self) -> None:
        """From another thread than that of `live`; returns when the process is gone."""
        assert self._known.wait(10)
        life = os.pidfd_open(self._pid)
        try:
            signal.pidfd_send_signal(life, signal.SIGKILL)
            assert select.select([life], [], [], 10)[0], "it outlived SIGKILL"
        finally:
            os.close(life)

    def close(self) -> None:
        assert self._server.stdin is not None and self._server.stdout is not None
        self._server.stdin.close()
        self._server.wait(20)
        self._server.stdout.close()
