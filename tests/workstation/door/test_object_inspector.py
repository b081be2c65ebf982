"""What the door says of real, damaged and hostile files, each opened in a child with limits."""

from __future__ import annotations

import io
import struct
import zipfile
import zlib
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import imagecodecs
import numpy as np
import pytest
from pydicom.dataset import Dataset
from pydicom.encaps import encapsulate
from pydicom.sequence import Sequence
from pydicom.uid import UID, ExplicitVRLittleEndian, JPEG2000Lossless, JPEGBaseline8Bit

from sync.demo_hospital.phantoms.slide import write_slide
from sync.transfer.door import InstanceFacts, inspect_instance
from tests.journey import hostile_files
from tests.viewers.pathology.byte_sources import MemoryByteSource
from tests.viewers.radiology.dicom_files import ct_slice, save
from tests.workstation.case.pdfs import make_pdf
from viewers.radiology.decode import read_frame
from viewers.radiology.instance import load_instance
from viewers.radiology.instance_facts import instance_from_facts
from workstation.door.inspection_pool import Allowance, InspectionPool
from workstation.door.object_inspector import ProcessInspector

MPEG4 = UID("1.2.840.10008.1.2.4.102")
STRUCTURED_REPORT = "1.2.840.10008.5.1.4.1.1.88.11"


@pytest.fixture(scope="module")
def inspector() -> Iterator[ProcessInspector]:
    inspector = ProcessInspector(InspectionPool(2, Allowance(silence_s=15.0, base_s=30.0)))
    yield inspector
    inspector.close()


def instance(tmp_path: Path, syntax: str = ExplicitVRLittleEndian, **changes: Any) -> bytes:
    path = tmp_path / "one.dcm"
    save(ct_slice(**changes), path, syntax)
    return path.read_bytes()


def compressed(tmp_path: Path, codestream: bytes, syntax: UID, **changes: Any) -> bytes:
    dataset = ct_slice(values=np.zeros((64, 64), np.uint8), **changes)
    dataset.PixelData = encapsulate([codestream])
    dataset["PixelData"].VR = "OB"
    dataset["PixelData"].is_undefined_length = True
    path = tmp_path / "compressed.dcm"
    save(dataset, path, syntax)
    return path.read_bytes()


def inspect(inspector: ProcessInspector, content: bytes) -> InstanceFacts:
    return inspector.inspect(MemoryByteSource("Image 7", content))


def problem_of_file(inspector: ProcessInspector, content: bytes, content_type: str = "image/tiff") -> str:
    return inspector.inspect_file(MemoryByteSource("Slide A", content), content_type).problem


def made(tmp_path: Path, build: Callable[[Path], None]) -> bytes:
    build(tmp_path / "made")
    return (tmp_path / "made").read_bytes()


def test_that_a_good_instance_passes_with_the_facts_that_display_needs(
    inspector: ProcessInspector, tmp_path: Path
) -> None:
    content = instance(tmp_path, z_mm=7.5)
    source = MemoryByteSource("Image 7", content)
    facts = inspect(inspector, content)
    assert replace(facts, display_facts=b"") == inspect_instance(source)
    assert facts.complete
    assert facts.patient_name == "MUSTER^ANNA"
    assert instance_from_facts(facts.display_facts, source) == load_instance(source)


@pytest.mark.filterwarnings("ignore::UserWarning")  # pydicom, in this process, about what is cut
def test_that_an_instance_cut_anywhere_is_turned_away(inspector: ProcessInspector, tmp_path: Path) -> None:
    content = instance(tmp_path)
    for length in range(len(content)):
        facts = inspect(inspector, content[:length])
        assert facts.problem or not facts.proves_its_end, length
        if inspect_instance(MemoryByteSource("Image 7", content[:length])).problem:
            assert facts.problem, length


def test_that_every_compressed_frame_is_decoded_before_it_is_let_in(
    inspector: ProcessInspector, tmp_path: Path
) -> None:
    picture = np.random.default_rng(1).integers(0, 255, (64, 64), np.uint8)
    jpeg = imagecodecs.jpeg8_encode(picture)
    j2k = imagecodecs.jpeg2k_encode(picture, codecformat="J2K", reversible=True)
    for codestream, syntax in ((jpeg, JPEGBaseline8Bit), (j2k, JPEG2000Lossless)):
        assert not inspect(inspector, compressed(tmp_path, codestream, syntax)).problem
        broken = inspect(inspector, compressed(tmp_path, codestream[: len(codestream) // 3], syntax)).problem
        assert "image 1" in broken
    garbage = inspect(
        inspector, compressed(tmp_path, b"\xff\xd8 nothing that a decoder knows \xff\xd9", JPEGBaseline8Bit)
    )
    assert "damaged in image 1" in garbage.problem


def test_that_a_codestream_that_claims_a_giant_picture_is_turned_away(
    inspector: ProcessInspector, tmp_path: Path
) -> None:
    j2k = bytearray(imagecodecs.jpeg2k_encode(np.zeros((64, 64), np.uint8), codecformat="J2K", reversible=True))
    at = j2k.index(b"\xff\x51")
    for offset in (6, 10, 22, 26):  # Xsiz, Ysiz, XTsiz, YTsiz
        struct.pack_into(">I", j2k, at + offset, 60_000)
    assert "claims 60000 × 60000" in inspect(inspector, compressed(tmp_path, bytes(j2k), JPEG2000Lossless)).problem
    assert (
        "claims 65500 × 65500" in inspect(inspector, made(tmp_path, hostile_files.claims_more_than_its_header)).problem
    )


@pytest.mark.parametrize("build", [hostile_files.claims_terabytes, hostile_files.deflate_bomb])
def test_that_a_header_that_claims_more_than_there_is_costs_no_memory(
    inspector: ProcessInspector, tmp_path: Path, build: Callable[[Path], None]
) -> None:
    assert inspect(inspector, made(tmp_path, build)).problem


def test_that_an_element_of_four_gigabytes_in_a_small_file_is_turned_away(
    inspector: ProcessInspector, tmp_path: Path
) -> None:
    content = instance(tmp_path)
    at = content.index(b"\x08\x00\x60\x00CS")
    private = b"\x09\x00\x10\x10OB\0\0" + struct.pack("<I", 0xFFFFFFF0)
    assert inspect(inspector, content[:at] + private + content[at:]).problem


@pytest.mark.parametrize("undefined", [True, False])
def test_that_sequences_nested_ten_thousand_deep_are_survived(
    inspector: ProcessInspector, tmp_path: Path, undefined: bool
) -> None:
    content = instance(tmp_path)
    nest = b""
    head, item = b"\x08\x00\x40\x11SQ\0\0", b"\xfe\xff\x00\xe0"
    ends = b"\xfe\xff\x0d\xe0\0\0\0\0\xfe\xff\xdd\xe0\0\0\0\0"
    if undefined:
        nest = (head + b"\xff" * 4 + item + b"\xff" * 4) * 10_000 + ends * 10_000
    else:
        for _ in range(10_000):
            nest = head + struct.pack("<I", len(nest) + 8) + item + struct.pack("<I", len(nest)) + nest
    at = content.index(b"\x08\x00\x60\x00CS")
    facts = inspect(inspector, content[:at] + nest + content[at:])
    assert bool(facts.problem) == undefined, "what is not descended into does no harm"
    assert not inspect(inspector, content).problem


def test_that_what_is_well_formed_and_not_shown_is_let_in(inspector: ProcessInspector, tmp_path: Path) -> None:
    assert not inspect(inspector, compressed(tmp_path, bytes(100), MPEG4)).problem
    report = instance(tmp_path, SOPClassUID=STRUCTURED_REPORT, PixelData=None, Rows=None, Columns=None)
    facts = inspect(inspector, report)
    assert (facts.problem, facts.proves_its_end) == ("", False)


@pytest.mark.parametrize(
    "content",
    [b"", b"\0" * 5000, make_pdf(1), b"PK\x03\x04" + bytes(500), b"just text", b"\x89PNG\r\n\x1a\n" + bytes(200)],
)
def test_that_another_kind_of_file_is_no_instance(inspector: ProcessInspector, content: bytes) -> None:
    assert inspect(inspector, content).problem


def test_that_a_slide_passes_with_every_tile_decoded(inspector: ProcessInspector, tmp_path: Path) -> None:
    write_slide(tmp_path / "phantom.svs", width_px=1280, height_px=1280)
    content = (tmp_path / "phantom.svs").read_bytes()
    assert problem_of_file(inspector, content) == ""
    at = content.index(b"\xff\xd8\xff", len(content) // 3)  # one of some hundred tiles
    damaged = content[:at] + b"\0" * 40 + content[at + 40 :]
    assert "damaged tile" in problem_of_file(inspector, damaged)
    assert "truncated" in problem_of_file(inspector, content[: len(content) // 2])


@pytest.mark.parametrize("build", [hostile_files.directories_in_a_circle, hostile_files.tile_claims_gigabytes])
def test_that_a_hostile_slide_is_turned_away(
    inspector: ProcessInspector, tmp_path: Path, build: Callable[[Path], None]
) -> None:
    assert problem_of_file(inspector, made(tmp_path, build))


def test_that_the_content_says_what_a_file_is_and_not_the_hospital(inspector: ProcessInspector, tmp_path: Path) -> None:
    circle = made(tmp_path, hostile_files.directories_in_a_circle)
    assert "never ends" in problem_of_file(inspector, circle, "application/pdf")
    assert problem_of_file(inspector, b"hello", "application/pdf") == "it is damaged or not a PDF"
    assert problem_of_file(inspector, make_pdf(2), "text/plain") == ""
    assert problem_of_file(inspector, instance(tmp_path)[:400], "text/plain")
    assert problem_of_file(inspector, b"", "text/plain") == "it is empty"


def test_that_a_file_which_nothing_here_opens_is_let_in_unopened(inspector: ProcessInspector) -> None:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("bomb", bytes(50 << 20))
    assert problem_of_file(inspector, packed.getvalue(), "application/zip") == ""


def test_that_a_pdf_that_inflates_without_end_is_let_in_undrawn(inspector: ProcessInspector) -> None:
    stream = zlib.compress(b"0 0 m 9 9 l S " * (64 << 20 >> 4), 9)
    bomb = make_pdf(1)
    assert problem_of_file(inspector, bomb.replace(b"%%EOF", b"") + stream + b"\n%%EOF\n", "application/pdf") == ""


def test_that_the_pixels_are_the_same_whether_from_facts_or_from_the_file(
    inspector: ProcessInspector, tmp_path: Path
) -> None:
    sequence = Dataset()
    sequence.CodeValue = "1"
    content = instance(tmp_path, ProcedureCodeSequence=Sequence([sequence]))
    source = MemoryByteSource("Image 7", content)
    remembered = instance_from_facts(inspect(inspector, content).display_facts, source)
    np.testing.assert_array_equal(read_frame(remembered.frames[0]), read_frame(load_instance(source).frames[0]))
