"""A big file, killed again and again while it comes: not one chunk that lies checked on the disk is fetched again.

READINGROOM_FILE_MB makes it larger than 96 MB, up to 250.
"""

from __future__ import annotations

import os
import random
import sys
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path

import pytest

from sync.records.case import CaseId
from sync.store.database import open_store
from sync.vault.encrypted_file import CHUNK_BYTES
from tests.journey.mortal_program import Program
from tests.sync.conftest import hospital_server  # noqa: F401 - fixture
from tests.sync.request_watch import RequestWatch, WatchedRequest
from tests.sync.small_hospital import HospitalServer
from tests.sync.unfinished_files import verified_bytes

pytestmark = [
    pytest.mark.journey,
    pytest.mark.skipif(sys.platform == "win32", reason="SIGKILL and fork are POSIX"),
]

CASE, AT = CaseId("SO-1"), "/files/file-so-1"
FILE_BYTES = int(os.environ.get("READINGROOM_FILE_MB", "96")) * 1_000_000
LEAST_BYTES, MOST_BYTES = 8_000_000, 16_000_000
"""A kill comes when so much more has left the hospital; some of it still lies in the line then."""


def test_that_no_checked_chunk_of_a_big_file_is_fetched_again_after_a_kill(
    hospital_server: HospitalServer,  # noqa: F811
    program: Program,
    tmp_path: Path,
) -> None:
    watch, home, chance = RequestWatch(), tmp_path / "home", random.Random()
    kept: list[int] = [0]
    with hospital_server.hospital(tmp_path / "hospital", watch.around) as hospital:
        hospital.add_case(str(CASE), instances=0, slide=False, file_bytes=FILE_BYTES)
        hospital.profile().save(home / "demo" / "profile.json")
        open_store(home / "demo").close()  # made here, so that it opens without a passphrase
        while FILE_BYTES - kept[-1] > 2 * MOST_BYTES:  # never so near its end that it could be complete
            watch.sent = killing_when_sent(program, watch, chance.randint(LEAST_BYTES, MOST_BYTES))
            assert program.live(home), "it ended before it was killed"
            store = open_store(home / "demo", read_only=True)
            kept.append(verified_bytes(store, CASE, AT))
            store.close()
        watch.sent = lambda _request: None
        assert not program.live(home)
        store = open_store(home / "demo", read_only=True)
        (stored,) = [o for o in store.objects.list_objects(CASE) if o.source.endswith("/file-so-1")]
        assert store.vault.read_bytes(stored.sha256) == random.Random(str(CASE)).randbytes(FILE_BYTES)
        store.close()
    asked_from = [request.first_byte for request in watch.requests if request.path == AT]
    again = [there - first for there, first in zip(kept, asked_from, strict=True)]
    print(f"{len(kept) - 1} kills in {FILE_BYTES} bytes; kept after each: {kept[1:]}; checked bytes again: {again}")
    assert max(again) <= 0, "the code goes on behind the last chunk that is whole"
    assert all(first % CHUNK_BYTES == 0 for first in asked_from)
    assert sum(after > before for before, after in pairwise(kept)) >= 2, "the kills came too early"


def killing_when_sent(program: Program, watch: RequestWatch, amount_bytes: int) -> Callable[[WatchedRequest], None]:
    """Once, when so much was sent to a request that is still to come: the hospital may be sending to the dead yet."""
    earlier = {id(request) for request in watch.requests}
    killed: list[WatchedRequest] = []

    def sent(request: WatchedRequest) -> None:
        is_of_this_life = request.path == AT and id(request) not in earlier
        if is_of_this_life and request.sent_bytes >= amount_bytes and not killed:
            killed.append(request)
            program.kill()

    return sent
