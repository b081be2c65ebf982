"""The children that check files, from the program's side: kept warm, two at most, replaced one by one when they die.

A file that ends its child twice, or outstays its time, is at fault itself. Nothing a child does reaches further.
"""

from __future__ import annotations

import json
import logging
import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from contextlib import ExitStack, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

from viewers.pathology.memory_file import copy_into_memory
from viewers.pathology.plain_file import CopiedSource, NoPlainFile, PlainFile
from workstation.door.channel import ANSWER, CHECK, CONTENT, PLAIN, RANGE, RANGE_FORM, Channel, Overdue
from workstation.door.child_limits import MEMORY_BYTES
from workstation.door.lent_file import hand_over, make_handover, refuse
from workstation.door.ranged_source import FIRST_BYTES, WINDOW_BYTES, share_memory

log = logging.getLogger("door")

CHILDREN = 2
FILES_PER_CHILD = 5000
"""A library that loses memory with every file must not do so for ever."""
START_TIMEOUT_S = 60.0
PATIENCE_S = 0.5
"""A file waits this long for a child at work before another is started: to start one costs a quarter of a second of
both processors, in which hundreds of uncompressed images are checked."""
_ONE_THREAD = {"OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1"}
OBJECT_CHECK = "workstation.door.object_checks:check_object"


@dataclass(frozen=True, slots=True)
class Allowance:
    """What one file may take. A child that goes on decoding says so; silence is what ``silence_s`` limits."""

    silence_s: float = 30.0
    base_s: float = 60.0
    per_mb_s: float = 4.0
    """Of its size; JPEG 2000 decodes some 2 MB/s."""
    memory_bytes: int = MEMORY_BYTES

    def total_s(self, size_bytes: int) -> float:
        return self.base_s + self.per_mb_s * (size_bytes >> 20)


@dataclass(frozen=True, slots=True)
class Finding:
    """What a child found. ``facts["problem"]`` is the end of a sentence, or absent."""

    facts: dict[str, Any]
    blob: bytes = b""

    @property
    def problem(self) -> str:
        return str(self.facts.get("problem") or "")


class PoolClosed(Exception):
    """The pool was closed meanwhile, or no child can be started."""


class InspectionPool:
    """Starts a child when the first file comes. Safe to use from any thread; `check` blocks."""

    def __init__(self, children: int = CHILDREN, allowance: Allowance | None = None, check: str = OBJECT_CHECK) -> None:
        self._allowance = allowance or Allowance()
        self._check = check
        self._closed = False
        self._all = [_Place() for _ in range(children)]
        self._freed = threading.Condition()
        self._free = list(self._all)

    def check(
        self,
        source: CopiedSource,
        lend: Callable[[CopiedSource], PlainFile] = copy_into_memory,
        **request: Any,
    ) -> Finding:
        """What a child says of *source*; a file that cannot be checked has a problem. *lend* gives it unencrypted to a
        child that needs it so. Raises PoolClosed, and whatever reading *source* raises."""
        place = self._take_place()
        try:
            for attempt in (1, 2):
                if self._closed:
                    raise PoolClosed
                child = place.running(self._check, self._allowance.memory_bytes)
                try:
                    return self._ask(child, source, lend, request)
                except Overdue:
                    place.end()
                    log.info("a file was not checked in its time")
                    return Finding({"problem": "checking it took too long"})
                except (EOFError, OSError, ValueError) as error:
                    place.end()
                    if isinstance(error, _ReadFailed):
                        raise error.reason from error
                    log.info("a checking process ended (attempt %d)", attempt)
                except BaseException:
                    place.end()  # it waits for bytes that will not come
                    raise
            if self._closed:
                raise PoolClosed
            return Finding({"problem": "opening it made the program that checks it crash"})
        finally:
            if self._closed:
                place.end()
            with self._freed:
                self._free.append(place)
                self._freed.notify()

    def close(self) -> None:
        """End the children; a file being checked is given up, later ones are refused."""
        self._closed = True
        for place in self._all:
            place.kill()
        with self._freed:
            for place in self._free:  # the others are ended by the threads that use them
                place.end()

    def _take_place(self) -> _Place:
        """A place whose child is running and free; an empty one where there is no child, or none comes free soon."""
        with self._freed:
            until = time.monotonic() + PATIENCE_S
            while True:
                left_s = until - time.monotonic()
                nobody_runs = len(self._free) == len(self._all) and not any(place.is_taken for place in self._free)
                for place in reversed(self._free):
                    if place.is_taken or nobody_runs or left_s <= 0:
                        self._free.remove(place)
                        return place
                self._freed.wait(left_s if self._free else None)

    def _ask(
        self,
        child: _Child,
        source: CopiedSource,
        lend: Callable[[CopiedSource], PlainFile],
        request: dict[str, Any],
    ) -> Finding:
        size_bytes = source.size_bytes
        total_s = self._allowance.total_s(size_bytes)
        deadline = time.monotonic() + total_s
        try:
            file = source.open()
        except OSError as error:
            raise _ReadFailed(error) from error
        with file, ExitStack() as lent:
            first = min(size_bytes, FIRST_BYTES)
            held = child.lay_out(file, 0, first)
            head = {"name": source.name, "size_bytes": size_bytes, "first": first, "processor_s": total_s, **request}
            child.channel.send(CHECK, json.dumps(head).encode())
            if child.window is None:
                child.channel.send(CONTENT, held)
            while True:
                left = min(self._allowance.silence_s, deadline - time.monotonic())
                kind, body = child.channel.receive(left + (START_TIMEOUT_S if child.is_new else 0))
                child.is_new = False
                if kind == RANGE:
                    offset, length = RANGE_FORM.unpack(body)
                    child.channel.send(CONTENT, child.lay_out(file, offset, min(length, WINDOW_BYTES)))
                elif kind == PLAIN:
                    child.channel.send(PLAIN, _lend_to(child, source, lend, lent))
                elif kind == ANSWER:
                    child.files += 1
                    return _read_answer(body)


def _lend_to(child: _Child, source: CopiedSource, lend: Callable[[CopiedSource], PlainFile], lent: ExitStack) -> bytes:
    """What the child is told. The program's own handle is closed with *lent*, however the check ends."""
    try:
        plain = lend(source)
    except NoPlainFile as error:
        return refuse(str(error))
    except Exception as error:
        raise _ReadFailed(error) from error
    lent.callback(plain.close)
    return hand_over(plain, child.handover)


class _ReadFailed(OSError):
    """The file itself could not be read: no fault of the child's."""

    def __init__(self, reason: BaseException) -> None:
        super().__init__()
        self.reason = reason


def _read_answer(body: bytes) -> Finding:
    length = int.from_bytes(body[:4], "big")
    facts = json.loads(body[4 : 4 + length])
    if not isinstance(facts, dict):
        raise ValueError("no facts")
    return Finding(facts, body[4 + length :])


class _Place:
    """Where one child stands, or none yet."""

    def __init__(self) -> None:
        self._child: _Child | None = None

    @property
    def is_taken(self) -> bool:
        return self._child is not None

    def running(self, check: str, memory_bytes: int) -> _Child:
        if self._child is not None and (self._child.files >= FILES_PER_CHILD or self._child.has_ended):
            self.end()
        if self._child is None:
            try:
                self._child = _Child(check, memory_bytes)
            except OSError as error:
                raise PoolClosed from error
        return self._child

    def kill(self) -> None:
        """From any thread; the one that uses the child notices."""
        child = self._child
        if child is not None:
            child.process.kill()
            child.process.wait()

    def end(self) -> None:
        child, self._child = self._child, None
        if child is not None:
            child.end()


class _Child:
    def __init__(self, check: str, memory_bytes: int) -> None:
        shared = _make_window()
        handover, childs_end = make_handover()
        self.handover = handover
        passed = [shared] if shared >= 0 else []
        passed += [childs_end.fileno()] if childs_end is not None else []
        try:
            self.process = subprocess.Popen(
                [
                    sys.executable,
                    "-P",
                    "-m",
                    "workstation.door.inspection_child",
                    check,
                    str(memory_bytes),
                    str(shared),
                    str(-1 if childs_end is None else childs_end.fileno()),
                ],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                pass_fds=passed,
                env=_environment(),
                start_new_session=True,  # Ctrl+C is the program's; the child ends when its pipe does
            )
            self.window = share_memory(shared)
        finally:
            if shared >= 0:
                os.close(shared)
            if childs_end is not None:
                childs_end.close()
        assert self.process.stdin is not None and self.process.stdout is not None
        self.channel = Channel(self.process.stdout.fileno(), self.process.stdin.fileno())
        self.files = 0
        self.is_new = True

    @property
    def has_ended(self) -> bool:
        return self.process.poll() is not None

    def lay_out(self, file: BinaryIO, offset: int, size_bytes: int) -> bytes:
        """Bytes of *file* into the shared window, and their number; without a window the bytes themselves. Fewer than
        asked for only at its end."""
        try:
            file.seek(offset)
            if self.window is None:
                return file.read(size_bytes)
            return _read_into(file, memoryview(self.window)[:size_bytes]).to_bytes(4, "big")
        except Exception as error:
            raise _ReadFailed(error) from error

    def end(self) -> None:
        self.process.kill()
        self.process.wait()
        for pipe in (self.process.stdin, self.process.stdout):
            if pipe is not None:
                with suppress(OSError):
                    pipe.close()
        if self.window is not None:
            self.window.close()
        if self.handover is not None:
            self.handover.close()


def _read_into(file: BinaryIO, target: memoryview) -> int:
    read_into: Callable[[memoryview], int] = file.readinto  # type: ignore[attr-defined]
    with target:
        done = 0
        while done < len(target):
            with target[done:] as rest:
                count = read_into(rest)
            if not count:
                break
            done += count
        return done


def _make_window() -> int:
    """Memory without a name or a place on the disk, as a handle; -1 where the system has none such."""
    if sys.platform != "linux":
        return -1
    handle = os.memfd_create("readingroom", os.MFD_CLOEXEC)
    os.ftruncate(handle, WINDOW_BYTES)
    return handle


def _environment() -> dict[str, str]:
    """Only what an interpreter needs to start, and this program's place; no token, no address, no working folder."""
    kept = ("PATH", "LD_LIBRARY_PATH", "SYSTEMROOT", "VIRTUAL_ENV", "LANG", "LC_ALL")
    environment = {name: os.environ[name] for name in kept if name in os.environ}
    root = str(Path(__file__).resolve().parents[2])
    return {**environment, "PYTHONPATH": root, "PYTHONDONTWRITEBYTECODE": "1", **_ONE_THREAD}
