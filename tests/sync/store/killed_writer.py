"""A program of its own that writes until it is killed, telling each mark the moment it is acknowledged.

Run as ``python -m tests.sync.store.killed_writer DIRECTORY DELAY_MS…``: for each delay a child opens the store and
writes; after that many milliseconds from its first acknowledgement it gets SIGKILL. Stdout: one acknowledged id a line.
"""

from __future__ import annotations

import os
import signal
import sys
import threading
import time
from pathlib import Path

from sync.store.database import open_store
from tests.sync.sample_records import CASE, sample_revision


def write_until_killed(directory: Path, name: str, acknowledged: int) -> None:
    store = open_store(directory)
    writer = store.vault.begin(CASE)
    number = 0
    while True:
        store.annotations.append(sample_revision(f"{name}-{number}"))
        os.write(acknowledged, f"{name}-{number}\n".encode("ascii"))
        writer.write(os.urandom(30_000))
        number += 1


def main(directory: Path, delays_ms: list[float]) -> None:
    open_store(directory).close()  # loads the libraries once, not once a child
    for life, delay_ms in enumerate(delays_ms):
        reading, writing = os.pipe()
        child = os.fork()
        if child == 0:
            os.close(reading)
            try:
                write_until_killed(directory, f"life{life}", writing)
            finally:
                os._exit(1)
        os.close(writing)
        with os.fdopen(reading, "rb") as acknowledged:
            sys.stdout.write(acknowledged.readline().decode("ascii"))
            killer = threading.Thread(
                target=lambda pid=child, ms=delay_ms: (time.sleep(ms / 1000), os.kill(pid, signal.SIGKILL))
            )
            killer.start()
            for line in acknowledged:
                if line.endswith(b"\n"):
                    sys.stdout.write(line.decode("ascii"))
            killer.join()
        _, status = os.waitpid(child, 0)
        assert os.WIFSIGNALED(status), "the writer ended by itself"


if __name__ == "__main__":
    main(Path(sys.argv[1]), [float(delay) for delay in sys.argv[2:]])
