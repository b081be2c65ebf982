"""Every real image that other programs decode passes the door, and what it notes of it is what the file says."""

from __future__ import annotations

import csv
import hashlib

import numpy as np
import pytest

from tests.real_data import real_data
from viewers.byte_source import FileByteSource
from viewers.radiology.decode import read_frame
from viewers.radiology.instance import Instance, load_instance
from viewers.radiology.instance_facts import instance_from_facts
from workstation.door.inspection_pool import InspectionPool

LARGEST_BYTES = 4 << 20


def pixels_md5(instance: Instance) -> str:
    digest = hashlib.md5()
    for frame in instance.frames:
        digest.update(np.ascontiguousarray(read_frame(frame)).tobytes())
    return digest.hexdigest()


@pytest.mark.real_data
def test_that_every_decodable_image_passes_and_shows_the_same_pixels_afterwards() -> None:
    root = real_data()
    pool = InspectionPool()
    passed = compared = 0
    try:
        for row in csv.DictReader((root / "index.csv").read_text().splitlines()):
            if row["kind"] != "dicom" or row["decode"] != "ok":
                continue
            source = FileByteSource(root / row["path"])
            found = pool.check(source, kind="file")
            assert not found.problem, (row["path"], found.problem)
            passed += 1
            if found.blob and source.size_bytes <= LARGEST_BYTES:
                remembered, parsed = instance_from_facts(found.blob, source), load_instance(source)
                if parsed.sop_class_uid.endswith("77.1.6"):
                    continue  # a slide's tiles are found by the slide reader, from the file
                assert remembered == parsed, row["path"]
                assert pixels_md5(remembered) == pixels_md5(parsed), row["path"]
                compared += 1
    finally:
        pool.close()
    assert (passed > 550, compared > 500) == (True, True)


@pytest.mark.real_data
def test_that_every_slide_that_can_be_read_passes() -> None:
    root = real_data()
    pool = InspectionPool()
    try:
        for row in csv.DictReader((root / "index.csv").read_text().splitlines()):
            if row["decode"].startswith("openslide ") and "unreadable" not in row["path"]:
                found = pool.check(FileByteSource(root / row["path"]), kind="file", content_type="image/tiff")
                assert not found.problem, (row["path"], found.problem)
    finally:
        pool.close()
