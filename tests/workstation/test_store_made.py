"""The first start makes a store, and its audit trail says so once, in the reader's name."""

from __future__ import annotations

from pathlib import Path

from sync.hospital_profile import HospitalProfile
from sync.vault.keys import Unlock
from workstation.places import hospital_profile_path
from workstation.startup import _open


def test_that_making_the_store_is_in_its_trail_and_opening_it_again_is_not(tmp_path: Path) -> None:
    profile = HospitalProfile(
        name="clinic", hospital_name="Clinic", fhir_base="http://127.0.0.1:1/fhir",
        dicomweb_base="http://127.0.0.1:1/dicom-web", files_base="http://127.0.0.1:1/files", token="x",
        practitioner_reference="Practitioner/me", practitioner_name="Dr Me",
    )  # fmt: skip
    profile.save(hospital_profile_path(tmp_path, "clinic"))
    unlock = Unlock(passphrase="correct horse battery")
    for _ in range(2):
        opened = _open(tmp_path, "clinic", None, unlock)
        made = [row for row in opened.store.audit.entries() if row.action == "store made"]
        opened.store.close()
    (row,) = made
    assert (row.actor, row.outcome, row.detail) == ("Practitioner/me", "done", {"opens_with": "passphrase"})
