"""A home and a running demo hospital for tests of the whole program: built once, copied for each test."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

ENVIRONMENT = {**os.environ, "QT_QPA_PLATFORM": "offscreen", "PYTHONUNBUFFERED": "1"}


@contextmanager
def serving(state: Path, data: Path | None = None) -> Iterator[dict[str, Any]]:
    """The demo hospital on *state* in a process of its own; yields what it announces."""
    command = [sys.executable, "-m", "workstation", "hospital", "serve", "--port", "0", "--state", str(state)]
    command += ["--stop-with-stdin"] + (["--data", str(data)] if data else [])
    child = subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, env=ENVIRONMENT
    )
    assert child.stdin is not None and child.stdout is not None
    try:
        line = child.stdout.readline()
        assert line, "the hospital ended before it answered"
        yield json.loads(line)
    finally:
        child.stdin.close()
        child.stdout.close()
        child.wait(20)


def point_profile(home: Path, announced: dict[str, Any]) -> None:
    """Make the profile "demo" below *home* talk to that hospital."""
    from workstation.demo_mode import DemoAccount, write_demo_profile

    write_demo_profile(home, DemoAccount(**announced))


def copy_place(source: Path, target: Path) -> None:
    """Copy a home; what never changes (images, vault files) is linked, databases are copied."""

    def link_or_copy(old: str, new: str) -> None:
        if old.endswith((".dcm", ".svs", ".rre", ".tiff")) or "/vault/" in old:
            os.link(old, new)
        else:
            shutil.copy2(old, new)

    shutil.copytree(source, target, copy_function=link_or_copy)


def drive(home: Path, scenario: str, *arguments: str, **options: Any) -> subprocess.Popen[str]:
    """Start the workstation on *home* in a process of its own, doing *scenario* by hand (see `driver`)."""
    command = [sys.executable, "-m", "tests.journey.driver", str(home), scenario, *arguments]
    root = Path(__file__).resolve().parents[2]
    return subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=ENVIRONMENT, cwd=root, **options)


def told(child: subprocess.Popen[str], word: str) -> str:
    """Wait until *child* prints a line that begins with *word*; the rest of that line."""
    assert child.stdout is not None
    lines = []
    for line in child.stdout:
        if line.startswith(word):
            return line[len(word) :].strip()
        lines.append(line)
    raise AssertionError(f"the program ended before it said {word!r}: {''.join(lines)[-2000:]}")
