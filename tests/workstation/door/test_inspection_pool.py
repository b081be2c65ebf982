"""Whatever a foreign file does to the process that opens it, the program goes on and the file gets its reason."""

from __future__ import annotations

import io
import os
import socket
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

import pytest

from workstation.door import inspection_pool
from workstation.door.inspection_pool import Allowance, Finding, InspectionPool, PoolClosed

CHECK = "tests.workstation.door.hostile_checks:check"
CRASHED = "opening it made the program that checks it crash"
IMPATIENT = Allowance(silence_s=1.0, base_s=3.0, per_mb_s=0.0)


@dataclass
class Bytes:
    content: bytes
    name: str = "CT 7"

    @property
    def size_bytes(self) -> int:
        return len(self.content)

    def open(self) -> BinaryIO:
        return io.BytesIO(self.content)


@pytest.fixture
def pool() -> Iterator[InspectionPool]:
    pool = InspectionPool(1, check=CHECK)
    yield pool
    pool.close()


def check(pool: InspectionPool, content: bytes, **request: Any) -> Finding:
    return pool.check(Bytes(content), **request)


def test_that_a_warm_child_checks_one_file_after_the_other(pool: InspectionPool) -> None:
    first, second = check(pool, b"g one"), check(pool, b"g another")
    assert (first.facts["bytes"], second.facts["bytes"]) == (5, 9)
    assert first.facts["pid"] == second.facts["pid"] != os.getpid()
    assert first.blob == b"blob"


@pytest.mark.parametrize("size_bytes", [1, 64 << 10, (64 << 10) + 1, 4 << 20, (9 << 20) + 17])
def test_that_the_child_reads_every_byte_of_a_file_of_any_size(pool: InspectionPool, size_bytes: int) -> None:
    assert check(pool, b"g" * size_bytes).facts["bytes"] == size_bytes


@pytest.mark.parametrize("size_bytes", [0, 1, (64 << 10) + 1, (9 << 20) + 17])
def test_that_it_reads_the_same_where_memory_cannot_be_shared(monkeypatch: pytest.MonkeyPatch, size_bytes: int) -> None:
    """As on Windows and macOS: everything through the pipe."""
    monkeypatch.setattr(inspection_pool, "_make_window", lambda: -1)
    pool = InspectionPool(1, check=CHECK)
    try:
        if size_bytes:
            assert check(pool, b"g" * size_bytes).facts["bytes"] == size_bytes
        else:
            assert "IndexError" in check(pool, b"").problem, "this check reads a first byte; an empty file has none"
    finally:
        pool.close()


def test_that_a_crash_costs_one_child_and_the_file_its_place(pool: InspectionPool) -> None:
    before = check(pool, b"g").facts["pid"]
    assert check(pool, b"c").problem == CRASHED
    after = check(pool, b"g").facts["pid"]
    assert after != before


def test_that_an_error_nobody_foresaw_is_named_without_what_the_file_holds(pool: InspectionPool) -> None:
    before = check(pool, b"g").facts["pid"]
    assert check(pool, b"r").problem == "opening it failed in an unforeseen way (KeyError)"
    assert check(pool, b"g").facts["pid"] == before


def test_that_a_file_is_not_blamed_for_a_child_that_was_killed_under_it(pool: InspectionPool) -> None:
    pid = check(pool, b"g").facts["pid"]
    os.kill(pid, 9)
    assert not check(pool, b"g").problem


@pytest.mark.parametrize("content", [b"h", b"b"])
def test_that_a_file_that_never_ends_is_given_up_in_its_time(content: bytes) -> None:
    pool = InspectionPool(1, IMPATIENT, CHECK)
    try:
        check(pool, b"g")
        began = time.monotonic()
        assert check(pool, content).problem == "checking it took too long"
        assert time.monotonic() - began < 10
        assert not check(pool, b"g").problem
    finally:
        pool.close()


def test_that_a_child_that_goes_on_decoding_is_not_taken_for_hung() -> None:
    pool = InspectionPool(1, Allowance(silence_s=1.0, base_s=30.0), CHECK)
    try:
        check(pool, b"g")
        assert not check(pool, b"s").problem
    finally:
        pool.close()


def test_that_a_file_that_fills_the_memory_is_turned_away(pool: InspectionPool) -> None:
    assert check(pool, b"m").problem == "it needs too much memory"
    assert not check(pool, b"g").problem


def test_that_the_child_has_no_network(pool: InspectionPool) -> None:
    with socket.socket() as server:
        server.bind(("127.0.0.1", 0))
        server.listen()
        assert check(pool, b"n", port=server.getsockname()[1]).facts["network"] is False


def test_that_the_child_writes_no_file(pool: InspectionPool, tmp_path: Path) -> None:
    assert check(pool, b"w", path_to_write=str(tmp_path / "leak")).facts["written"] is False


def test_that_what_a_library_prints_is_not_taken_for_an_answer(pool: InspectionPool) -> None:
    assert check(pool, b"o").facts["bytes"] == 1


def test_that_a_file_that_cannot_be_read_back_is_not_called_bad(pool: InspectionPool) -> None:
    class Gone(Bytes):
        def open(self) -> BinaryIO:
            raise FileNotFoundError(2, "gone")

    class Broken(io.BytesIO):
        def readinto(self, buffer: Any) -> int:
            raise KeyError("the disk's fault")

    class Breaking(Bytes):
        def open(self) -> BinaryIO:
            return Broken(self.content)

    with pytest.raises(FileNotFoundError):
        pool.check(Gone(b"g"))
    with pytest.raises(KeyError):
        pool.check(Breaking(b"g"))
    assert not check(pool, b"g").problem


def test_that_closing_ends_every_child_and_gives_up_what_is_being_checked(pool: InspectionPool) -> None:
    pid = check(pool, b"g").facts["pid"]
    with ThreadPoolExecutor(2) as threads:
        waiting = [threads.submit(check, pool, b"h") for _ in range(2)]
        threading.Event().wait(0.2)
        pool.close()
        for one in waiting:
            with pytest.raises(PoolClosed):
                one.result(10)
    with pytest.raises(PoolClosed):
        check(pool, b"g")
    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)
