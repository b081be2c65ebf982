"""What only OpenSlide reads, out of the encrypted store: checked first, one copy for all, and nothing of it left."""

from __future__ import annotations

import json
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import openslide
import pytest

from sync.audit import AuditAction
from sync.errors import StoreUnavailable
from sync.site_rules import SITE_FILE, SiteRules, site_rules
from sync.store.database import Store, open_store
from sync.vault.event_notes import read_notes
from tests.sync.sample_records import CASE
from tests.viewers.pathology import vendor_slides
from tests.viewers.pathology.test_lent_slides import open_handles
from tests.workstation.opinion.test_marks_export import put_mark
from tests.workstation.reading.stored_case import case_with_images, put_slide
from viewers.annotation.annotation import SlideTarget
from viewers.door.slide_passed import PASSED_OPENSLIDE
from viewers.errors import UnreadableFile, UnsupportedImage
from viewers.pathology import memory_file, plain_file
from viewers.pathology.openslide_source import LIES_OPEN
from viewers.pathology.plain_file import NoPlainFile, OpeningGivenUp, PlainFile
from viewers.pathology.slide_source import SlideSource, open_slide
from workstation import plain_slides
from workstation.door.inspection_pool import InspectionPool, PoolClosed
from workstation.opinion.marks_export import MarkShelf, export_marks
from workstation.plain_slides import SCRATCH_FOLDER, WOULD_OPEN, PlainSlides, sweep_plain_slides

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="files in memory are Linux's")
ON_DISK = (AuditAction.SLIDE_UNENCRYPTED_ON_DISK, AuditAction.SLIDE_TAKEN_OFF_DISK)


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    store = open_store(tmp_path / "profile")
    store.cases.put_case(case_with_images(), [])
    yield store
    store.close()


@pytest.fixture
def ndpi(tmp_path: Path) -> Path:
    vendor_slides.write_ndpi(tmp_path / "slide.ndpi")
    return tmp_path / "slide.ndpi"


@pytest.fixture
def digest(store: Store, ndpi: Path) -> str:
    """Of a slide that passed the door when it came."""
    digest = put_slide(store, ndpi)
    store.objects.put_file_facts(CASE, digest, PASSED_OPENSLIDE)
    return digest


@pytest.fixture
def slides(store: Store) -> Iterator[PlainSlides]:
    slides = PlainSlides(store)
    yield slides
    slides.close()
    assert open_handles() == set()


def allow_on_disk(store: Store) -> None:
    (store.directory / SITE_FILE).write_text(json.dumps({"slides_unencrypted_on_disk": True}))


def no_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(memory_file, "free_memory_bytes", lambda: 0)


def opened(
    store: Store, slides: PlainSlides, digest: str, on_step: Callable[[str], None] = lambda _words: None
) -> SlideSource:
    return open_slide([store.vault.source(digest, "Biopsy")], slides.lender(CASE, on_step))


def noted(store: Store) -> list[tuple[str, str | None, str]]:
    return [(row.action, row.case_id, row.object) for row in store.audit.entries() if row.action in ON_DISK]


def test_that_a_slide_out_of_the_store_has_the_pixels_of_the_plain_file_and_leaves_nothing(
    store: Store, slides: PlainSlides, digest: str, ndpi: Path
) -> None:
    steps: list[str] = []
    slide = opened(store, slides, digest, steps.append)
    with openslide.OpenSlide(str(ndpi)) as oracle:
        expected = np.asarray(oracle.read_region((0, 0), 0, (vendor_slides.WIDTH, vendor_slides.HEIGHT)))
    shown = slide.read_region(0, 0, vendor_slides.WIDTH, vendor_slides.HEIGHT)
    assert np.array_equal(shown[..., 2::-1], expected[..., :3])
    assert slide.name == "Biopsy" and slide.warnings == ()
    assert steps == ["decrypting it, 100 %"]
    slide.close()
    slides.close()
    assert open_handles() == set()
    assert not (store.directory / SCRATCH_FOLDER).exists() and noted(store) == []


def test_that_however_many_read_it_there_is_one_copy_until_the_last_has_closed(
    store: Store, slides: PlainSlides, digest: str
) -> None:
    together = threading.Barrier(3)
    readers: list[SlideSource] = []

    def open_together() -> None:
        together.wait(10)
        readers.append(opened(store, slides, digest))

    threads = [threading.Thread(target=open_together) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)
    copies = {Path(f"/proc/self/fd/{handle.split()[0]}").stat().st_ino for handle in open_handles()}
    assert len(readers) == 3 and len(copies) == 1
    for slide in readers[:2]:
        slide.close()
    assert readers[2].read_tile(0, 0, 0).shape == (256, 256, 4)
    readers[2].close()
    slides.close()
    assert slides._copies == {} and open_handles() == set()


def test_that_a_slide_that_nobody_has_checked_is_checked_before_it_is_opened_and_only_once(
    store: Store, slides: PlainSlides, ndpi: Path
) -> None:
    digest = put_slide(store, ndpi)
    steps: list[str] = []
    opened(store, slides, digest, steps.append).close()
    assert steps == ["decrypting it, 100 %", "checking it, once"]
    assert store.objects.list_file_facts(CASE, [digest]) == {digest: PASSED_OPENSLIDE}
    opened(store, slides, digest, steps.append).close()
    assert steps.count("checking it, once") == 1


def test_that_one_that_does_not_pass_is_not_opened_in_this_program(
    store: Store, slides: PlainSlides, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    vendor_slides.write_philips(tmp_path / "good.tiff")
    content = bytearray((tmp_path / "good.tiff").read_bytes())
    tile = content.index(b"\xff\xd8\xff")
    content[tile : tile + 600] = bytes(600)
    (tmp_path / "bad.tiff").write_bytes(content)
    digest = put_slide(store, tmp_path / "bad.tiff")
    monkeypatch.setattr(openslide, "OpenSlide", lambda _path: pytest.fail("opened here"))
    with pytest.raises(UnreadableFile, match=r"^Biopsy is not opened: it cannot be read"):
        opened(store, slides, digest)
    assert store.objects.list_file_facts(CASE, [digest]) == {}


def test_that_one_file_of_a_slide_of_several_says_what_would_help(
    store: Store, slides: PlainSlides, tmp_path: Path
) -> None:
    (tmp_path / "slide.mrxs").write_bytes(b"\xff\xd8\xff\xe0 what MIRAX keeps beside its folder")
    with pytest.raises(UnsupportedImage, match=r"A format of several files .* ask the hospital for the slide as DICOM"):
        opened(store, slides, put_slide(store, tmp_path / "slide.mrxs"))


def test_that_where_nothing_can_be_checked_nothing_is_opened(
    store: Store, slides: PlainSlides, ndpi: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def no_child(*_arguments: object, **_request: object) -> None:
        raise PoolClosed

    monkeypatch.setattr(InspectionPool, "check", no_child)
    with pytest.raises(NoPlainFile, match="Biopsy cannot be checked on this computer at the moment"):
        opened(store, slides, put_slide(store, ndpi))


def test_that_the_disk_is_not_used_unless_the_site_allows_it(
    store: Store, slides: PlainSlides, digest: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    no_memory(monkeypatch)
    for said in ("{}", '{"slides_unencrypted_on_disk": "yes"}', '{"slides_unencrypted_on_disk": 1}', "not JSON"):
        (store.directory / SITE_FILE).write_text(said)
        assert not site_rules(store.directory).slides_unencrypted_on_disk
        with pytest.raises(NoPlainFile) as refused:
            opened(store, slides, digest)
        assert "too little is free" in str(refused.value) and str(refused.value).endswith(WOULD_OPEN)
    assert not SiteRules().slides_unencrypted_on_disk
    assert not (store.directory / SCRATCH_FOLDER).exists() and noted(store) == []


def test_that_by_site_policy_it_lies_on_the_disk_with_a_warning_on_it_and_two_rows_in_the_trail(
    store: Store, slides: PlainSlides, digest: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    no_memory(monkeypatch)
    allow_on_disk(store)
    slide = opened(store, slides, digest)
    assert slide.warnings == (LIES_OPEN,)
    assert noted(store) == [(AuditAction.SLIDE_UNENCRYPTED_ON_DISK, CASE, f"slide:{digest}")]
    assert list((store.directory / SCRATCH_FOLDER).iterdir()) == [], "on Linux it has no name"
    slide.close()
    slides.close()
    assert noted(store)[1:] == [(AuditAction.SLIDE_TAKEN_OFF_DISK, CASE, f"slide:{digest}")]
    assert open_handles() == set()


def test_that_a_trail_that_cannot_be_written_keeps_it_from_the_disk(
    store: Store, slides: PlainSlides, digest: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    no_memory(monkeypatch)
    allow_on_disk(store)

    def full(*_row: object) -> None:
        raise StoreUnavailable("The disk is full.")

    monkeypatch.setattr(store.audit, "append", full)
    with pytest.raises(StoreUnavailable):
        opened(store, slides, digest)
    assert not (store.directory / SCRATCH_FOLDER).exists()


def test_that_what_is_removed_after_the_store_was_locked_enters_the_trail_later(
    store: Store, slides: PlainSlides, digest: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    no_memory(monkeypatch)
    allow_on_disk(store)
    slide = opened(store, slides, digest)
    store.lock()
    slide.close()
    slides.close()
    again = open_store(store.directory)
    rows = [row for row in again.audit.entries() if row.action == AuditAction.SLIDE_TAKEN_OFF_DISK]
    again.close()
    assert [row.object for row in rows] == [f"slide:{digest}"]


def test_that_locking_gives_up_what_is_being_decrypted(
    store: Store, slides: PlainSlides, digest: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    allow_on_disk(store)
    monkeypatch.setattr(plain_file, "STEP_BYTES", 1 << 14)
    with pytest.raises(OpeningGivenUp, match="closed or locked meanwhile"):
        opened(store, slides, digest, lambda _words: slides.give_up())
    assert open_handles() == set() and noted(store) == []
    opened(store, slides, digest).close()  # and after unlocking it opens


def test_that_locking_ends_a_check_that_is_under_way(
    store: Store, slides: PlainSlides, ndpi: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def check(pool: InspectionPool, *_arguments: object, **_request: object) -> None:
        slides.give_up()
        assert pool._closed
        raise PoolClosed

    monkeypatch.setattr(InspectionPool, "check", check)
    with pytest.raises(OpeningGivenUp):
        opened(store, slides, put_slide(store, ndpi))
    assert open_handles() == set() and slides._checks == set()


def test_that_what_a_killed_program_left_is_removed_and_noted_before_anything_is_unlocked(
    store: Store, tmp_path: Path
) -> None:
    folder = store.directory / SCRATCH_FOLDER
    folder.mkdir(mode=0o700)
    (folder / "open-abc").write_bytes(b"of a patient")
    sweep_plain_slides(store.directory)
    assert not folder.exists()
    assert [note.action for note in read_notes(store.directory)] == [AuditAction.SLIDE_TAKEN_OFF_DISK]
    sweep_plain_slides(store.directory)
    sweep_plain_slides(tmp_path / "no profile yet")
    assert len(read_notes(store.directory)) == 1


def test_that_a_mark_on_such_a_slide_is_measured_in_millimetres_in_the_opinion(
    store: Store, slides: PlainSlides, digest: str
) -> None:
    put_mark(store, "11111111-1111-4111-8111-111111111111", "A1", SlideTarget(digest), "polyline", [[0, 0], [400, 0]])
    case = case_with_images()
    lend = slides.lender(CASE)
    shelf = MarkShelf(store, case, lend)
    lengths = shelf.lengths(shelf.read(store.annotations.list_current(CASE)))
    assert [length.value_mm for length in lengths] == [pytest.approx(0.1)]
    assert b'"calibration"' in export_marks(store, case, lend=lend)[0].content


def test_that_only_files_of_the_vault_are_lent(slides: PlainSlides, ndpi: Path) -> None:
    from tests.viewers.pathology.byte_sources import MemoryByteSource

    with pytest.raises(NoPlainFile, match="not a file of the encrypted store"):
        open_slide([MemoryByteSource("Biopsy", ndpi.read_bytes())], slides.lender(CASE))


def test_that_the_copy_is_not_freed_on_the_thread_that_closes_it(
    store: Store, slides: PlainSlides, digest: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A gigabyte takes a tenth of a second to free, and it is the window that closes a slide."""
    freed_on: list[threading.Thread] = []
    real = plain_slides.copy_into_memory

    def watched(*arguments: object) -> PlainFile:
        plain = real(*arguments)  # type: ignore[arg-type]

        def on_close() -> None:
            freed_on.append(threading.current_thread())
            plain.close()

        return PlainFile(plain.path, handle=plain.handle, on_close=on_close)

    monkeypatch.setattr(plain_slides, "copy_into_memory", watched)
    opened(store, slides, digest).close()
    slides.close()
    assert len(freed_on) == 1 and freed_on[0] is not threading.current_thread()
