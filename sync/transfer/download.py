"""Fetching the planned files of all cases, four at a time, through the door into the vault.

One file that is refused or damaged does not stop the others; a hospital that cannot be reached, or a full disk, does.
"""

from __future__ import annotations

import shutil
import threading
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from typing import TYPE_CHECKING

from sync.errors import (
    DamagedTransfer,
    DoorClosed,
    ForeignObject,
    HospitalBusy,
    NotAdmitted,
    Offline,
    SignInNeeded,
    StoreUnavailable,
    SyncError,
)
from sync.fhir.records_mapping import inline_content
from sync.records.case import Case, CaseId, Document, ImagingStudy
from sync.records.stored_object import Integrity, RejectedObject, StoredObject
from sync.store.arrival_store import Arrival
from sync.transfer.batch_gate import BatchGate
from sync.transfer.checked_writer import CheckedPlace
from sync.transfer.checkpoint import VaultPlace
from sync.transfer.control import TransferControl
from sync.transfer.disk_room import check_room
from sync.transfer.door import InstanceFacts, ObjectInspector, admit_instance
from sync.transfer.file_download import FetchedFile, download_file
from sync.transfer.group_commit import GroupCommit
from sync.transfer.holds import are_all_paused, find_holds
from sync.transfer.hospital import Hospital
from sync.transfer.plan import (
    Batch,
    Urgency,
    WantedInstance,
    count_bytes,
    count_files,
    instance_title,
    list_study,
    missing_instances,
    next_batch,
    note_fetched,
    note_turned_away,
    plan_case,
    promise_of,
)
from sync.transfer.progress import ProgressCounter, SyncStage
from sync.transfer.retry import Cancelled, TransferCancelled, check_cancelled, with_retries

if TYPE_CHECKING:
    from sync.store.database import Store

SIMULTANEOUS = 4
_AT_WORK = SIMULTANEOUS + 1
"""Instances under way: four on the line while one is checked and written. More only wait for the same processors."""
DICOM = "application/dicom"
OPEN_CASE_KEY = "open_case"
"""Session key under which the window notes the case that the reader has open."""

DisplayFacts = Callable[[Case, tuple[StoredObject, ...]], bytes]
"""What a viewer wants to remember of a complete series, worked out once when it has arrived; opaque here."""

_LOOK_AT_DISK_BYTES = 64 * 1024 * 1024
_ENDING = (Offline, SignInNeeded, StoreUnavailable, DoorClosed)
"""Failures that the next file would meet as well. A fault of the hospital's own may lie in one file only."""


@dataclass
class DownloadTally:
    """What a round fetched. ``ended_by`` is the failure that stopped it before its end."""

    objects_fetched: int = 0
    rejected: int = 0
    problems: list[str] = field(default_factory=list)
    ended_by: SyncError | None = None


class CaseDownloads:
    """Downloads for one sync round. Blocks; call `run` once."""

    def __init__(
        self,
        store: Store,
        hospital: Hospital,
        progress: ProgressCounter,
        *,
        cancelled: Cancelled,
        inspector: ObjectInspector,
        facts: DisplayFacts | None = None,
        control: TransferControl | None = None,
    ) -> None:
        self._store = store
        self._hospital = hospital
        self._progress = progress
        self._cancelled = cancelled
        self._inspector = inspector
        self._facts = facts
        self._lock = threading.Lock()
        self._control = control or TransferControl()
        self._free_bytes = self._control.free_bytes or (lambda: shutil.disk_usage(store.directory).free)
        self._unchecked_bytes = 0
        self._arrivals = GroupCommit(store.arrivals.keep, lambda arrival: self._note_kept(arrival.obj))
        self._lines = threading.BoundedSemaphore(SIMULTANEOUS)
        self._tally = DownloadTally()

    def run(self, cases: Iterable[Case]) -> DownloadTally:
        """Everything that is missing, in the order of `next_batch`; the open case is asked for anew each time."""
        self._control.take_holds(find_holds(self._store), all_paused=are_all_paused(self._store))
        batches: list[Batch] = []
        for case in cases:
            planned = plan_case(self._store, case)
            if planned:
                self._control.forget_failures(case.case_id)
            self._progress.set_case(case.case_id, *count_files(self._store, case))
            batches += planned
        with self._control.interrupting(self._hospital.interrupt):
            while (batches := [batch for batch in batches if self._may_be_fetched(batch)]) and not self._is_over():
                batch = next_batch(batches, self._open_case())
                batches.remove(batch)
                self._progress.enter(SyncStage.DOWNLOADING, batch.case.case_id)
                if not self._fetch(batch, frozenset(waiting.case.case_id for waiting in batches)):
                    rest = [waiting for waiting in batches if waiting.case.case_id != batch.case.case_id]
                    batches = [*rest, *plan_case(self._store, batch.case)]
        return self._tally

    def _may_be_fetched(self, batch: Batch) -> bool:
        if self._control.is_paused or self._control.held(batch.case.case_id) is not None:
            return False
        return batch.urgency is Urgency.DOCUMENTS or not self._control.images_wait_for_network

    def _fetch(self, batch: Batch, others: frozenset[CaseId]) -> bool:
        """False where it gave way to a case that was opened meanwhile."""
        gate = self._gate = BatchGate(
            batch.case.case_id, others, self._control, self._open_case, self._is_over,
            has_images=batch.urgency is not Urgency.DOCUMENTS,
        )  # fmt: skip
        if batch.study is None:
            self._fetch_documents(batch.case, batch.documents)
        else:
            self._fetch_study(batch.case, batch.study)
        return gate.is_shut() or not gate.gives_way()

    def _open_case(self) -> str | None:
        return self._store.session.find(OPEN_CASE_KEY)

    def _count(self, case: Case) -> None:
        self._progress.set_case(case.case_id, *count_files(self._store, case), *count_bytes(self._store, case))

    def _is_over(self) -> bool:
        return self._tally.ended_by is not None or self._cancelled()

    def _arrived(self, case_id: CaseId, count: int) -> None:
        """After every piece: counted, held back where a limit is set, and the disk looked at now and then."""
        self._progress.bytes_arrived(case_id, count)
        self._control.bandwidth.came(count, self._gate.is_shut)
        with self._lock:
            self._unchecked_bytes += count
            is_due = self._unchecked_bytes >= _LOOK_AT_DISK_BYTES
            if is_due:
                self._unchecked_bytes = 0
        if is_due:
            check_room("", 0, self._free_bytes(), self._control.reserve_bytes)

    def _fetch_documents(self, case: Case, documents: tuple[Document, ...]) -> None:
        self._count(case)
        self._work_through(case, [partial(self._fetch_document, case, document) for document in documents])

    def _fetch_study(self, case: Case, study: ImagingStudy) -> None:
        archive = self._hospital.archive(study.dicomweb_base)

        def list_it() -> None:
            with_retries(lambda: list_study(self._store, archive, case.case_id, study), self._gate.is_shut)

        self._work_through(case, [list_it])
        accept_key = f"accept:{study.dicomweb_base}"
        archive.accept = remembered = self._store.session.find(accept_key) or archive.accept
        if self._gate.must_stop():
            return
        wanted = missing_instances(self._store, case.case_id, study)
        if wanted:
            self._count(case)
        outstanding: dict[str, int] = {}
        for instance in wanted:
            outstanding[instance.series_uid] = outstanding.get(instance.series_uid, 0) + 1
        for expected in self._store.objects.list_expected(case.case_id):
            if expected.source == study.reference and expected.series_uid not in outstanding:
                self._keep_facts(case, study, expected.series_uid)

        def fetch(instance: WantedInstance) -> None:
            try:
                self._fetch_instance(case, study, instance)
            finally:
                with self._lock:
                    outstanding[instance.series_uid] -= 1
                    is_last = outstanding[instance.series_uid] == 0
            if is_last:
                self._arrivals.wait()
                self._keep_facts(case, study, instance.series_uid)

        self._work_through(case, [partial(fetch, instance) for instance in wanted], _AT_WORK)
        if archive.accept != remembered:
            self._store.session.put(accept_key, archive.accept)

    def _work_through(self, case: Case, jobs: list[Callable[[], None]], workers: int = SIMULTANEOUS) -> None:
        """Runs the jobs, four at a time, in order of starting; a failure that would meet every job ends the round."""
        with ThreadPoolExecutor(min(workers, max(1, len(jobs))), thread_name_prefix="transfer") as pool:
            for outcome in [pool.submit(self._attempt, case, job) for job in jobs]:
                outcome.result()

    def _attempt(self, case: Case, job: Callable[[], None]) -> None:
        if self._gate.must_stop():
            return
        try:
            job()
        except TransferCancelled:
            return
        except SyncError as error:
            if self._gate.is_shut() and isinstance(error, Offline):
                return  # the line was broken off on purpose
            if not isinstance(error, Offline):  # that is no failure of this case: it goes on by itself
                self._control.note_failure(case.case_id, str(error))
            with self._lock:
                asks_for_pause = isinstance(error, HospitalBusy) and error.retry_after_s is not None
                if asks_for_pause or isinstance(error, _ENDING):
                    self._tally.ended_by = self._tally.ended_by or error
                else:
                    self._tally.problems.append(str(error))

    def _fetch_document(self, case: Case, document: Document) -> None:
        promised = promise_of(self._store, document)
        where = VaultPlace(self._store, case.case_id, document.reference, document.url)
        missing_bytes = max(0, (document.size_bytes or 0) - where.bytes_here())
        check_room(document.title, missing_bytes, self._free_bytes(), self._control.reserve_bytes)
        place = CheckedPlace(where, self._inspector, document.title, document.content_type)

        def fetch() -> FetchedFile:
            if not document.url:
                return self._keep_inline(document, place)
            return download_file(
                promised,
                self._hospital.files,
                place,
                on_bytes=lambda count: self._arrived(case.case_id, count),
                cancelled=self._gate.must_stop,
            )

        try:
            fetched = with_retries(fetch, self._gate.must_stop)
        except (DamagedTransfer, NotAdmitted) as error:
            self._turn_away(case, document.reference, document.version_id, document.title, error)
            return
        obj = StoredObject(
            case.case_id, document.reference, fetched.sha256, fetched.size_bytes, document.content_type,
            document.title, fetched.integrity, self._now(),
        )  # fmt: skip
        self._keep(obj, place.facts.display_facts)
        note_fetched(self._store, case.case_id, document)
        place.forget()

    def _keep_inline(self, document: Document, place: CheckedPlace) -> FetchedFile:
        """A file that travelled inside its resource needs no further question to the hospital."""
        resource = self._store.cases.find_resource(document.reference.partition("#")[0]) or {}
        content = inline_content(resource)
        if content is None:
            raise ForeignObject(f"“{document.title}” has neither an address nor a content.")
        writer = place.begin()
        try:
            writer.write(content)
            return FetchedFile(writer.commit(), len(content), Integrity.LENGTH)
        finally:
            writer.abort()  # harmless after commit

    def _fetch_instance(self, case: Case, study: ImagingStudy, wanted: WantedInstance) -> None:
        title = instance_title(wanted.sop_instance_uid)
        archive = self._hospital.archive(study.dicomweb_base)

        def fetch() -> Arrival:
            writer = self._store.vault.begin(case.case_id)

            def write(chunk: bytes) -> None:
                check_cancelled(self._gate.is_shut)
                writer.write(chunk)
                self._arrived(case.case_id, len(chunk))

            try:
                with self._lines:
                    reply = archive.fetch_instance(study.study_uid, wanted.series_uid, wanted.sop_instance_uid, write)
                if reply.sha256 not in (None, writer.sha256):
                    raise DamagedTransfer(f"{title} is not the one whose digest the hospital named.")
                is_proven = reply.sha256 is not None
                facts = self._inspector.inspect(writer.sealed(title))
                mismatch = self._admit(facts, case, study, wanted, framed=reply.framed or is_proven)
                entry = writer.flush()
            finally:
                writer.abort()  # harmless after flush; nothing stays of what was not admitted
            obj = StoredObject(
                case.case_id, study.reference, entry.sha256, entry.size_bytes, DICOM, title,
                Integrity.SHA256 if is_proven else Integrity.STRUCTURE, self._now(),
                study.study_uid, wanted.series_uid, wanted.sop_instance_uid, mismatch,
            )  # fmt: skip
            return Arrival(entry, obj, facts.display_facts)

        try:
            arrival = with_retries(fetch, self._gate.is_shut)
        except ForeignObject as error:
            self._turn_away(case, study.reference, study.version_id, title, error)
            return
        self._arrivals.take(arrival)

    def _admit(
        self, facts: InstanceFacts, case: Case, study: ImagingStudy, wanted: WantedInstance, framed: bool
    ) -> str:
        try:
            return admit_instance(
                facts, case.patient, framed=framed,
                study_uid=study.study_uid, series_uid=wanted.series_uid, sop_uid=wanted.sop_instance_uid,
            )  # fmt: skip
        except DamagedTransfer as error:
            if not framed:
                raise
            # The reply was whole, so the hospital's own object is damaged: asking again brings the same.
            raise ForeignObject(str(error)) from error

    def _keep(self, obj: StoredObject, display_facts: bytes) -> None:
        self._store.objects.put_object(obj, display_facts)
        self._note_kept(obj)

    def _note_kept(self, obj: StoredObject) -> None:
        with self._lock:
            self._tally.objects_fetched += 1
            if obj.patient_mismatch:
                # Whose it is says the case itself: a report ends up in logs.
                self._tally.problems.append(f"Case {obj.case_id}: an image names another patient; the case says whom.")
        self._progress.file_done(obj.case_id)

    def _turn_away(self, case: Case, source: str, version_id: str, title: str, error: SyncError) -> None:
        self._store.objects.put_rejected(RejectedObject(case.case_id, source, title, str(error), self._now()))
        note_turned_away(self._store, case.case_id, source, version_id)
        with self._lock:
            self._tally.rejected += 1
            self._tally.problems.append(f"Case {case.case_id}: {error}")

    def _keep_facts(self, case: Case, study: ImagingStudy, series_uid: str) -> None:
        """Once a series is complete, and only once, lets the viewer work out what it shows first."""
        key = f"series:{series_uid}"
        if self._facts is None or self._store.objects.find_display_facts(case.case_id, key) is not None:
            return
        here = tuple(
            obj
            for obj in self._store.objects.list_objects(case.case_id)
            if obj.source == study.reference and obj.series_uid == series_uid
        )
        expected = {
            uid
            for item in self._store.objects.list_expected(case.case_id)
            if item.source == study.reference and item.series_uid == series_uid
            for uid in item.sop_instance_uids
        }
        if here and {obj.sop_instance_uid for obj in here} >= expected:
            self._store.objects.put_display_facts(case.case_id, key, self._facts(case, here))

    def _now(self) -> datetime:
        return self._hospital.fhir.clock()
