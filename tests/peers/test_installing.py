"""Setting up the real servers never hangs, leaves no process behind, and says in one sentence what could not be had."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.peers import installing
from tests.peers.installing import NotInstalled
from tests.peers.test_leash import wait_until


@pytest.fixture(autouse=True)
def own_place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    for name, path in {"PLACE": tmp_path / "place", "BIN": tmp_path / "place" / "bin"}.items():
        monkeypatch.setattr(installing, name, path)
    monkeypatch.setattr(installing, "STAMP", tmp_path / "place" / "stamp")
    monkeypatch.setattr(installing, "NODE_PACKAGES", tmp_path / "place" / "node")
    yield tmp_path


def program(folder: Path, name: str, script: str) -> None:
    path = folder / name
    path.write_text(f"#!/bin/sh\n{script}\n", "ascii")
    path.chmod(0o755)


def test_that_a_registry_that_does_not_answer_costs_its_time_and_no_more(own_place: Path) -> None:
    begun, told = time.monotonic(), own_place / "pid"
    with pytest.raises(NotInstalled) as problem:
        installing._run(["sh", "-c", "sleep 60 & echo $! > $TOLD; wait"], 3.0, "It is not given.", TOLD=str(told))
    assert str(problem.value) == "It is not given. (it took too long)"
    assert time.monotonic() - begun < 30
    wait_until(told, alive=False)


def test_that_a_failure_is_told_with_its_last_words() -> None:
    with pytest.raises(NotInstalled) as problem:
        installing._run(["sh", "-c", "echo first; echo no such package >&2; exit 3"], 10, "It is not given.")
    assert str(problem.value) == "It is not given. (no such package)"


def test_that_without_root_the_command_to_type_is_told(own_place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    program(own_place, "apt-get", "exit 1")
    monkeypatch.setenv("PATH", f"{own_place}{os.pathsep}{os.environ['PATH']}")
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    monkeypatch.setattr(installing, "missing_debian_packages", lambda: ["orthanc", "nginx-light"])
    with pytest.raises(NotInstalled) as problem:
        installing._install_debian_packages()
    assert "sudo apt-get install -y --no-install-recommends orthanc nginx-light" in str(problem.value)


def test_that_installing_starts_no_service(own_place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    policy = own_place / "policy-rc.d"
    monkeypatch.setattr(installing, "POLICY", policy)
    with installing._no_service_starts():
        assert os.access(policy, os.X_OK)
    assert not policy.exists()


def test_that_a_policy_of_the_machines_own_is_left_as_it_is(own_place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    program(own_place, "policy-rc.d", "exit 0")
    monkeypatch.setattr(installing, "POLICY", own_place / "policy-rc.d")
    with installing._no_service_starts():
        pass
    assert (own_place / "policy-rc.d").read_text("ascii").endswith("exit 0\n")


def test_that_one_thing_that_cannot_be_had_does_not_keep_the_others_away(monkeypatch: pytest.MonkeyPatch) -> None:
    done = []

    def refuse() -> None:
        raise NotInstalled("There is no such thing.")

    monkeypatch.setattr(installing, "_install_debian_packages", refuse)
    monkeypatch.setattr(installing, "_install_python_packages", lambda: done.append("python"))
    monkeypatch.setattr(installing, "_install_node_packages", lambda: done.append("node"))
    monkeypatch.setattr("sys.platform", "linux")
    assert installing.install_peers() == ["There is no such thing."]
    assert done == ["python", "node"]
