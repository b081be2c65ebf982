"""What a damaged header makes the program say: one sentence, and nothing of what stood behind the damage."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.viewers.radiology.dicom_files import ct_slice, save
from viewers.byte_source import FileByteSource
from viewers.radiology.series_loader import scan_instances

RUN_ON = "1.2.840.10008\0LO\n MUSTER^Erika"


@pytest.mark.parametrize("keyword", ["SOPClassUID", "PhotometricInterpretation"])
def test_that_a_value_that_runs_on_into_the_patient_s_name_is_not_quoted(keyword: str, tmp_path: Path) -> None:
    made = ct_slice(0.0)
    if keyword == "SOPClassUID":
        del made.PixelData
    path = save(made, tmp_path / "a.dcm").path
    content = path.read_bytes()
    value = str(made[keyword].value).encode("ascii")
    at = content.rindex(value)
    length_at = at - 2
    longer = RUN_ON.encode("ascii").ljust(len(RUN_ON) + len(RUN_ON) % 2)
    padded = int.from_bytes(content[length_at:at], "little")
    changed = content[:length_at] + len(longer).to_bytes(2, "little") + longer + content[at + padded :]
    path.write_bytes(changed)
    scan = scan_instances([FileByteSource(path)])
    (sentence,) = [item.reason for item in (*scan.other, *scan.unusable)]
    assert "MUSTER" not in sentence and sentence.isprintable() and sentence.startswith("a.dcm ")


def test_that_an_image_without_its_pixels_is_incomplete(tmp_path: Path) -> None:
    made = ct_slice(0.0)
    del made.PixelData
    scan = scan_instances([save(made, tmp_path / "a.dcm")])
    (item,) = scan.unusable
    assert item.reason == "a.dcm is incomplete: it is an image (CT Image Storage) without its pixels."
