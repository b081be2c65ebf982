"""The laptop is lost: nothing of a patient can be read on it, in whatever state the program was.

Searched: the home folder, the temp folder, the run-time folder, every log, and the names of files; for everything that
the hospital's own state says of its patients, what was typed, the secrets, and runs of bytes of images, letters and the
signed report. Each needle is shown to be where it belongs before "not found" counts.
"""

from __future__ import annotations

import shutil
import zlib
from collections.abc import Iterator
from pathlib import Path

import pytest

from sync.demo_hospital.identity import ACCOUNT_PASSPHRASE, KEY_PIN
from sync.demo_hospital.stories import STORIES
from sync.errors import StoreLocked, StoreUnavailable, UnlockRefused
from sync.records.case import CaseId
from sync.store.database import open_store
from sync.vault.keys import Unlock
from tests.journey.hospital_canaries import letters_of, page_of, runs_of, telling_run, words_of
from tests.journey.leak_search import Allowed, LeakSearch, forms_of, unpacked
from tests.journey.lost_laptop_place import PASSPHRASE, PROFILE, Hospital, Laptop, Window, new_laptop

pytestmark = [pytest.mark.journey, pytest.mark.timeout(900)]

CHEST = "SO-2026-00101"
ANSWER = "Kanarienvogel in der Antwort, groesser als 7 mm"
"""ASCII: the test's keyboard has no other letters."""
AMENDED = "Zeisig im Entwurf danach"
STUMBLED = "Stieglitz in der Ausnahme"
SECRETS = (PASSPHRASE, ACCOUNT_PASSPHRASE, KEY_PIN)
READER, READER_ID = "Dr. Ilse Marwick", "Practitioner/demo-specialist"
MAY_LIE_OPEN = (
    Allowed(READER, "profile.json", "the list of hospitals says whose account it is before anything is unlocked"),
    Allowed(READER_ID, "profile.json", "an account that is added again is known by it before anything is unlocked"),
)


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Laptop, Hospital]]:
    with new_laptop(tmp_path_factory.mktemp("lost")) as place:
        yield place


@pytest.fixture(scope="module")
def words(place: tuple[Laptop, Hospital]) -> list[str]:
    return [*words_of(place[1].state), ANSWER, AMENDED, STUMBLED, READER, READER_ID, *SECRETS]


@pytest.fixture(scope="module")
def runs(place: tuple[Laptop, Hospital]) -> dict[str, bytes]:
    return runs_of(place[1].state)


def test_that_the_search_finds_what_lies_open(tmp_path: Path) -> None:
    run = bytes(range(64))
    letter = "Grünspecht, 1.2.826.0.1.99"
    for number, form in enumerate(sorted(forms_of(letter))):
        (tmp_path / f"form {number}").write_bytes(b"\0" + form)
    (tmp_path / "packed").write_bytes(b"stream\n" + zlib.compress(letter.encode()) + b"\nendstream")
    (tmp_path / letter).write_bytes(b"")
    (tmp_path / "pixels").write_bytes(bytes(1000) + run)
    (tmp_path / "thumbnail").write_bytes(b"\x89PNG\r\n\x1a\n")
    (tmp_path / "vault.rre").write_bytes(b"RRE1" + bytes(60) + b"what lies here in order " * 1000)
    (tmp_path / "profile.json").write_text("Dr. Allowed")
    search = LeakSearch([letter, "Dr. Allowed"], {"run": run}, [Allowed("Dr. Allowed", "profile.json", "")])
    found = search.find(tmp_path)
    assert len(found) == len(forms_of(letter)) + 5, found
    (tmp_path / "other.json").write_text("Dr. Allowed")
    assert len(search.find(tmp_path)) == len(found)  # the vault's file is read once


def test_that_nothing_can_be_read_whatever_the_program_was_doing(
    place: tuple[Laptop, Hospital], words: list[str], runs: dict[str, bytes], tmp_path: Path
) -> None:
    laptop, hospital = place
    said_to_the_typist = [
        Allowed(case_id, "commands.log", "a command tells whoever typed it which case it means; it names no patient")
        for case_id in (story.case_id for story in STORIES)
    ]
    allowed = [*MAY_LIE_OPEN, *said_to_the_typist]
    search = LeakSearch(words, runs, allowed)

    def nothing_is_readable(state: str) -> None:
        assert search.find(laptop.root) == [], state

    hospital.fail("slow=1:file")
    laptop.dies_while_fetching()
    assert list((laptop.store / "vault").glob("*.part")), "it was not killed while a file was on its way"
    nothing_is_readable("killed in the middle of a download")
    hospital.fail("")
    done = laptop.readingroom("sync", "--once", "--json", "--unlock-file", str(laptop.unlock_file))
    assert done.returncode == 0, done.stderr
    nothing_is_readable("after the first round")
    assert_planted(laptop, hospital, words, runs)

    window = laptop.window()
    unlock(window)
    window.order(f"prepare {CHEST} {ANSWER}")
    nothing_is_readable("running, a case read and a form filled in")
    hospital.fail("offline")
    window.order("key F6", f"sign {ACCOUNT_PASSPHRASE}|{KEY_PIN}")
    search = LeakSearch(words, {**runs, **report_runs(laptop, waiting=True)}, allowed)
    nothing_is_readable("signed, and waiting for the hospital")
    hospital.fail("")
    window.order("receipt")
    assert report_runs(laptop, waiting=False)
    nothing_is_readable("delivered")
    seen = window.order(f"stumble {STUMBLED} {words[0]}")
    assert "LookupError" in (laptop.root / "home" / "window.log").read_text()
    nothing_is_readable("after a fault that nobody foresaw")
    assert_written_on_the_laptop_only(laptop, seen["written"])
    locked = window.order("lock")
    assert locked["locked"] and LeakSearch(words, {}).find_in("\n".join(locked["texts"]).encode()) == []
    nothing_is_readable("locked")
    window.order(f"write lock-word {PASSPHRASE}", "press lock-open", "uncovered")
    window.kill()
    assert (laptop.store / "store.db-wal").exists()
    nothing_is_readable("killed")

    debug = tmp_path / "debug.log"
    window = laptop.window("debug", debug)
    unlock(window)
    window.order("open SO-2026-00102", "key F4", "rest 2", "key F6", f"findings {AMENDED}", "rest 2")
    nothing_is_readable("another case, with everything logged elsewhere")
    window.order_without_answer("crash")
    assert not [path for path in laptop.root.rglob("*") if path.name.startswith("core")]
    nothing_is_readable("crashed in native code")
    assert [secret for secret in SECRETS if secret in debug.read_text("utf-8", "replace")] == []

    window = laptop.window()
    unlock(window)
    window.quit()
    nothing_is_readable("closed")
    with_everything = laptop.opened()
    draft = with_everything.opinions.find_draft(CaseId("SO-2026-00102"))
    assert draft is not None and AMENDED in str(draft.response)  # it was there all the time
    with_everything.close()


def unlock(window: Window) -> None:
    window.order("asked", f"write lock-word {PASSPHRASE}", "press lock-open", "ready")


def assert_planted(laptop: Laptop, hospital: Hospital, words: list[str], runs: dict[str, bytes]) -> None:
    """What is searched for in vain is really there: in the vault once decrypted, and in the database."""
    store = laptop.opened()
    objects = [obj for case in store.cases.list_cases() for obj in store.objects.list_objects(case.case_id)]
    contents = [store.vault.read_bytes(sha256) for sha256 in {obj.sha256 for obj in objects}]
    with store.cases._database.reading() as connection:
        tables = connection.exec_driver_sql("SELECT name FROM sqlite_master WHERE type = 'table'").scalars().all()
        rows = [str(tuple(row)) for name in tables for row in connection.exec_driver_sql(f'SELECT * FROM "{name}"')]
    store.close()
    letters = [letter for _id, letter in letters_of(hospital.state)]
    assert len(set(letters) & set(contents)) >= 5, "no letter of the hospital lies in the vault"
    contents += [page for content in contents if content.startswith(b"%PDF") for page in unpacked(content)]
    held = {what for what, run in runs.items() if any(run in content for content in contents)}
    kinds = {what.split()[0] for what in held}
    assert kinds >= {"series", "tiles", "letter", "page"}, held
    everything = "\n".join(rows)
    told = [word for word in words if word in everything]
    assert len(told) > 100 and {CHEST, "Ashgrove", "LD-580314"} <= set(told)
    assert any(word.startswith("task-") for word in told) and any(word.startswith("2.25.") for word in told)


def report_runs(laptop: Laptop, *, waiting: bool) -> dict[str, bytes]:
    """Bytes of the signed report, its pages' text, its envelope and its signature."""
    store = laptop.opened()
    signed = store.opinions.find_signed(CaseId(CHEST))
    left = {entry.kind for entry in store.outbox.list_waiting()}
    received = store.opinions.find_receipt(CaseId(CHEST))
    store.close()
    assert signed is not None and ANSWER.encode() in signed.frozen.envelope
    assert (received is None) == waiting and bool(left) >= waiting
    return {
        "report": telling_run(signed.report_pdf),
        "text of the report": telling_run(page_of(signed.report_pdf)),
        "envelope": telling_run(signed.frozen.envelope),
        "signature": telling_run(signed.jws.encode()),
    }


def assert_written_on_the_laptop_only(laptop: Laptop, written: list[str]) -> None:
    """No file was opened for writing elsewhere, in /tmp or /dev/shm for instance, not even for a moment."""
    places = (str(laptop.root), str(laptop.pictures))
    elsewhere = [path for path in written if not path.startswith((*places, "/dev/null")) and Path(path).is_absolute()]
    elsewhere = [path for path in elsewhere if "__pycache__" not in path]
    assert elsewhere == []
    assert any(path.startswith(str(laptop.store)) for path in written)


def test_that_nothing_of_it_is_anybody_elses_to_read(place: tuple[Laptop, Hospital]) -> None:
    laptop, _ = place
    assert laptop.store.stat().st_mode & 0o077 == 0
    loose = [path for path in laptop.store.rglob("*") if path.is_file() and path.stat().st_mode & 0o077]
    assert [path.name for path in loose if path.name != "profile.json"] == []


def test_that_a_wrong_passphrase_opens_nothing(place: tuple[Laptop, Hospital], tmp_path: Path) -> None:
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
