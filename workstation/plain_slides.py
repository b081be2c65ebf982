"""Lends the slides of the vault, unencrypted, to the library that reads by path only: checked first, one copy for all.

In memory where that goes; else on the disk, where the site allows it, noted in the audit trail before it is done. What
is lent ends when its last borrower closes it. No Qt; usable from any thread.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from sync.audit import DONE, AuditAction
from sync.errors import StoreUnavailable
from sync.records.case import CaseId
from sync.site_rules import site_rules
from sync.vault.event_notes import note_event
from sync.vault.file_vault import VaultByteSource
from viewers.door.slide_passed import PASSED_OPENSLIDE
from viewers.errors import UnreadableFile, UnsupportedImage
from viewers.pathology.memory_file import copy_into_memory
from viewers.pathology.plain_file import Lend, NoPlainFile, OnCopied, OpeningGivenUp, PlainFile
from viewers.pathology.scratch_file import copy_to_scratch, sweep_scratch
from workstation.door.inspection_pool import InspectionPool, PoolClosed
from workstation.door.object_checks import FILE

if TYPE_CHECKING:
    from sync.store.database import Store
    from viewers.byte_source import ByteSource

log = logging.getLogger("ui.slides")

SCRATCH_FOLDER = "open-slides"
"""Below the profile; there only while a slide lies on the disk."""
CHECKED_FOR_S = 20.0
"""Of a slide that came when it could not be checked at the door: a reader waits for this, once."""
SLIDE_TYPE = "application/x-openslide"
"""Whatever the hospital called it: here it is opened as a slide."""
WOULD_OPEN = (
    "It would open if the site allowed such slides to lie unencrypted on this computer's disk while they are open."
)

OnStep = Callable[[str], None]
"""What is being done with the slide, in words; may raise `OpeningGivenUp`."""


class PlainSlides:
    """For one open store."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._gate = threading.Lock()
        self._copies: dict[str, _Copy] = {}
        self._checks: set[InspectionPool] = set()
        self._endings: set[threading.Thread] = set()
        self._round = 0

    def lender(self, case_id: CaseId, on_step: OnStep = lambda _words: None) -> Lend:
        """For slides of that case; *on_step* hears on the borrowing thread what takes time."""
        return partial(self._lend, case_id, on_step)

    def give_up(self) -> None:
        """What is being decrypted or checked at this moment is not opened any more: the window locks or closes."""
        with self._gate:
            self._round += 1
            checks = tuple(self._checks)
        for pool in checks:
            pool.close()

    def close(self) -> None:
        """The program ends: copies whose last borrower has gone are gone when this returns."""
        self.give_up()
        with self._gate:
            endings = tuple(self._endings)
        for thread in endings:
            thread.join()

    def _lend(self, case_id: CaseId, on_step: OnStep, source: ByteSource) -> PlainFile:
        if not isinstance(source, VaultByteSource):
            raise NoPlainFile(f"{source.name} is not a file of the encrypted store.")
        digest = source.sha256
        with self._gate:
            copy = self._copies.setdefault(digest, _Copy())
            copy.borrowers += 1
        try:
            with copy.being_made:
                if copy.plain is None:
                    copy.plain = self._make(case_id, on_step, source)
                plain = copy.plain
        except BaseException:
            self._give_back(case_id, digest)
            raise
        return PlainFile(
            plain.path, plain.lies_on_disk, plain.handle, on_close=lambda: self._give_back(case_id, digest)
        )

    def _give_back(self, case_id: CaseId, digest: str) -> None:
        """The last one ends the copy, on a thread of its own: freeing a gigabyte takes longer than a frame."""
        with self._gate:
            copy = self._copies[digest]
            copy.borrowers -= 1
            if copy.borrowers:
                return
            del self._copies[digest]
            if copy.plain is None:
                return
            ending = threading.Thread(target=self._end, args=(case_id, digest, copy.plain), name="plain-slide-end")
            self._endings.add(ending)
        ending.start()

    def _end(self, case_id: CaseId, digest: str, plain: PlainFile) -> None:
        plain.close()
        if plain.lies_on_disk:
            self._note(AuditAction.SLIDE_TAKEN_OFF_DISK, case_id, digest)
        with self._gate:
            self._endings.discard(threading.current_thread())

    def _make(self, case_id: CaseId, on_step: OnStep, source: VaultByteSource) -> PlainFile:
        begun_in = self._round
        told = -1

        def on_copied(done: int) -> None:
            nonlocal told
            self._go_on(begun_in, source)
            percent = 100 * done // max(1, source.size_bytes)
            if percent != told:
                told = percent
                on_step(f"decrypting it, {percent} %")

        self._go_on(begun_in, source)
        try:
            plain = copy_into_memory(source, on_copied)
        except NoPlainFile as error:
            plain = self._lay_on_disk(case_id, source, error, on_copied)
        try:
            self._check(case_id, on_step, source, plain, begun_in)
        except BaseException:
            plain.close()
            if plain.lies_on_disk:
                self._note(AuditAction.SLIDE_TAKEN_OFF_DISK, case_id, source.sha256)
            raise
        return plain

    def _go_on(self, begun_in: int, source: VaultByteSource) -> None:
        if self._round != begun_in:
            raise OpeningGivenUp(f"{source.name} was not opened: the window was closed or locked meanwhile.")

    def _lay_on_disk(
        self, case_id: CaseId, source: VaultByteSource, not_in_memory: NoPlainFile, on_copied: OnCopied
    ) -> PlainFile:
        if not site_rules(self._store.directory).slides_unencrypted_on_disk:
            raise NoPlainFile(f"{not_in_memory} {WOULD_OPEN}") from not_in_memory
        folder = self._store.directory / SCRATCH_FOLDER
        # Before it lies there: a trail that cannot be written keeps it from being laid open.
        detail = {"size_bytes": source.size_bytes}
        record = _record(source.sha256)
        self._store.audit.append(AuditAction.SLIDE_UNENCRYPTED_ON_DISK, case_id, record, DONE, detail)
        try:
            return copy_to_scratch(source, folder, on_copied)
        except BaseException:
            self._note(AuditAction.SLIDE_TAKEN_OFF_DISK, case_id, source.sha256)
            raise

    def _note(self, action: AuditAction, case_id: CaseId, digest: str) -> None:
        """The store may be locked by now; then it is entered when it is opened next."""
        audit = self._store.audit
        try:
            audit.append(action, case_id, _record(digest), DONE, {})
        except StoreUnavailable:
            note_event(self._store.directory, action, _record(digest), DONE, actor=audit.actor)

    def _check(
        self, case_id: CaseId, on_step: OnStep, source: VaultByteSource, plain: PlainFile, begun_in: int
    ) -> None:
        """Raises where a child that reads the slide first does not come through it. Once for each slide: the outcome
        is remembered, mostly from the day it arrived."""
        objects, digest = self._store.objects, source.sha256
        if objects.list_file_facts(case_id, [digest]).get(digest) == PASSED_OPENSLIDE:
            return
        on_step("checking it, once")
        pool = InspectionPool(1)
        with self._gate:
            self._checks.add(pool)
        try:
            self._go_on(begun_in, source)
            lent = PlainFile(plain.path, plain.lies_on_disk, plain.handle)  # closed by us, not by the check
            found = pool.check(
                source, lambda _source: lent, kind=FILE, content_type=SLIDE_TYPE, decode_for_s=CHECKED_FOR_S
            )
        except PoolClosed as error:
            self._go_on(begun_in, source)
            raise NoPlainFile(f"{source.name} cannot be checked on this computer at the moment.") from error
        finally:
            with self._gate:
                self._checks.discard(pool)
            pool.close()
        if found.problem:
            raise UnreadableFile(f"{source.name} is not opened: {found.problem}.")
        if found.blob != PASSED_OPENSLIDE:
            raise UnsupportedImage(
                str(found.facts.get("sentence") or f"{source.name} holds nothing that can be shown.")
            )
        objects.put_file_facts(case_id, digest, PASSED_OPENSLIDE)


@dataclass(slots=True)
class _Copy:
    """One slide, decrypted once. ``being_made`` is held meanwhile: who comes second waits for the same copy."""

    borrowers: int = 0
    plain: PlainFile | None = None
    being_made: threading.Lock = field(default_factory=threading.Lock)


def sweep_plain_slides(directory: Path) -> None:
    """At the start of the program, before anything is unlocked: what a killed one left unencrypted goes, and is noted.

    The caller holds the profile, so no other program has a slide open there.
    """
    removed = sweep_scratch(directory / SCRATCH_FOLDER)
    if removed:
        log.warning("%d slides that a program left on the disk were removed", removed)
        note_event(directory, AuditAction.SLIDE_TAKEN_OFF_DISK, f"{removed} left by a program that was ended", DONE)


def _record(digest: str) -> str:
    return f"slide:{digest}"
