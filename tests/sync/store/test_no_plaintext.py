"""Nothing a patient could be known by lies readable on the disk."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from sync.records.case import Patient
from sync.records.stored_object import Integrity, StoredObject
from sync.signing.gate import enrol
from sync.store.database import open_store
from tests.sync.sample_records import (
    AT,
    CASE,
    sample_case,
    sample_draft,
    sample_marks,
    sample_receipt,
    sample_revision,
    sample_signed,
)

CANARY = "KanarienvogelXQ"


def test_that_no_canary_is_found_in_any_file(tmp_path: Path) -> None:
    store = open_store(tmp_path / "demo")
    patient = Patient(f"Patient/{CANARY}", CANARY, CANARY, CANARY, None, "female")
    store.cases.put_case(sample_case(patient=patient), [{"resourceType": "Patient", "id": CANARY, "name": CANARY}])
    store.cases.put_sync_token({"page_url": CANARY})
    obj = StoredObject(CASE, CANARY, "ab" * 32, 5, "application/pdf", CANARY, Integrity.SHA256, AT)
    store.objects.put_object(obj)
    store.objects.put_display_facts(CASE, CANARY, CANARY.encode())
    store.annotations.append(sample_revision(payload=f'{{"text":"{CANARY}"}}'))
    store.opinions.put_draft(sample_draft(CANARY))
    signed = sample_signed()
    frozen = replace(signed.frozen, envelope=CANARY.encode(), marks=(sample_marks(CANARY.encode()),))
    store.opinions.put_signed(replace(signed, frozen=frozen, report_pdf=CANARY.encode()))
    store.opinions.put_receipt(sample_receipt())
    store.session.put("open_case", CANARY)
    store.session.put_secret("token", CANARY.encode())
    store.audit.append("case opened", CASE, CANARY, "done", {"note": CANARY})
    enrol(store, CANARY.encode(), CANARY.encode(), CANARY)
    writer = store.vault.begin(CASE)
    for _ in range(30_000):
        writer.write(CANARY.encode())
    open_part = [path.read_bytes() for path in (tmp_path / "demo" / "vault").iterdir()]
    writer.commit()

    for when in ("while open", "after closing"):
        files = [path for path in (tmp_path / "demo").rglob("*") if path.is_file()]
        assert {"store.db", "store.key"} <= {path.name for path in files}
        if when == "while open":
            assert "store.db-wal" in {path.name for path in files}
        for content in (*open_part, *(path.read_bytes() for path in files)):
            for canary in (CANARY.encode("utf-8"), CANARY.encode("utf-16-le"), CANARY.encode("utf-8").hex().encode()):
                assert canary not in content, when
            assert not content.startswith(b"SQLite format 3")
        store.close()
