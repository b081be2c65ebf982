"""What shares a position is told apart by what the header says, and the reader is told by what."""

from __future__ import annotations

from typing import Any

import pytest
from pydicom.dataset import Dataset
from pydicom.sequence import Sequence

from tests.viewers.radiology.dicom_files import ct_slice
from tests.viewers.radiology.phantom_volumes import in_memory
from viewers.radiology.frame import Series
from viewers.radiology.series_loader import scan_instances

SQUARE: dict[str, Any] = {"PixelSpacing": [0.7, 0.7]}


def load(*slices: dict[str, Any]) -> tuple[Series, ...]:
    return scan_instances([in_memory(ct_slice(**{**SQUARE, **s}), f"{n}.dcm") for n, s in enumerate(slices)]).series


def numbers(series: Series) -> list[int | None]:
    return [frame.instance_number for frame in series.frames]


@pytest.mark.parametrize(
    ("keyword", "values", "name", "words"),
    [
        ("EchoTime", ("4.6", "92"), "echo time", ("TE 4.6 ms", "TE 92 ms")),
        ("DiffusionBValue", (0.0, 800.0), "b-value", ("b 0 s/mm²", "b 800 s/mm²")),
        ("TriggerTime", ("0", "350.5"), "trigger time", ("trigger 0 ms", "trigger 350.5 ms")),
        ("ConvolutionKernel", ("B30f", "B70f"), "reconstruction kernel", ("B30f", "B70f")),
        ("KVP", ("80", "140"), "tube voltage", ("80 kV", "140 kV")),
        (
            "TemporalPositionIdentifier",
            (1, 2),
            "temporal position",
            ("temporal position 1 of 2", "temporal position 2 of 2"),
        ),
        ("AcquisitionTime", ("101500", "101730.5"), "time", ("time 1 of 2", "time 2 of 2")),
        (
            "ImageType",
            (["ORIGINAL", "PRIMARY", "M", "ND"], ["ORIGINAL", "PRIMARY", "P", "ND"]),
            "kind of image",
            ("M ND", "P ND"),
        ),
    ],
)  # fmt: skip
def test_that_images_at_each_position_fall_apart_by_what_they_differ_in(
    keyword: str, values: tuple[Any, Any], name: str, words: tuple[str, str]
) -> None:
    # Written position by position, as scanners do, and against the numbers, which say nothing of it.
    slices = [{"z_mm": z, "number": 50 - n, keyword: values[n % 2]} for n, z in enumerate((0, 0, 5, 5, 10, 10))]
    first, second = load(*slices)
    assert (first.variant, second.variant) == words
    assert numbers(first) == [50, 48, 46] and numbers(second) == [49, 47, 45]
    assert second.apart == f"Each position has 2 images, told apart by {name}: this is {words[1]}."
    assert second.warnings == (second.apart,) and second.title == f"3. CT Chest, {words[1]} (2/2)"


def test_that_two_differences_are_told_apart_one_after_the_other() -> None:
    slices = [
        {"z_mm": z, "number": n, "EchoTime": str(echo), "TemporalPositionIdentifier": time}
        for n, (z, echo, time) in enumerate((z, echo, time) for z in (0, 5) for echo in (5, 10) for time in (1, 2))
    ]
    parts = load(*slices)
    assert [part.variant for part in parts] == [
        "TE 5 ms, temporal position 1 of 2",
        "TE 5 ms, temporal position 2 of 2",
        "TE 10 ms, temporal position 1 of 2",
        "TE 10 ms, temporal position 2 of 2",
    ]
    assert [numbers(part) for part in parts] == [[0, 4], [1, 5], [2, 6], [3, 7]]
    assert "told apart by echo time and temporal position" in parts[0].apart


def test_that_a_phase_that_lacks_images_is_a_phase_with_a_gap_and_not_a_muddle() -> None:
    slices = [
        {"z_mm": z, "number": n, "TemporalPositionIdentifier": time}
        for n, (time, z) in enumerate((time, z) for time in (1, 2) for z in (0, 5, 10, 15, 20))
    ]
    del slices[7]
    first, second = load(*slices)
    assert (len(first.frames), len(second.frames)) == (5, 4)
    assert first.warnings == (first.apart,)
    assert second.warnings == (second.apart, "Gap of 10.0 mm between images 2 and 3 (about 1 image missing).")
    assert second.apart.startswith("Some positions have 2 images, told apart by temporal position")


def test_that_what_runs_along_the_stack_splits_nothing() -> None:
    slices = [{"z_mm": z, "number": n, "AcquisitionTime": f"1015{n:02}"} for n, z in enumerate((0, 5, 5, 10, 15))]
    (series,) = load(*slices)
    assert len(series.frames) == 5 and series.warnings == ("2 images share 1 position.",)


def test_that_images_told_apart_by_nothing_but_their_sequence_say_so() -> None:
    slices = [{"z_mm": z, "number": n} for n, z in enumerate((0, 5, 0, 5, 0, 5))]
    parts = load(*slices)
    assert [numbers(part) for part in parts] == [[0, 1], [2, 3], [4, 5]]
    assert parts[1].apart == "Each position has 3 images, told apart by their sequence: this is phase 2 of 3."


@pytest.mark.parametrize(("times", "stacks"), [(16, 16), (17, 1)])
def test_that_many_points_in_time_are_one_stack_in_their_order(times: int, stacks: int) -> None:
    slices = [
        {"z_mm": z, "number": n, "TemporalPositionIdentifier": time}
        for n, (z, time) in enumerate((z, time) for z in (0, 5) for time in range(1, times + 1))
    ]
    found = load(*slices)
    assert len(found) == stacks
    assert [number for series in found for number in numbers(series)] == [
        number for time in range(times) for number in (time, times + time)
    ]
    if stacks == 1:
        assert found[0].warnings == (
            "Each position has 17 images, told apart by temporal position: shown one after the other.",
        )


def test_that_siemens_own_b_value_is_read() -> None:
    def with_b(z: float, number: int, b: str) -> Dataset:
        ds = ct_slice(z, number, Modality="MR", **SQUARE)
        ds.private_block(0x0019, "SIEMENS MR HEADER", create=True).add_new(0x0C, "IS", b)
        return ds

    files = [
        in_memory(with_b(z, n, b), f"{n}.dcm")
        for n, (z, b) in enumerate([(0, "0"), (0, "1000"), (5, "0"), (5, "1000")])
    ]
    assert [series.variant for series in scan_instances(files).series] == ["b 0 s/mm²", "b 1000 s/mm²"]


def enhanced(frames: list[dict[str, Any]]) -> Dataset:
    """A multi-frame image whose frames each have a height and, where given, echo, time or dimension index."""
    import numpy as np

    ds = ct_slice(values=np.zeros((4, 6), np.int16), ImagePositionPatient=None)
    ds.NumberOfFrames = len(frames)
    ds.PixelData = b"".join(np.full((4, 6), n, np.int16).tobytes() for n in range(len(frames)))
    pointers = (0x00209056, 0x00209057, 0x00189087)
    ds.DimensionIndexSequence = Sequence([item(DimensionIndexPointer=pointer) for pointer in pointers])
    ds.SharedFunctionalGroupsSequence = Sequence(
        [
            item(
                PlaneOrientationSequence=[item(ImageOrientationPatient=[1, 0, 0, 0, 1, 0])],
                PixelMeasuresSequence=[item(PixelSpacing=[0.7, 0.7], SliceThickness=5)],
            )
        ]
    )
    own = []
    for frame in frames:
        group = item(
            PlanePositionSequence=[item(ImagePositionPatient=[0, 0, frame["z"]])],
            FrameContentSequence=[item(DimensionIndexValues=frame.get("index", [1, 1, 1]))],
        )
        if "echo" in frame:
            group.MREchoSequence = Sequence([item(EffectiveEchoTime=frame["echo"])])
        if "b" in frame:
            group.MRDiffusionSequence = Sequence([item(DiffusionBValue=frame["b"])])
        own.append(group)
    ds.PerFrameFunctionalGroupsSequence = Sequence(own)
    return ds


def item(**elements: Any) -> Dataset:
    ds = Dataset()
    for keyword, value in elements.items():
        setattr(ds, keyword, Sequence(value) if keyword.endswith("Sequence") else value)
    return ds


@pytest.mark.parametrize(("element", "words"), [("echo", ["TE 5 ms", "TE 80 ms"]), ("b", ["b 5 s/mm²", "b 80 s/mm²"])])
def test_that_an_enhanced_image_falls_apart_by_its_functional_groups(element: str, words: list[str]) -> None:
    frames = [{"z": z, element: value} for value in (80.0, 5.0) for z in (10, 0, 5)]
    first, second = scan_instances([in_memory(enhanced(frames), "enhanced.dcm")]).series
    assert [first.variant, second.variant] == words
    assert [frame.frame_number for frame in first.frames] == [5, 6, 4]
    assert [frame.geometry.position.z_mm for frame in second.frames if frame.geometry] == [0, 5, 10]


def test_that_a_dimension_that_says_nothing_of_place_tells_frames_apart() -> None:
    frames = [{"z": z, "index": [1, n + 1, dimension]} for dimension in (2, 1) for n, z in enumerate((0, 5, 10))]
    first, second = scan_instances([in_memory(enhanced(frames), "enhanced.dcm")]).series
    assert [frame.frame_number for frame in first.frames] == [4, 5, 6]
    assert second.variant == "dimension index 2 of 2"
