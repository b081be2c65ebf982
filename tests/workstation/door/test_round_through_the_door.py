"""A whole round with the program's own inspector: good images come in, bad ones are listed, nothing falls over."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pydicom
import pytest

from sync.records.case import CaseId
from sync.store.database import Store, open_store
from sync.sync_round import run_sync_round
from tests.sync.small_hospital import HospitalServer, SmallHospital
from workstation.door.object_inspector import ProcessInspector
from workstation.stored_series import load_series

CASE = CaseId("SO-1")


@pytest.fixture
def hospital(tmp_path: Path) -> Iterator[SmallHospital]:
    with HospitalServer() as server, server.hospital(tmp_path / "hospital") as hospital:
        yield hospital


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    store = open_store(tmp_path / "profile")
    yield store
    store.close()


def make_undecodable(path: Path) -> None:
    """The same object, whole and of the same length, of a kind of pixel that does not exist."""
    dataset = pydicom.dcmread(path)
    dataset.BitsAllocated = 12
    dataset.save_as(path)


def test_that_good_images_come_in_and_bad_ones_are_listed(hospital: SmallHospital, store: Store) -> None:
    hospital.add_case("SO-1", slide=False)
    make_undecodable(hospital.folder / "so-1-2.dcm")
    inspector = ProcessInspector()
    try:
        report = run_sync_round(store, hospital.profile(), inspector=inspector)
    finally:
        inspector.close()
    assert report.complete
    images = [obj for obj in store.objects.list_objects(CASE) if obj.sop_instance_uid]
    reasons = [item.reason for item in store.objects.list_rejected(CASE)]
    assert len(images) == 2
    assert any("does not say how many bits a pixel has" in reason for reason in reasons)
    assert any("damaged or not a PDF" in reason for reason in reasons), "the small hospital's report is none"
    assert len(list((store.directory / "vault").iterdir())) == len(store.objects.list_objects(CASE))
    assert len(store.objects.list_file_facts(CASE, [image.sha256 for image in images])) == 2
    assert sum(len(stack.frames) for stack in load_series(store, CASE, "series", images).stacks) == 2
