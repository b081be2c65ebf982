"""What may still be taken is what the tightest limit leaves: the computer's, or that of any group above the program."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from viewers.pathology.free_memory import free_memory_bytes

GB = 1 << 30


def computer(folder: Path, available_kib: int | None, membership: str) -> Path:
    proc = folder / "proc"
    (proc / "self").mkdir(parents=True)
    line = "" if available_kib is None else f"MemAvailable: {available_kib} kB\n"
    (proc / "meminfo").write_text(f"MemTotal: 99999999 kB\n{line}")
    (proc / "self" / "cgroup").write_text(membership)
    return proc


def group(folder: Path, names: tuple[str, str, str], limit: str, used: int, files: int) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / names[0]).write_text(f"{limit}\n")
    (folder / names[1]).write_text(f"{used}\n")
    (folder / "memory.stat").write_text(f"anon 1\n{names[2]} {files}\n")


V2 = ("memory.max", "memory.current", "inactive_file")
V1 = ("memory.limit_in_bytes", "memory.usage_in_bytes", "total_inactive_file")


def test_that_without_limits_it_is_what_the_computer_has(tmp_path: Path) -> None:
    proc = computer(tmp_path, 4 << 20, "0::/user/program\n")
    group(tmp_path / "groups" / "user", V2, "max", GB, 0)
    assert free_memory_bytes(proc, tmp_path / "groups") == 4 * GB


def test_that_a_group_far_above_counts_and_pages_of_files_are_given_back(tmp_path: Path) -> None:
    proc = computer(tmp_path, 64 << 20, "0::/user/program\n")
    group(tmp_path / "groups" / "user", V2, str(4 * GB), 3 * GB, GB)
    group(tmp_path / "groups" / "user" / "program", V2, str(8 * GB), GB, 0)
    assert free_memory_bytes(proc, tmp_path / "groups") == 2 * GB


def test_that_the_older_groups_count_too(tmp_path: Path) -> None:
    proc = computer(tmp_path, 64 << 20, "9:name=systemd:/\n4:cpu,memory:/box\n0::/\n")
    group(tmp_path / "groups" / "memory" / "box", V1, str(2 * GB), 3 * GB, 0)
    assert free_memory_bytes(proc, tmp_path / "groups") == 0


@pytest.mark.parametrize("membership", ["", "nonsense\n", "0::/../../elsewhere\n"])
def test_that_what_cannot_be_read_is_no_limit(tmp_path: Path, membership: str) -> None:
    assert free_memory_bytes(computer(tmp_path, None, membership), tmp_path / "groups") is None


@pytest.mark.skipif(sys.platform != "linux", reason="Linux says it in /proc")
def test_that_this_computer_says_something_believable() -> None:
    free_bytes = free_memory_bytes()
    assert free_bytes is not None and 0 <= free_bytes < 1 << 50
