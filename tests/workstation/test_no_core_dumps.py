"""A crash of the program leaves no memory on the disk."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

CRASH = (
    "import ctypes, os, resource, sys; from workstation.cli import main;"
    "resource.setrlimit(resource.RLIMIT_CORE, (resource.getrlimit(resource.RLIMIT_CORE)[1],) * 2);"
    "main(['--home', sys.argv[1], 'cases']);"
    "print(resource.getrlimit(resource.RLIMIT_CORE), ctypes.CDLL(None).prctl(3, 0, 0, 0, 0), flush=True);"
    "os.abort()"
)


@pytest.mark.skipif(sys.platform != "linux", reason="Linux's switches")
def test_that_a_crash_writes_no_memory_to_the_disk(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-c", CRASH, str(tmp_path / "home")], capture_output=True, text=True, cwd=tmp_path
    )
    assert done.stdout.strip() == "(0, 0) 0", done.stderr
    assert done.returncode < 0
    assert not [path for path in tmp_path.rglob("*") if path.is_file() and path.name.startswith("core")]
