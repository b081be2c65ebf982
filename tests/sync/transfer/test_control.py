"""Downloads do what a person says, at once: pause, go on, give up, slower; and never fill the disk."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import pytest

from sync.errors import NoRoom, Offline, StoreUnavailable
from sync.hospital_connection import HospitalConnection
from sync.records.case import CaseId
from sync.store.database import Store
from sync.sync_round import SyncProgress, SyncReport, run_sync_round
from sync.transfer.bandwidth import Bandwidth
from sync.transfer.control import TransferControl
from sync.transfer.disk_room import check_room
from sync.transfer.download import OPEN_CASE_KEY
from sync.transfer.holds import Hold, are_all_paused, find_holds, give_up, put_all_paused, put_hold
from sync.transfer.progress import ProgressCounter, SyncStage
from sync.transfer.retry import TransferCancelled
from tests.sync.scripted_server import ScriptedServer
from tests.sync.small_hospital import SLIDE, SmallHospital

CASE, OTHER = CaseId("SO-1"), CaseId("SO-22")


@dataclass
class SilentHospital:
    """Takes requests, sends *beginning* and then nothing more, for ever."""

    port: int
    asked: threading.Event


@contextmanager
def silent_hospital(beginning: bytes = b"") -> Iterator[SilentHospital]:
    listener = socket.create_server(("127.0.0.1", 0))
    silent = SilentHospital(listener.getsockname()[1], threading.Event())
    lines: list[socket.socket] = []

    def serve() -> None:
        while True:
            try:
                line, _ = listener.accept()
            except OSError:
                return
            lines.append(line)
            line.recv(65536)
            line.sendall(beginning)
            silent.asked.set()

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    try:
        yield silent
    finally:
        listener.shutdown(socket.SHUT_RDWR)
        listener.close()
        for line in lines:
            line.close()
        thread.join(2)


@pytest.mark.parametrize(
    "beginning", [b"", b"HTTP/1.1 200 OK\r\nContent-Length: 900000\r\n\r\nabc"], ids=["no answer", "stalled answer"]
)
def test_that_whoever_waits_for_a_silent_hospital_is_woken_at_once(beginning: bytes) -> None:
    with silent_hospital(beginning) as silent:
        connection = HospitalConnection(ScriptedServer(silent.port).profile)
        failures: list[Exception] = []

        def ask() -> None:
            try:
                with connection.open("GET", f"http://127.0.0.1:{silent.port}/files/1") as response:
                    connection.read_body(response)
            except Offline as error:
                failures.append(error)

        waiting = threading.Thread(target=ask)
        waiting.start()
        assert silent.asked.wait(5)
        began = time.monotonic()
        while waiting.is_alive() and time.monotonic() - began < 5:
            connection.interrupt()
            waiting.join(0.05)
        assert not waiting.is_alive()
        assert time.monotonic() - began < 1
        assert len(failures) == 1
        connection.close()


def sync(hospital: SmallHospital, store: Store, control: TransferControl, **named: object) -> SyncReport:
    return run_sync_round(store, hospital.profile(), control=control, **named)  # type: ignore[arg-type]


def test_that_a_paused_round_fetches_no_file_and_still_refreshes_the_cases(
    hospital: SmallHospital, store: Store
) -> None:
    hospital.add_case()
    control = TransferControl()
    put_all_paused(store, True)
    report = sync(hospital, store, control)
    assert (report.cases_seen, report.objects_fetched, report.problems) == (1, 0, ())
    put_all_paused(store, False)
    assert sync(hospital, store, control).objects_fetched == 5


def test_that_pausing_keeps_what_has_come_and_going_on_fetches_the_rest(hospital: SmallHospital, store: Store) -> None:
    hospital.add_case(instances=0)
    control = TransferControl()
    control.bandwidth.limit_bytes_s = len(SLIDE) / 2

    def pause_soon(progress: SyncProgress) -> None:
        if progress.bytes_fetched > 100_000 and not control.is_paused:
            put_all_paused(store, True)
            control.pause()

    report = sync(hospital, store, control, on_progress=pause_soon)
    assert report.objects_fetched == 1
    put_all_paused(store, False)
    control.resume()
    control.bandwidth.limit_bytes_s = None
    after = sync(hospital, store, control)
    assert after.objects_fetched == 1
    assert after.problems == ()
    assert report.bytes_fetched + after.bytes_fetched < len(SLIDE) + 400_000


def test_that_a_held_case_does_not_keep_the_others_waiting(hospital: SmallHospital, store: Store) -> None:
    hospital.add_case("SO-1")
    hospital.add_case("SO-22")
    control = TransferControl()
    put_hold(store, CASE, Hold.PAUSED)
    sync(hospital, store, control)
    assert (len(store.objects.list_objects(CASE)), len(store.objects.list_objects(OTHER))) == (0, 5)
    put_hold(store, CASE, None)
    sync(hospital, store, control)
    assert len(store.objects.list_objects(CASE)) == 5


def test_that_holds_outlive_the_window(store: Store) -> None:
    put_hold(store, CASE, Hold.CANCELLED)
    put_all_paused(store, True)
    assert find_holds(store) == {CASE: Hold.CANCELLED}
    assert are_all_paused(store)


def test_that_giving_up_removes_what_is_unfinished(hospital: SmallHospital, store: Store) -> None:
    hospital.add_case(instances=0)
    control = TransferControl()
    control.bandwidth.limit_bytes_s = len(SLIDE) / 2

    def hold_soon(progress: SyncProgress) -> None:
        if progress.bytes_fetched > 100_000:
            control.hold(CASE, Hold.CANCELLED)

    sync(hospital, store, control, on_progress=hold_soon)
    assert list((store.directory / "vault").glob("*.part"))
    give_up(store, CASE)
    assert not list((store.directory / "vault").glob("*.part"))


def test_that_a_case_opened_meanwhile_comes_before_the_rest_of_another(hospital: SmallHospital, store: Store) -> None:
    hospital.add_case("SO-1", instances=60, slide=False)
    hospital.add_case("SO-22", instances=1, slide=False)
    control = TransferControl()
    control.bandwidth.limit_bytes_s = 60_000  # an image is 1 kB
    store.session.put(OPEN_CASE_KEY, "SO-1")
    order: list[CaseId] = []

    def open_other(progress: SyncProgress) -> None:
        if progress.stage is SyncStage.DOWNLOADING and progress.case_id is not None:
            order.append(progress.case_id)
            if progress.case_id == CASE and 2 <= progress.case_done < 60:
                store.session.put(OPEN_CASE_KEY, "SO-22")

    sync(hospital, store, control, on_progress=open_other)
    last_of_other = max(n for n, case_id in enumerate(order) if case_id == OTHER)
    assert order[0] == CASE
    assert CASE in order[last_of_other:], "the first case waited, and came after"
    assert len(store.objects.list_objects(CASE)) == 61
    assert len(store.objects.list_objects(OTHER)) == 2


def test_that_images_wait_for_a_network_that_is_not_paid_by_volume(hospital: SmallHospital, store: Store) -> None:
    hospital.add_case()
    control = TransferControl(is_metered=lambda: True)
    sync(hospital, store, control)
    assert [obj.source for obj in store.objects.list_objects(CASE)] == ["DocumentReference/report-so-1"]
    control.images_on_metered = True
    sync(hospital, store, control)
    assert len(store.objects.list_objects(CASE)) == 5


def test_that_images_stop_in_the_middle_when_the_network_becomes_one_that_is_paid_by_volume(
    hospital: SmallHospital, store: Store
) -> None:
    hospital.add_case(instances=60)
    control = TransferControl()

    def change_network(progress: SyncProgress) -> None:
        if progress.case_done >= 5:
            control.is_metered = lambda: True

    report = run_sync_round(store, hospital.profile(), on_progress=change_network, control=control)
    here = len(store.objects.list_objects(CASE))
    assert 5 <= here < 30, "what was on its way may come, the rest waits"
    assert report.complete and report.problems == () and control.failures(CASE) == ()
    control.is_metered = lambda: False
    sync(hospital, store, control)
    assert len(store.objects.list_objects(CASE)) == 62


def test_that_a_file_that_would_fill_the_disk_is_refused_with_numbers(hospital: SmallHospital, store: Store) -> None:
    hospital.add_case(instances=0)
    control = TransferControl(free_bytes=lambda: 1_000_000, reserve_bytes=800_000)
    report = sync(hospital, store, control)
    assert [obj.source for obj in store.objects.list_objects(CASE)] == ["DocumentReference/report-so-1"]
    sentence = "“Slide A” needs 0.5 MB, and this computer's disk has room for 0.2 MB (0.8 MB are kept free); "
    assert report.problems == (f"{sentence}it is not fetched until there is room.",)
    assert control.failures(CASE) == report.problems


def test_that_nothing_more_is_fetched_once_the_reserve_is_reached() -> None:
    check_room("Slide A", 10, free_bytes=100, reserve_bytes=90)
    with pytest.raises(NoRoom):
        check_room("Slide A", 11, free_bytes=100, reserve_bytes=90)
    with pytest.raises(StoreUnavailable, match="nothing more is fetched"):
        check_room("Slide A", 0, free_bytes=89, reserve_bytes=90)


def test_that_a_limit_holds_for_all_threads_together() -> None:
    bandwidth = Bandwidth()
    bandwidth.limit_bytes_s = 1_000_000
    began = time.monotonic()
    threads = [threading.Thread(target=bandwidth.came, args=(75_000, lambda: False)) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert 0.28 <= time.monotonic() - began < 1


def test_that_waiting_for_the_limit_ends_when_it_is_cancelled() -> None:
    bandwidth = Bandwidth()
    bandwidth.limit_bytes_s = 1
    with pytest.raises(TransferCancelled):
        bandwidth.came(1_000_000, lambda: True)


def test_that_rate_and_time_left_follow_what_comes() -> None:
    now, told = [0.0], []
    tell: Callable[[SyncProgress], None] = told.append
    counter = ProgressCounter(tell, clock=lambda: now[0])
    counter.set_case(CASE, 1, 3, 1_000, 11_000)
    counter.enter(SyncStage.DOWNLOADING, CASE)
    for _ in range(4):
        now[0] += 0.5
        counter.bytes_arrived(CASE, 1_000)
    assert told[-1].rate_bytes_s == pytest.approx(2_000)
    assert (told[-1].case_bytes, told[-1].case_bytes_total) == (5_000, 11_000)
    assert told[-1].case_seconds_left == pytest.approx(3.0)
