"""The laptop is lost: nothing of a patient can be read on it, whatever state the program was in.

Searched: the home folder, the temp folder, the run-time folder and every log, for names, patient numbers, questions,
diagnoses, letters, what was typed, the passphrase, and runs of 64 bytes of pixels and of documents.
"""

from __future__ import annotations

import random
import shutil
import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pydicom
import pytest

from sync.demo_hospital.stories import STORIES
from sync.errors import StoreLocked, StoreUnavailable, UnlockRefused
from sync.store.database import open_store
from sync.vault.keys import Unlock
from tests.journey.lost_laptop_place import PASSPHRASE, PROFILE, Laptop, LeakSearch, laptop_with_cases

pytestmark = [pytest.mark.journey, pytest.mark.timeout(900)]

CHEST = "SO-2026-00101"
DRAFT = "Kanarienvogel im Entwurf, groesser als 7 mm"
"""ASCII: the test's keyboard has no other letters."""
UNLOCK = Unlock(passphrase=PASSPHRASE)
RUN_BYTES = 64


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Laptop, Path]]:
    with laptop_with_cases(tmp_path_factory.mktemp("lost")) as place:
        yield place


@pytest.fixture(scope="module")
def words() -> list[str]:
    """What the cohort says of its patients, and what the reader typed."""
    found = [DRAFT, PASSPHRASE]
    for story in STORIES:
        patients = [story.patient, story.foreign_patient]
        found += [story.family, story.given, story.diagnosis, *story.questions]
        found += [
            value for patient in patients if patient is not None for value in (patient.patient_id, patient.dicom_name)
        ]
        found += [letter.title for letter in story.letters]
        found += [text for letter in story.letters for _heading, text in letter.sections]
    return sorted({word for word in found if len(word) > 4})


@pytest.fixture(scope="module")
def pixels(place: tuple[Laptop, Path]) -> list[bytes]:
    """Runs of bytes out of every series, the slide and the documents, as the hospital has them."""
    _, hospital = place
    runs = []
    for series in {path.parent for path in hospital.rglob("*.dcm")}:
        images = sorted(series.glob("*.dcm"))
        content = bytes(pydicom.dcmread(images[len(images) // 2]).PixelData)
        runs.append(_a_telling_run(content))
    runs += [_a_telling_run(path.read_bytes()) for path in hospital.rglob("*.svs")]
    with sqlite3.connect(hospital / "hospital.db") as database:
        tables = [name for (name,) in database.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
        blobs = [
            value
            for table in tables
            for row in database.execute(f"SELECT * FROM {table}")
            for value in row
            if isinstance(value, bytes) and value.startswith(b"%PDF")
        ]
    database.close()
    return runs + [_a_telling_run(blob) for blob in blobs]


def _a_telling_run(content: bytes) -> bytes:
    """64 bytes from the middle on that are not all alike."""
    for start in range(len(content) // 2, len(content) - RUN_BYTES, RUN_BYTES):
        run = content[start : start + RUN_BYTES]
        if len(set(run)) > 12:
            return run
    raise AssertionError("no telling bytes")


def test_that_the_search_finds_what_lies_open(place: tuple[Laptop, Path], tmp_path: Path) -> None:
    laptop = Laptop(tmp_path / "open", tmp_path / "unlock.txt", tmp_path)
    laptop.root.mkdir()
    for code in ("utf-8", "utf-16-le", "latin-1"):
        (laptop.root / code).write_bytes(b"\0" + DRAFT.encode(code))
    (laptop.root / "Ashgrove.txt").write_bytes(b"")
    (laptop.root / "pixels").write_bytes(bytes(1000) + bytes(range(64)))
    assert len(LeakSearch([DRAFT, "Ashgrove"], [bytes(range(64))]).find(laptop)) == 5


def test_that_nothing_can_be_read_while_running_locked_killed_and_closed(
    place: tuple[Laptop, Path], words: list[str], pixels: list[bytes]
) -> None:
    laptop, _ = place
    assert len(words) > 40 and len(pixels) >= 5
    search = LeakSearch(words, pixels)
    assert search.find(laptop) == [], "after the first sync"
    window = laptop.window()
    window.order("asked", f"write lock-word {PASSPHRASE}", "press lock-open", "ready", f"open {CHEST}")
    window.order("key F4", "rest 4")
    assert search.find(laptop) == [], "running, images"
    written = window.order("key F6", f"findings {DRAFT}", "rest 2")
    assert DRAFT in " ".join(written["texts"])
    assert search.find(laptop) == [], "running, a draft"
    assert window.order("lock")["locked"]
    assert search.find(laptop) == [], "locked"
    window.order(f"write lock-word {PASSPHRASE}", "press lock-open", "uncovered")
    window.kill()
    assert (laptop.store / "store.db-wal").exists()
    assert search.find(laptop) == [], "killed"
    window = laptop.window()
    window.order("asked", f"write lock-word {PASSPHRASE}", "press lock-open", "ready")
    window.quit()
    assert search.find(laptop) == [], "closed"
    store = open_store(laptop.store, unlock=UNLOCK, read_only=True)
    draft = store.opinions.find_draft(next(c.case_id for c in store.cases.list_cases() if c.case_id == CHEST))
    assert draft is not None and DRAFT in str(draft.response)  # it was there all the time
    store.close()


def test_that_nothing_of_it_is_anybody_elses_to_read(place: tuple[Laptop, Path]) -> None:
    laptop, _ = place
    assert laptop.store.stat().st_mode & 0o077 == 0
    loose = [path for path in laptop.store.rglob("*") if path.is_file() and path.stat().st_mode & 0o077]
    assert [path.name for path in loose if path.name != "profile.json"] == []


def test_that_a_wrong_passphrase_opens_nothing(place: tuple[Laptop, Path], tmp_path: Path) -> None:
    laptop, _ = place
    copy = tmp_path / PROFILE
    shutil.copytree(laptop.store, copy)
    with pytest.raises(StoreLocked):
        open_store(copy, read_only=True)
    for guess in ("", PASSPHRASE[:-1], PASSPHRASE + " ", PASSPHRASE.upper(), "246813"):
        if guess:
            with pytest.raises(UnlockRefused):
                open_store(copy, unlock=Unlock(passphrase=guess), read_only=True)
    with pytest.raises(UnlockRefused, match="try again in"):
        guess = "one more"
        for _ in range(2):
            try:
                open_store(copy, unlock=Unlock(passphrase=guess), read_only=True)
            except UnlockRefused as refused:
                if "try again in" in str(refused):
                    raise
    (copy / "store.key").write_text("00" * 32)
    (copy / "store.keys").unlink()
    with pytest.raises(StoreUnavailable, match="does not fit"):
        open_store(copy, read_only=True)


def test_that_damage_anywhere_in_the_vault_is_noticed(place: tuple[Laptop, Path], tmp_path: Path) -> None:
    laptop, _ = place
    copy = tmp_path / PROFILE
    shutil.copytree(laptop.store, copy)
    store = open_store(copy, unlock=UNLOCK, read_only=True)
    objects = [obj for case in store.cases.list_cases() for obj in store.objects.list_objects(case.case_id)]
    by_size = sorted({obj.sha256: obj for obj in objects}.values(), key=lambda obj: obj.size_bytes)
    chance = random.Random(20261125)
    files = {}
    for obj in by_size:
        entry = store.vault._find(obj.sha256)
        assert entry is not None
        files[obj.sha256] = store.vault._path(entry.file_id)

    def is_noticed(sha256: str) -> bool:
        try:
            store.vault.read_bytes(sha256)
        except StoreUnavailable:
            return True
        return False

    smallest, others = by_size[0], chance.sample(by_size[1:], min(12, len(by_size) - 1))
    for obj in (smallest, *others):
        file = files[obj.sha256]
        whole = file.read_bytes()
        assert not is_noticed(obj.sha256)
        every = (
            range(len(whole))
            if obj is smallest and len(whole) < 30_000
            else sorted({*range(80), *chance.sample(range(len(whole)), 60), len(whole) - 1})
        )
        for place_of_byte in every:
            with file.open("r+b") as opened:
                opened.seek(place_of_byte)
                opened.write(bytes([whole[place_of_byte] ^ (1 << (place_of_byte % 8))]))
            assert is_noticed(obj.sha256), (obj.content_type, place_of_byte)
            with file.open("r+b") as opened:
                opened.seek(place_of_byte)
                opened.write(whole[place_of_byte : place_of_byte + 1])
        for damaged in (whole[:-1], whole[: len(whole) // 2], whole + b"\0", b"", whole[:64]):
            file.write_bytes(damaged)
            assert is_noticed(obj.sha256), (obj.content_type, len(damaged))
        file.write_bytes(whole)
        assert not is_noticed(obj.sha256)
    one, other = files[others[0].sha256], files[others[-1].sha256]
    contents = one.read_bytes(), other.read_bytes()
    one.write_bytes(contents[1])
    other.write_bytes(contents[0])
    assert is_noticed(others[0].sha256) and is_noticed(others[-1].sha256), "two files swapped"
    large = by_size[-1]
    file = files[large.sha256]
    whole = file.read_bytes()
    sealed = 64 * 1024 + 16
    assert len(whole) > 64 + 2 * sealed
    file.write_bytes(
        whole[:64] + whole[64 + sealed : 64 + 2 * sealed] + whole[64 : 64 + sealed] + whole[64 + 2 * sealed :]
    )
    assert is_noticed(large.sha256), "two chunks swapped"
    store.close()
