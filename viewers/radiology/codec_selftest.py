"""Whether the decoders of this computer work: one tiny known picture in each compressed transfer syntax, decoded.

The pictures are shipped (`resources/codec_samples.json`), made once by the encoders of the test suite; nothing of any
patient is read.
"""

from __future__ import annotations

import base64
import json
from dataclasses import dataclass
from io import BytesIO
from typing import Any, BinaryIO

import numpy as np
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.encaps import encapsulate
from pydicom.uid import UID

from resources import resource
from viewers.errors import ViewerError
from viewers.radiology.decode import read_frame
from viewers.radiology.dicom_header import read_header
from viewers.radiology.instance import instance_of
from viewers.radiology.transfer_syntax import syntax_name

SIDE = 16
"""Rows and columns of every sample."""
_CT = UID("1.2.840.10008.5.1.4.1.1.2")


@dataclass(frozen=True, slots=True)
class CodecResult:
    """What came of one sample. *fault* is one sentence, empty where the picture came out as it must."""

    transfer_syntax: str
    name: str
    fault: str


@dataclass(frozen=True, slots=True)
class _Sample:
    """The file of one sample, in memory."""

    content: bytes
    name: str = "sample"
    path: None = None

    @property
    def size_bytes(self) -> int:
        return len(self.content)

    def open(self) -> BinaryIO:
        return BytesIO(self.content)


def run_codec_selftest() -> tuple[CodecResult, ...]:
    """Every sample decoded as the program decodes images, and compared with the picture it was made of."""
    samples = json.loads(resource("codec_samples.json").read_text("utf-8"))
    return tuple(CodecResult(s["syntax"], syntax_name(s["syntax"]), _fault_of(s)) for s in samples)


def expected_picture(bits: int) -> np.ndarray[Any, np.dtype[Any]]:
    """The ramp in every sample: (16, 16), of *bits* (8 or 12) significant bits."""
    rows, columns = np.mgrid[0:SIDE, 0:SIDE]
    ramp = (8 * rows + 6 * columns) << (bits - 8)
    return np.asarray(ramp, np.uint8 if bits == 8 else np.uint16)


def _fault_of(sample: dict[str, Any]) -> str:
    expected = expected_picture(sample["bits"])
    source = _Sample(_file(sample, expected.itemsize * 8))
    try:
        decoded = read_frame(instance_of(source, read_header(source)).frames[0])
    except ViewerError as error:
        return str(error)
    except (ImportError, OSError, RuntimeError, ValueError) as error:
        return f"The decoder cannot be used ({type(error).__name__})."
    worst = int(np.abs(decoded.astype(int) - expected.astype(int)).max()) if decoded.shape == expected.shape else None
    if worst is None or worst > sample["tolerance"]:
        return "The picture comes out wrong."
    return ""


def _file(sample: dict[str, Any], bits_allocated: int) -> bytes:
    dataset = Dataset()
    dataset.file_meta = FileMetaDataset()
    dataset.file_meta.TransferSyntaxUID = UID(sample["syntax"])
    dataset.file_meta.MediaStorageSOPClassUID = dataset.SOPClassUID = _CT
    dataset.file_meta.MediaStorageSOPInstanceUID = dataset.SOPInstanceUID = UID("2.25.1")
    dataset.StudyInstanceUID, dataset.SeriesInstanceUID = UID("2.25.2"), UID("2.25.3")
    dataset.Rows = dataset.Columns = SIDE
    dataset.SamplesPerPixel, dataset.PhotometricInterpretation = 1, "MONOCHROME2"
    dataset.BitsAllocated, dataset.BitsStored, dataset.HighBit = bits_allocated, sample["bits"], sample["bits"] - 1
    dataset.PixelRepresentation = 0
    dataset.PixelData = encapsulate([base64.b64decode(sample["code"])])
    dataset["PixelData"].VR = "OB"
    dataset["PixelData"].is_undefined_length = True
    content = BytesIO()
    dataset.preamble = bytes(128)
    # Some syntaxes are newer than pydicom, which has to be told how a header is written.
    dataset.save_as(content, implicit_vr=False, little_endian=True, force_encoding=True)
    return content.getvalue()
