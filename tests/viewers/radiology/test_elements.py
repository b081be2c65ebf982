"""Every element of a file is listed as it is, nested ones in their place; what is cut says so; a diff finds all."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from pydicom.dataset import Dataset

from tests.real_data import real_data
from tests.viewers.radiology.dicom_files import ct_slice, save
from viewers.byte_source import FileByteSource
from viewers.radiology.element_differences import differences
from viewers.radiology.elements import ElementRow, list_elements, matching, walk


def rows_of(tmp_path: Path, name: str = "a.dcm", **changes: object) -> tuple[ElementRow, ...]:
    dataset = ct_slice(SOPInstanceUID="1.2.3", SeriesInstanceUID="1.2", StudyInstanceUID="1.1", **changes)
    dataset.FrameOfReferenceUID = "1.9"
    return list_elements(save(dataset, tmp_path / name))


def find(rows: tuple[ElementRow, ...], tag: str) -> ElementRow:
    (row,) = [row for row in rows if row.tag == tag]
    return row


def test_that_elements_are_listed_with_their_values_in_the_order_of_the_file(tmp_path: Path) -> None:
    rows = rows_of(tmp_path, WindowCenter=["40", "-6.00E2"])
    tags = [row.tag for row in rows]
    assert tags == sorted(tags) and tags[0].startswith("(0002,") and tags[-1] == "(7FE0,0010)"
    name, window = find(rows, "(0010,0010)"), find(rows, "(0028,1050)")
    assert (name.vr, name.name, name.value) == ("PN", "Patient's Name", "MUSTER^ANNA")
    assert (window.value, window.cut) == ("40\\-6.00E2", "")
    assert rows[-1].cut == "Not listed here."


def test_that_nested_sequences_are_a_tree_and_a_search_finds_what_is_deep_in_it(tmp_path: Path) -> None:
    inner, outer = Dataset(), Dataset()
    inner.CodeMeaning = "Upper lobe of left lung"
    outer.AnatomicRegionModifierSequence = [inner]
    rows = rows_of(tmp_path, AnatomicRegionSequence=[Dataset(), outer])
    sequence = find(rows, "(0008,2218)")
    assert [item.tag for item in sequence.children] == ["#1", "#2"] and sequence.value == "2 items"
    assert sequence.children[1].children[0].children[0].children[0].value == "Upper lobe of left lung"
    ((path, row),) = matching(rows, "left LOBE meaning")
    assert path == "Anatomic Region Sequence #2 Anatomic Region Modifier Sequence #1" and row.name == "Code Meaning"


def test_that_private_elements_are_marked_with_whose_they_are(tmp_path: Path) -> None:
    dataset = ct_slice()
    dataset.private_block(0x0029, "ACME 1.0", create=True).add_new(0x10, "LO", "kept")
    rows = list_elements(save(dataset, tmp_path / "p.dcm"))
    private = find(rows, "(0029,1010)")
    assert private.is_private and private.name.startswith("ACME 1.0") and private.value == "kept"
    assert not any(row.is_private for row in rows if row.tag.startswith("(0010,"))


def test_that_what_is_not_shown_whole_says_how_much_is_and_is_still_compared_whole(tmp_path: Path) -> None:
    block = bytes(range(256)) * 4
    one = rows_of(tmp_path, ICCProfile=block)
    other = rows_of(tmp_path, "b.dcm", ICCProfile=block[:-1] + b"\0")
    row = find(one, "(0028,2000)")
    assert row.cut == "First 256 of 1,024 bytes." and row.value == find(other, "(0028,2000)").value
    assert [d.row.name for d in differences(one, other)] == ["ICC Profile"]
    long = find(rows_of(tmp_path, TextValue="x" * 30_000), "(0040,A160)")
    assert len(long.value) == 20_000 and long.cut == "First 20,000 of 30,000 characters."


def test_that_a_value_that_cannot_be_what_it_says_is_seen_as_its_bytes(tmp_path: Path) -> None:
    path = tmp_path / "damaged.dcm"
    save(ct_slice(InstanceNumber=1234), path)
    path.write_bytes(path.read_bytes().replace(b"IS\x04\x001234", b"IS\x04\x0012x4"))
    row = find(list_elements(FileByteSource(path)), "(0020,0013)")
    assert row.value in ("12x4", "31 32 78 34")


def test_that_only_what_differs_is_a_difference_wherever_it_stands(tmp_path: Path) -> None:
    code, changed = Dataset(), Dataset()
    code.CodeMeaning, changed.CodeMeaning = "Chest", "Abdomen"
    one = rows_of(tmp_path, AnatomicRegionSequence=[code], SliceLocation=1.0)
    other = rows_of(tmp_path, "b.dcm", AnatomicRegionSequence=[changed], EchoTime=4.6)
    found = [(d.path, d.row.name, d.one and d.one.value, d.other and d.other.value) for d in differences(one, other)]
    assert found == [
        ("Anatomic Region Sequence #1", "Code Meaning", "Chest", "Abdomen"),
        ("", "Echo Time", None, "4.6"),
        ("", "Slice Location", "1.0", None),
    ]
    assert list(differences(one, one)) == []


def test_that_what_stands_behind_the_pixels_is_said_not_to_be_listed(tmp_path: Path) -> None:
    dataset = ct_slice(values=np.zeros((4, 6), np.int16))
    dataset.add_new(0xFFFCFFFC, "OB", b"\0" * 10)
    assert (
        list_elements(save(dataset, tmp_path / "t.dcm"))[-1].name
        == "Elements after the pixels (22 bytes) are not listed."
    )


@pytest.mark.real_data
def test_that_two_slices_of_a_real_series_differ_only_in_what_belongs_to_a_slice() -> None:
    folder = real_data("dicom", "ct_chest_56sl_LungDx-A0001")
    first, second = (list_elements(FileByteSource(path)) for path in sorted(folder.rglob("*.dcm"))[:2])
    names = {difference.row.name for difference in differences(first, second)}
    assert {"SOP Instance UID", "Instance Number", "Image Position (Patient)"} <= names and len(names) < 12
    assert sum(1 for _ in walk(first)) > 60
