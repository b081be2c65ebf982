"""Downloads into the encrypted vault, checks included, against curl writing and hashing the same bytes in plain.

``python -m tests.benchmarks.transfer_speed --profile`` says where the time goes.
"""

from __future__ import annotations

import cProfile
import hashlib
import os
import pstats
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

from sync.dicomweb.dicomweb_gateway import HttpDicomwebGateway, InstanceEntry
from sync.hospital_connection import HospitalConnection
from sync.hospital_profile import HospitalProfile
from sync.records.case import Case, Document, DocumentCategory, ImagingStudy, SeriesEntry
from sync.store.database import Store, open_store
from sync.transfer.download import CaseDownloads
from sync.transfer.file_gateway import HttpFileGateway
from sync.transfer.hospital import Hospital
from sync.transfer.progress import ProgressCounter
from tests.benchmarks.static_server import static_server
from tests.benchmarks.stopwatch import Row
from tests.sync.sample_records import CASE, sample_case
from tests.sync.small_hospital import write_instance
from workstation.door.object_inspector import ProcessInspector

FILE_BYTES = 2_000_000_000
INSTANCES = 1000
SLICES = 300
STUDY = "1.2.826.0.1.3680043.8.498.7"
SERIES = f"{STUDY}.1"
IN_ARCHIVE = Path("archive", "studies", STUDY, "series", SERIES, "instances")
Timed = Callable[[Callable[[], None]], float]


class _ListedArchive(HttpDicomwebGateway):
    """A static server cannot answer QIDO-RS; the list is known here."""

    def list_instances(self, study_uid: str) -> tuple[InstanceEntry, ...]:
        return tuple(InstanceEntry(SERIES, f"{SERIES}.{n}", n, "CT", "") for n in range(1, INSTANCES + 1))


def rows() -> Iterator[Row]:
    """One file of 2 GB, 1,000 instances of 512 kB, and reading a series of 300 back; one run, one server."""
    if shutil.which("curl") is None:
        print("transfers: curl is not installed, so there is nothing to compare with")
        return
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder)
        digest = _make_content(place / "root")
        with static_server(place / "root", place) as (base, server):
            yield from _measure(place, base, server, digest, _seconds)


def _measure(place: Path, base: str, server: str, digest: str, ours: Timed) -> Iterator[Row]:
    os.sync()
    curl_s = _seconds(lambda: _shell(f"curl -s {base}/slide.svs | tee {place}/plain.svs | sha256sum; sync"))
    (place / "plain.svs").unlink()
    store = open_store(place / "profile")
    idle = _memory_bytes(peak=False)
    case = _case(digest)
    took = ours(lambda: _download(store, base, _only(case, studies=())))
    peak = _memory_bytes(peak=True) - idle
    yield _row(f"2 GB file, {server}", took, "curl | tee | sha256sum, sync", curl_s)
    yield Row("  memory above idle, MB", peak / 1e6, "200 MB", 200.0, "≤ 1.0 ×")
    shutil.rmtree(place / "profile" / "vault")
    curls_s = _seconds(lambda: _four_curls(place, base))
    os.sync()
    took = ours(lambda: _download(store, base, _only(case, documents=())))
    peak = _memory_bytes(peak=True) - idle
    yield _row(f"{INSTANCES} instances of 512 kB, {server}", took, "four curl | tee | sha256sum, sync", curls_s)
    yield Row("  memory above idle, MB", peak / 1e6, "200 MB", 200.0, "≤ 1.0 ×")
    yield _series_from_vault(store, place / "root" / IN_ARCHIVE)
    store.close()


def _row(action: str, took_s: float, reference: str, reference_s: float) -> Row:
    return Row(action, took_s * 1000, reference, reference_s * 1000, "≤ 1.67 × (0.6 of its speed)")


def _series_from_vault(store: Store, plain: Path) -> Row:
    """Every byte of 300 instances, from the vault and from plain files, into one memory as a volume needs it."""
    objects = [obj for obj in store.objects.list_objects(CASE) if obj.sop_instance_uid][:SLICES]
    paths = [plain / str(obj.sop_instance_uid) for obj in objects]
    volume = memoryview(bytearray(sum(obj.size_bytes for obj in objects)))

    def from_plain() -> None:
        offset = 0
        for path in paths:
            with path.open("rb", buffering=0) as file:
                offset += file.readinto(volume[offset:]) or 0

    def from_vault() -> None:
        offset = 0
        for obj in objects:
            with store.vault.source(obj.sha256, obj.title).open() as file:
                offset += cast(Any, file).readinto(volume[offset : offset + obj.size_bytes])

    both = [(_seconds(from_plain), _seconds(from_vault)) for _ in range(5)]
    raw_s, vault_s = (sorted(taken)[2] for taken in zip(*both, strict=True))
    return Row(f"{SLICES} instances out of the vault", vault_s * 1000, "raw read, plain", raw_s * 1000, "≤ 2.5 ×")


def _download(store: Store, base: str, case: Case) -> None:
    connection = HospitalConnection(_profile(base))
    archive = _ListedArchive(connection, f"{base}/archive")
    fhir = SimpleNamespace(clock=lambda: datetime.now(UTC))
    hospital = Hospital(
        connection.profile, cast(Any, fhir), HttpFileGateway(connection), lambda _base: archive, connection.close
    )
    inspector = ProcessInspector()
    try:
        downloads = CaseDownloads(
            store, hospital, ProgressCounter(lambda _now: None), cancelled=lambda: False, inspector=inspector
        )
        tally = downloads.run([case])
    finally:
        inspector.close()
        connection.close()
    wanted = len(case.documents) + sum(study.instance_count for study in case.studies)
    if tally.objects_fetched != wanted or tally.problems:
        raise RuntimeError(f"{tally.objects_fetched} of {wanted} came: {tally.problems[:1]} {tally.ended_by}")


def _four_curls(place: Path, base: str) -> None:
    lines = []
    for quarter in range(4):
        listed = place / f"quarter-{quarter}"
        numbers = range(quarter + 1, INSTANCES + 1, 4)
        listed.write_text("".join(f'url = "{base}/{IN_ARCHIVE.as_posix()}/{SERIES}.{n}"\n' for n in numbers))
        lines.append(f"(curl -sK {listed} | tee {place}/plain-{quarter} | sha256sum) &")
    _shell(f"{' '.join(lines)} wait; sync")
    for quarter in range(4):
        (place / f"plain-{quarter}").unlink()


def _make_content(root: Path) -> str:
    (root / IN_ARCHIVE).mkdir(parents=True)
    one = root / "one.dcm"
    for number in range(1, INSTANCES + 1):
        path = root / IN_ARCHIVE / f"{SERIES}.{number}"
        if number == 1:
            write_instance(one, "MRN-7", 1, study=STUDY, Rows=512, Columns=500, PixelData=os.urandom(512_000),
                           PatientName="Zürcher^Øyvind", PatientBirthDate="19610409",
                           SpecificCharacterSet="ISO_IR 192", SOPInstanceUID=f"{SERIES}.####")  # fmt: skip
        unique = os.urandom(64)
        content = one.read_bytes().replace(
            f"{SERIES}.####".encode(), f"{SERIES}.{number}".encode().ljust(len(SERIES) + 5, b"\0")
        )
        path.write_bytes(content[:-64] + unique)
    digest = hashlib.sha256()
    block = os.urandom(10_000_000)
    with (root / "slide.svs").open("wb") as file:
        for number in range(FILE_BYTES // len(block)):
            piece = number.to_bytes(8, "big") + block[8:]
            digest.update(piece)
            file.write(piece)
    return digest.hexdigest()


def _case(digest: str) -> Case:
    slide = Document(
        "DocumentReference/slide",
        "1",
        DocumentCategory.SLIDE,
        "Slide",
        None,
        "image/tiff",
        "slide.svs",
        FILE_BYTES,
        digest,
    )
    series = SeriesEntry(SERIES, "CT", "", INSTANCES)
    return sample_case(
        documents=(slide,), studies=(ImagingStudy("ImagingStudy/is", "1", STUDY, "CT", None, (series,), ""),)
    )


def _only(case: Case, **changes: Any) -> Case:
    from dataclasses import replace

    return replace(case, **changes)


def _profile(base: str) -> HospitalProfile:
    return HospitalProfile(
        name="bench", hospital_name="Bench", fhir_base=base, dicomweb_base=f"{base}/archive", files_base=base,
        token="none", practitioner_reference="Practitioner/me", practitioner_name="Me",
    )  # fmt: skip


def _shell(command: str) -> None:
    subprocess.run(["bash", "-c", command], check=True, stdout=subprocess.DEVNULL, timeout=300)


def _seconds(work: Callable[[], None]) -> float:
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


def _memory_bytes(*, peak: bool) -> int:
    """Resident memory of this process: now (the peak starts again from here), or at its peak since. Linux only."""
    status = Path("/proc/self/status").read_text()
    if not peak:
        Path("/proc/self/clear_refs").write_text("5")
    name = "VmHWM" if peak else "VmRSS"
    return next(int(line.split()[1]) * 1024 for line in status.splitlines() if line.startswith(name))


def _profiled(work: Callable[[], None]) -> float:
    """Prints what the calling thread and every transfer thread spent its time on."""
    profiles: list[cProfile.Profile] = []

    def begin(*_arguments: object) -> None:
        sys.setprofile(None)
        profile = cProfile.Profile()
        profiles.append(profile)
        profile.enable()

    threading.setprofile(begin)
    own = cProfile.Profile()
    profiles.append(own)
    own.enable()
    took = _seconds(work)
    own.disable()
    threading.setprofile(None)  # type: ignore[arg-type]
    stats = pstats.Stats(own)
    for profile in profiles[1:]:
        profile.create_stats()
        if profile.stats:  # type: ignore[attr-defined]
            stats.add(profile)
    stats.sort_stats("tottime").print_stats(18)
    return took


if __name__ == "__main__":
    if "--profile" in sys.argv:
        _seconds_ours: Timed = _profiled
    else:
        _seconds_ours = _seconds
    with tempfile.TemporaryDirectory() as _folder:
        _place = Path(_folder)
        _digest = _make_content(_place / "root")
        with static_server(_place / "root", _place) as (_base, _server):
            for _found in _measure(_place, _base, _server, _digest, _seconds_ours):
                print(f"{_found.action:44} {_found.ratio:7.2f} of {_found.reference_ms:9.1f} {_found.reference}")
