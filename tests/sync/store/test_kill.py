"""`kill -9` at any instant: every acknowledged mark is there, and the store opens."""

from __future__ import annotations

import random
import subprocess
import sys
from pathlib import Path

import pytest

from sync.store.database import open_store
from tests.sync.sample_records import CASE


@pytest.mark.skipif(sys.platform == "win32", reason="SIGKILL and fork are POSIX")
def test_that_every_acknowledged_mark_survives_ten_kills(tmp_path: Path) -> None:
    chosen = random.Random()
    delays_ms = [str(chosen.uniform(0, 60)) for _ in range(10)]
    done = subprocess.run(
        [sys.executable, "-m", "tests.sync.store.killed_writer", str(tmp_path / "demo"), *delays_ms],
        capture_output=True,
        text=True,
        check=False,
        cwd=Path(__file__).parents[3],
    )
    assert done.returncode == 0, done.stderr
    acknowledged = done.stdout.split()
    assert len({name.split("-")[0] for name in acknowledged}) == 10
    store = open_store(tmp_path / "demo")
    found = {mark.annotation_id for mark in store.annotations.list_current(CASE)}
    assert found >= set(acknowledged), f"lost with delays {delays_ms}"
    assert len(found) <= len(acknowledged) + 10  # at most one a life was written and not yet told
    assert store.audit.verify() is None
    assert list((tmp_path / "demo" / "vault").iterdir()) == []
    store.close()
