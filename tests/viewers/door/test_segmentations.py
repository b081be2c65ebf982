"""What is decoded to be outlined was decoded at the door before: a segmentation that breaks a decoder stays outside."""

from __future__ import annotations

import struct
from typing import Any

import numpy as np
import pytest
from pydicom.dataset import Dataset
from pydicom.encaps import encapsulate
from pydicom.sequence import Sequence
from pydicom.uid import RLELossless

from tests.viewers.radiology.dicom_files import ct_slice, save
from viewers.door.instance_check import check_instance
from viewers.errors import UnreadableFile
from viewers.radiology.dicom_header import read_header
from viewers.radiology.pydicom_warnings import silenced
from viewers.radiology.sop_class import SEGMENTATION


def segmentation() -> Dataset:
    """One frame of 8-bit pixels with its place in the patient, in run lengths."""
    ds: Any = ct_slice(values=np.zeros((20, 30), np.uint8))
    ds.SOPClassUID, ds.Modality, ds.NumberOfFrames = SEGMENTATION, "SEG", 1
    position, orientation, measures, shared = Dataset(), Dataset(), Dataset(), Dataset()
    position.ImagePositionPatient = ds.ImagePositionPatient
    orientation.ImageOrientationPatient = ds.ImageOrientationPatient
    measures.PixelSpacing = ds.PixelSpacing
    shared.PlanePositionSequence = Sequence([position])
    shared.PlaneOrientationSequence = Sequence([orientation])
    shared.PixelMeasuresSequence = Sequence([measures])
    ds.SharedFunctionalGroupsSequence = Sequence([shared])
    return ds


@pytest.mark.parametrize("damaged", [False, True])
def test_that_every_frame_of_a_segmentation_is_decoded_at_the_door(tmp_path: Any, damaged: bool) -> None:
    ds = segmentation()
    # One segment of run lengths (PS3.5 G.4): 600 zeros, at most 128 at once; a count of segments that cannot be.
    runs = b"".join(bytes([257 - count, 0]) for count in (128, 128, 128, 128, 88))
    segments = 999_999 if damaged else 1
    ds.PixelData = encapsulate([struct.pack("<16L", segments, 64, *[0] * 14) + runs])
    source = save(ds, tmp_path / "seg.dcm", transfer_syntax=RLELossless)
    with silenced():
        header = read_header(source)
        if not damaged:
            assert check_instance(source, header, lambda: None)
            return
        with pytest.raises(UnreadableFile):
            check_instance(source, header, lambda: None)
