"""Slides that only OpenSlide reads, on a laptop that may be lost: they come, are read, and leave nothing behind.

While such a slide is open its bytes are in the memory of the window's process (or, by site policy, in a file without a
name); a finder of the laptop sees neither, and after closing and locking the process has neither.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from sync.records.case import CaseId
from tests.journey.hospital_canaries import telling_run
from tests.journey.leak_search import LeakSearch
from tests.journey.lost_laptop_place import PASSPHRASE, Hospital, Laptop, Window, new_laptop
from tests.viewers.pathology import vendor_slides
from viewers.door.slide_passed import PASSED_OPENSLIDE

pytestmark = [
    pytest.mark.journey,
    pytest.mark.timeout(600),
    pytest.mark.skipif(sys.platform != "linux", reason="files in memory are Linux's"),
]
SLIDES = {"LOCAL-0001": "hamamatsu (OpenSlide)", "LOCAL-0002": "philips (OpenSlide)"}
UNENCRYPTED = "unencrypted on this computer's disk"


@pytest.fixture(scope="module")
def offered(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("offered")
    vendor_slides.write_ndpi(folder / "biopsy.ndpi")
    vendor_slides.write_philips(folder / "resection.tiff")
    return folder


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory, offered: Path) -> Iterator[tuple[Laptop, Hospital]]:
    with new_laptop(tmp_path_factory.mktemp("lost"), offered) as (laptop, hospital):
        done = laptop.readingroom("sync", "--once", "--json", "--unlock-file", str(laptop.unlock_file))
        assert done.returncode == 0, done.stderr
        yield laptop, hospital


@pytest.fixture
def laptop(place: tuple[Laptop, Hospital]) -> Laptop:
    return place[0]


@pytest.fixture(scope="module")
def search(offered: Path) -> LeakSearch:
    """For runs of bytes of both slides, and whatever begins like a picture."""
    runs = {path.name: telling_run(path.read_bytes()) for path in offered.iterdir()}
    assert len(runs) == len(SLIDES)
    return LeakSearch([], runs)


def unlocked(laptop: Laptop) -> Window:
    window = laptop.window()
    window.order("asked", f"write lock-word {PASSPHRASE}", "press lock-open", "ready")
    return window


def plain_files(window: Window) -> list[str]:
    """What the window's process holds of slides in memory, or on the disk without a name."""
    held = []
    for handle in Path(f"/proc/{window.process.pid}/fd").iterdir():
        try:
            target = str(handle.readlink())
        except FileNotFoundError:
            continue
        if "memfd:slide" in target or "/open-slides/" in target:
            held.append(target)
    return held


def test_that_they_come_through_the_door_which_has_read_them(laptop: Laptop) -> None:
    store = laptop.opened()
    for case_id in SLIDES:
        (slide,) = store.objects.list_objects(CaseId(case_id))
        facts = store.objects.list_file_facts(CaseId(case_id), [slide.sha256])
        assert facts == {slide.sha256: PASSED_OPENSLIDE}, case_id
        assert store.objects.list_rejected(CaseId(case_id)) == ()
    store.close()


def test_that_a_slide_is_read_out_of_memory_and_nothing_of_it_is_left(laptop: Laptop, search: LeakSearch) -> None:
    window = unlocked(laptop)
    try:
        for case_id, kind in SLIDES.items():
            shown = window.order(f"open {case_id}", "key F4", "sharp")
            assert shown["slide"] == kind and not any(UNENCRYPTED in notice for notice in shown["notices"])
            assert plain_files(window) and all("memfd" in held for held in plain_files(window))
            assert search.find(laptop.root) == []
        locked = window.order("lock")
        assert locked["locked"]
        window.order("rest 1")
        assert plain_files(window) == []
        back = window.order(f"write lock-word {PASSPHRASE}", "press lock-open", "uncovered reading", "sharp")
        assert back["slide"] == SLIDES["LOCAL-0002"] and plain_files(window)
        window.order("open SO-2026-00101", "rest 1")
        assert plain_files(window) == []
        elsewhere = [path for path in window.order("rest 0")["written"] if _is_elsewhere(path, laptop)]
        assert elsewhere == []
    finally:
        window.kill()
    assert search.find(laptop.root) == []


def test_that_by_site_policy_it_may_lie_on_the_disk_and_is_gone_after_a_kill(
    laptop: Laptop, search: LeakSearch
) -> None:
    window = unlocked(laptop)
    try:
        refused = window.order("no-memory", "open LOCAL-0001", "key F4", "rest 2")
        assert "too little is free" in refused["empty"] and "if the site allowed" in refused["empty"]
        (laptop.store / "site.json").write_text(json.dumps({"slides_unencrypted_on_disk": True}))
        shown = window.order("open SO-2026-00101", "open LOCAL-0001", "key F4", "sharp")
        assert any(UNENCRYPTED in notice for notice in shown["notices"])
        assert plain_files(window) and all("/open-slides/" in held for held in plain_files(window))
        assert search.find(laptop.root) == [], "it has no name that a finder could open"
    finally:
        window.kill()
        (laptop.store / "site.json").unlink(missing_ok=True)
    assert search.find(laptop.root) == []
    assert list((laptop.store / "open-slides").iterdir()) == []
    audit = laptop.readingroom("audit", "--json", "--unlock-file", str(laptop.unlock_file))
    assert audit.stdout.count("slide unencrypted on disk") == 1, audit.stderr


def test_that_a_leftover_with_a_name_goes_before_anything_is_unlocked(laptop: Laptop) -> None:
    """As a killed program leaves it on Windows or macOS."""
    folder = laptop.store / "open-slides"
    folder.mkdir(mode=0o700, exist_ok=True)
    (folder / "open-abcdef").write_bytes(b"of a patient")
    window = laptop.window()
    try:
        window.order("asked")
        assert not folder.exists()
    finally:
        window.kill()


def _is_elsewhere(path: str, laptop: Laptop) -> bool:
    inside = (str(laptop.root), str(laptop.pictures), os.devnull)
    return Path(path).is_absolute() and not path.startswith(inside) and "__pycache__" not in path
