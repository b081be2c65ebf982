"""Files that lie, never end, or would fill the memory: builders for tests. Small on disk, all of them."""

from __future__ import annotations

import struct
import zlib
from pathlib import Path

from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.encaps import encapsulate
from pydicom.filebase import DicomBytesIO
from pydicom.filewriter import write_file_meta_info
from pydicom.uid import UID, DeflatedExplicitVRLittleEndian, ExplicitVRLittleEndian, JPEGBaseline8Bit

SPARSE_BYTES = 5 << 30
BOMB_BYTES = 512 << 20
MULTIFRAME = "1.2.840.10008.5.1.4.1.1.7.3"


def sparse(path: Path, start: bytes) -> None:
    """*start*, then five gigabytes of zeros that take no place on the disk."""
    with path.open("wb") as file:
        file.write(start)
        file.truncate(SPARSE_BYTES)


def image(rows: int, columns: int, frames: int = 1, bits: int = 16) -> Dataset:
    """A grey image without its pixels."""
    meta = FileMetaDataset()
    meta.TransferSyntaxUID = ExplicitVRLittleEndian
    meta.MediaStorageSOPClassUID, meta.MediaStorageSOPInstanceUID = UID(MULTIFRAME), UID("1.2.3.4.5")
    made = Dataset()
    made.file_meta = meta
    made.SOPClassUID, made.SOPInstanceUID = MULTIFRAME, "1.2.3.4.5"
    made.StudyInstanceUID, made.SeriesInstanceUID, made.Modality = "1.2.3", "1.2.3.4", "OT"
    made.Rows, made.Columns, made.NumberOfFrames, made.SamplesPerPixel = rows, columns, frames, 1
    made.BitsAllocated, made.BitsStored, made.HighBit, made.PixelRepresentation = bits, bits, bits - 1, 0
    made.PhotometricInterpretation = "MONOCHROME2"
    return made


def claims_terabytes(path: Path) -> None:
    """65535 × 65535 × 1000 pixels in its header, one hundred bytes in the file."""
    made = image(65535, 65535, 1000)
    made.PixelData = b"\1\2" * 50
    made.save_as(path, enforce_file_format=True)


def claims_more_than_its_header(path: Path) -> None:
    """A JPEG of 64 × 64 pixels whose own first lines say 65500 × 65500."""
    made = image(64, 64, bits=8)
    made.file_meta.TransferSyntaxUID = JPEGBaseline8Bit
    frame = struct.pack(">HBHHBBBB", 11, 8, 65500, 65500, 1, 1, 0x11, 0)
    made.PixelData = encapsulate(
        [b"\xff\xd8\xff\xc0" + frame + b"\xff\xda\0\x08\1\1\0\0\x3f\0" + b"\0" * 99 + b"\xff\xd9"]
    )
    made["PixelData"].VR = "OB"
    made["PixelData"].is_undefined_length = True
    made.save_as(path, enforce_file_format=True)


def deflate_bomb(path: Path) -> None:
    """Half a megabyte that inflates to half a gigabyte (PS3.5 A.5)."""
    meta = image(10, 10).file_meta
    meta.TransferSyntaxUID = DeflatedExplicitVRLittleEndian
    head = DicomBytesIO()
    write_file_meta_info(head, meta)
    deflate = zlib.compressobj(9, zlib.DEFLATED, -zlib.MAX_WBITS)
    element = b"\x09\x00\x01\x10OB\0\0" + struct.pack("<I", BOMB_BYTES)
    zeros = bytes(1 << 20)
    pieces = [deflate.compress(element), *(deflate.compress(zeros) for _ in range(BOMB_BYTES >> 20)), deflate.flush()]
    path.write_bytes(bytes(128) + b"DICM" + head.getvalue() + b"".join(pieces))


def directories_in_a_circle(path: Path) -> None:
    """A TIFF file whose only directory names itself as the next one."""
    entries = [(256, 4, 1, 64), (257, 4, 1, 64), (258, 3, 1, 8), (259, 3, 1, 1), (262, 3, 1, 1), (277, 3, 1, 1)]
    directory = struct.pack("<H", len(entries)) + b"".join(struct.pack("<HHII", *entry) for entry in entries)
    path.write_bytes(b"II*\0" + struct.pack("<I", 8) + directory + struct.pack("<I", 8) + bytes(100))


def tile_claims_gigabytes(path: Path) -> None:
    """A TIFF slide of one JPEG tile that says it is 65500 × 65500 pixels."""
    jpeg = b"\xff\xd8\xff\xc0" + struct.pack(">HBHHBBBB", 11, 8, 65500, 65500, 1, 1, 0x11, 0) + bytes(50) + b"\xff\xd9"
    entries = [(256, 4, 1, 64), (257, 4, 1, 64), (258, 3, 1, 8), (259, 3, 1, 7), (262, 3, 1, 1), (277, 3, 1, 1)]
    entries += [(322, 3, 1, 64), (323, 3, 1, 64), (324, 4, 1, 400), (325, 4, 1, len(jpeg))]
    directory = struct.pack("<H", len(entries)) + b"".join(struct.pack("<HHII", *entry) for entry in entries)
    path.write_bytes((b"II*\0" + struct.pack("<I", 8) + directory + bytes(4)).ljust(400, b"\0") + jpeg)
