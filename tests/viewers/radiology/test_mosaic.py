"""A mosaic's slices are taken out where the scanner says they lie, or the picture stays as it is."""

from __future__ import annotations

import struct

import numpy as np
import pytest
from pydicom.dataset import Dataset

from tests.real_data import real_data
from tests.viewers.radiology.dicom_files import ct_slice
from tests.viewers.radiology.phantom_volumes import in_memory, loaded
from viewers.byte_source import FileByteSource
from viewers.geometry import PatientPoint
from viewers.radiology.decode import read_frame
from viewers.radiology.frame import Series
from viewers.radiology.instance import load_instance
from viewers.radiology.instance_facts import instance_from_facts, instance_to_facts
from viewers.radiology.series_facts import series_from_facts, series_to_facts
from viewers.radiology.series_loader import scan_instances
from viewers.radiology.volume_geometry import VoxelPoint


def csa_header(**elements: list[str]) -> bytes:
    """Siemens' own format of names and values, its second form."""
    whole = b"SV10\4\3\2\1" + struct.pack("<II", len(elements), 77)
    for name, values in elements.items():
        whole += struct.pack("<64si4siii", name.encode(), len(values), b"FD", 3, len(values) + 1, 77)
        for value in [*values, ""]:
            data = value.encode() + b"\0" if value else b""
            whole += struct.pack("<4i", len(data), len(data), 77, len(data)) + data.ljust(
                (len(data) + 3) // 4 * 4, b"\0"
            )
    return whole


def mosaic(count: int = 5, normal: tuple[float, ...] | None = (0, 0, 1), **changes: object) -> Dataset:
    """3×3 tiles of 4×6 pixels; tile k is filled with k."""
    picture = np.repeat(np.repeat(np.arange(9, dtype=np.int16).reshape(3, 3), 4, axis=0), 6, axis=1)
    ds = ct_slice(
        values=picture,
        ImageType=["ORIGINAL", "PRIMARY", "M", "MOSAIC"],
        PixelSpacing=[2.0, 2.0],
        SpacingBetweenSlices="7.5",
        ImagePositionPatient=[-18.0, -12.0, 30.0],
        **changes,
    )
    elements = {"NumberOfImagesInMosaic": [str(count)]}
    if normal is not None:
        elements["SliceNormalVector"] = [f"{part:.8f}" for part in normal]
    ds.private_block(0x0029, "SIEMENS CSA HEADER", create=True).add_new(0x10, "OB", csa_header(**elements))
    return ds


def load(ds: Dataset) -> Series:
    (series,) = scan_instances([in_memory(ds, "mosaic.dcm")]).series
    return series


@pytest.mark.parametrize("direction", [1, -1])
def test_that_every_tile_is_a_slice_where_it_was_measured(direction: int) -> None:
    series = load(mosaic(normal=(0, 0, direction)))
    assert (series.rows, series.columns, len(series.frames)) == (4, 6, 5)
    found = {
        frame.geometry.position.z_mm: int(read_frame(frame)[0, 0])
        for frame in series.frames
        if frame.geometry is not None
    }
    assert found == {30 + 7.5 * direction * k: k for k in range(5)}
    assert [frame.geometry.position for frame in series.frames if frame.geometry] == [
        # The mosaic's position is that of one picture of 18 × 12 around the slice: the slice begins a tile further in.
        PatientPoint(-18 + 6 * 2, -12 + 4 * 2, z) for z in sorted(found)
    ]  # fmt: skip
    assert "Taken out of Siemens mosaics: each slice is a part of a stored picture." in series.warnings


@pytest.mark.parametrize(
    "changes",
    [{"normal": None}, {"normal": (0, 1, 0)}, {"normal": (0, 0, 3)}, {"count": 0}, {"count": 17}, {"count": 99999}],
)
def test_that_a_mosaic_that_does_not_say_where_its_slices_lie_is_not_taken_apart(changes: dict[str, object]) -> None:
    series = load(mosaic(**changes))  # type: ignore[arg-type]
    assert (series.rows, series.columns, len(series.frames)) == (12, 18, 1)
    assert "Siemens mosaic: each picture holds many slices; positions are not known." in series.warnings
    assert series.frames[0].geometry is None


def test_that_a_damaged_csa_header_is_no_error() -> None:
    whole = csa_header(NumberOfImagesInMosaic=["5"], SliceNormalVector=["0", "0", "1"])
    for length in range(0, len(whole), 5):
        ds = mosaic()
        ds.private_block(0x0029, "SIEMENS CSA HEADER")[0x10].value = whole[:length]
        assert load(ds).frames[0].layout.rows in (4, 12)


def test_that_what_is_noted_of_a_mosaic_brings_back_its_slices() -> None:
    source = in_memory(mosaic(), "mosaic.dcm")
    instance = load_instance(source)
    again = instance_from_facts(instance_to_facts(instance), source)
    assert again.frames == instance.frames and again.variants == instance.variants
    (series,) = scan_instances([source]).series
    back = series_from_facts(series_to_facts(series), lambda _uid: source)
    assert [int(read_frame(frame)[0, 0]) for frame in back.frames] == list(range(5))


@pytest.mark.real_data
def test_that_the_real_mosaics_are_two_volumes_a_series() -> None:
    folder = real_data("dicom", "mr_siemens_mosaic_epi_pe4", "mr_0003")
    sources = [FileByteSource(path) for path in sorted(folder.iterdir())]
    first, second = scan_instances(sources).series
    assert [len(first.frames), len(second.frames)] == [5, 5]
    assert first.variant == "acquisition 1 of 2"
    volume = loaded(first)
    assert volume.geometry.spacing_mm == pytest.approx((12, 3, 3))
    # SlicePosition_PCS of the header, (-324, -324, 16), is that of the mosaic as one picture of 216².
    assert volume.geometry.to_patient(VoxelPoint(0, 0, 0)) == pytest.approx((-108, -108, 16))
    picture = read_frame(first.frames[0].stored_picture)
    assert picture.shape == (216, 216)
    assert np.array_equal(volume.values[3], picture[72:144, 0:72]) and volume.values[3].std() > 50
