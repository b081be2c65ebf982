"""A store of the first version, as people have it on their disks, opens with everything that was in it."""

from __future__ import annotations

import hashlib
import shutil
from pathlib import Path

import pytest

from sync.records.case import CaseId
from sync.records.outbox_entry import OutboxKind, OutboxState
from sync.store.database import Store, open_store

FIRST_VERSION = Path(__file__).parent / "first_version"
CHEST, SLIDE = CaseId("SO-2026-00042"), CaseId("SO-2026-00043")
LETTER = b"A letter of the first version."
PIXELS = bytes(range(256)) * 8


@pytest.fixture
def first_version(tmp_path: Path) -> Path:
    return Path(shutil.copytree(FIRST_VERSION, tmp_path / "demo"))


def check_that_everything_is_there(store: Store) -> None:
    assert [case.case_id for case in store.cases.list_cases()] == [CHEST, SLIDE]
    assert store.cases.get_case(CHEST).patient.family == "Zürcher"
    assert store.cases.find_resource("Task/t1") == {"resourceType": "Task", "id": "t1", "status": "requested"}
    assert store.cases.find_sync_token() == {"page_url": "x"}
    (mark,) = store.annotations.list_current(CHEST)
    assert (mark.annotation_id, mark.revision, mark.payload) == ("a1", 1, '{"mm":7}')
    draft = store.opinions.find_draft(SLIDE)
    assert draft is not None and draft.response["item"] == [{"linkId": "a draft of the first version"}]
    signed = store.opinions.find_signed(CHEST)
    assert signed is not None
    assert signed.frozen.envelope == b'{"opinion":"SO-2026-00042/1/v1"}'
    assert (signed.jws, signed.report_pdf) == ("header..signature", b"%PDF-1.7 signed")
    assert [file.content for file in signed.frozen.marks] == [b'{"type":"marks"}']
    (entry,) = store.outbox.list_entries()
    assert (entry.kind, entry.subject, entry.state) == (OutboxKind.OPINION, "SO-2026-00042/1/v1", OutboxState.WAITING)
    assert store.session.find("open_case") == CHEST
    assert store.session.find_secret("identity.p12") == b"p12"
    assert store.objects.find_display_facts(CHEST, "letter.txt") == b"facts"
    for case_id, content in ((CHEST, LETTER), (SLIDE, PIXELS)):
        (stored,) = store.objects.list_objects(case_id)
        assert stored.sha256 == hashlib.sha256(content).hexdigest()
        assert store.vault.read_bytes(stored.sha256) == content
    assert store.audit.verify() is None
    assert len(store.audit.entries()) == 2


def test_that_a_store_of_the_first_version_opens_with_everything_in_it(first_version: Path) -> None:
    for _ in ("migrated", "opened again"):
        store = open_store(first_version)
        check_that_everything_is_there(store)
        store.close()
