"""A series opens from what the door noted of its files: no header is parsed a second time."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from sync.records.stored_object import Integrity, StoredObject
from sync.store.database import Store, open_store
from tests.sync.sample_records import CASE
from tests.viewers.radiology.dicom_files import SERIES, STUDY, ct_slice, save
from viewers.byte_source import FileByteSource
from viewers.radiology import instance as instance_module
from viewers.radiology.instance import load_instance
from viewers.radiology.instance_facts import instance_to_facts, refusal_to_facts
from workstation.stored_series import load_series


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    store = open_store(tmp_path / "demo")
    yield store
    store.close()


def put(store: Store, tmp_path: Path, number: int, facts: bytes | None) -> StoredObject:
    """A slice in the vault, with *facts*, or (None) with what its header says."""
    source: FileByteSource = save(ct_slice(z_mm=5.0 * number, number=number), tmp_path / f"{number}.dcm")
    writer = store.vault.begin(CASE)
    writer.write(source.path.read_bytes())
    parsed = load_instance(source)
    obj = StoredObject(
        CASE, "ImagingStudy/1", writer.commit(), source.size_bytes, "application/dicom", f"Image {number}",
        Integrity.STRUCTURE, datetime.now(UTC), STUDY, SERIES, parsed.sop_instance_uid,
    )  # fmt: skip
    store.objects.put_object(obj, instance_to_facts(parsed) if facts is None else facts)
    return obj


def refuse(*_args: Any) -> Any:
    raise AssertionError("a header was parsed")


def test_that_a_series_opens_without_parsing_a_header(
    store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    objects = [put(store, tmp_path, number, None) for number in (3, 1, 2)]
    parsed = load_series(store, CASE, "parsed", objects).stacks
    monkeypatch.setattr(instance_module, "read_header", refuse)
    monkeypatch.setattr(instance_module, "load_instance", refuse)
    [stack] = load_series(store, CASE, "remembered", objects).stacks
    assert [stack] == list(parsed)
    assert [frame.instance_number for frame in stack.frames] == [1, 2, 3]


def test_that_notes_of_another_version_are_not_believed(store: Store, tmp_path: Path) -> None:
    objects = [put(store, tmp_path, 1, b"of a newer program"), put(store, tmp_path, 2, None)]
    [stack] = load_series(store, CASE, SERIES, objects).stacks
    assert len(stack.frames) == 2


def test_that_what_the_door_found_not_shown_is_listed_with_its_reason(store: Store, tmp_path: Path) -> None:
    sentence = "Image 1 is compressed as MPEG-4 video, which this program does not decode."
    objects = [put(store, tmp_path, 1, refusal_to_facts(sentence))]
    content = load_series(store, CASE, SERIES, objects)
    assert [item.reason for item in content.not_shown] == [sentence]
