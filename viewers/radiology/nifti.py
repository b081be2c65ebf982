"""A volume as a NIfTI-1 file, the way other programs read it: values in modality units, affine in RAS millimetres.

The format: nifti.nimh.nih.gov/pub/dist/src/niftilib/nifti1.h. Both the quaternion and the matrix are written.
"""

from __future__ import annotations

import gzip
import struct
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from viewers.errors import OutOfRange
from viewers.radiology.voxel_volume import VoxelVolume

_TYPES = {"int16": 4, "int32": 8, "float32": 16, "float64": 64}
_HEADER_BYTES, _VALUES_AT = 348, 352
_MILLIMETRES = 2
_SCANNER_ANATOMICAL = 1
_LARGEST_SIDE = 32767
_HOLE = -32768.0
_LPS_TO_RAS = np.diag([-1.0, -1.0, 1.0, 1.0])


def write_nifti(volume: VoxelVolume, path: Path) -> float | None:
    """Write *volume*, whose grid must be straight (`straight_volume`), to *path*; compressed where it ends in .gz.

    Returns the value that voxels without an image were given, below all others; None where there are none. (NaN would
    be the honest one, but the format's reference library reads it as 0, which in a CT is water.)

    Raises OutOfRange where a side is longer than the format can say, OSError where the file cannot be written.
    """
    if max(volume.geometry.shape) > _LARGEST_SIDE:
        raise OutOfRange(f"{path.name} cannot be written: NIfTI files hold at most {_LARGEST_SIDE} voxels a side.")
    values, hole = _without_nan(volume.modality_values())
    whole = _header(volume, values).ljust(_VALUES_AT, b"\0") + np.ascontiguousarray(values).tobytes()
    path.write_bytes(gzip.compress(whole, 6, mtime=0) if path.suffix == ".gz" else whole)
    return hole


def _without_nan(values: NDArray[Any]) -> tuple[NDArray[Any], float | None]:
    empty = np.isnan(values) if values.dtype.kind == "f" else None
    if empty is None or not empty.any():
        return values, None
    lowest = float(np.nanmin(values)) if not empty.all() else 0.0
    hole = _HOLE if lowest > _HOLE else 2 * lowest - 1
    return np.where(empty, values.dtype.type(hole), values), hole


def _header(volume: VoxelVolume, values: NDArray[Any]) -> bytes:
    slices, rows, columns = values.shape
    # The file's order of axes is (i, j, k); ours is (k, j, i).
    affine = _LPS_TO_RAS @ volume.geometry.affine[:, [2, 1, 0, 3]]
    spacing = np.linalg.norm(affine[:3, :3], axis=0)
    b, c, d = _quaternion(affine[:3, :3] / spacing)
    place = affine[:3, 3]
    return b"".join(
        (
            struct.pack("<i", _HEADER_BYTES),
            bytes(36),
            struct.pack("<8h", 3, columns, rows, slices, 1, 1, 1, 1),
            struct.pack("<3f4h", 0, 0, 0, 0, _TYPES[values.dtype.name], values.dtype.itemsize * 8, 0),
            struct.pack("<8f", 1.0, *spacing, 0, 0, 0, 0),
            struct.pack("<3fh2B", _VALUES_AT, 1.0, 0.0, 0, 0, _MILLIMETRES),
            struct.pack("<4f2i", 0, 0, 0, 0, 0, 0),
            volume.unit.encode("ascii", "replace")[:79].ljust(80, b"\0"),
            bytes(24),
            struct.pack("<2h", _SCANNER_ANATOMICAL, _SCANNER_ANATOMICAL),
            struct.pack("<6f", b, c, d, *place),
            struct.pack("<12f", *affine[:3].ravel()),
            bytes(16),
            b"n+1\0",
        )
    )


def _quaternion(rotation: NDArray[np.float64]) -> tuple[float, float, float]:
    """(b, c, d) of the unit quaternion with a ≥ 0; the grid is right-handed, as stacks are ordered along their normal.

    The eigenvector of Bar-Itzhack's matrix: exact also where the usual formulas divide by nothing (half turns).
    """
    m = rotation
    k = np.array(
        [
            [m[0, 0] - m[1, 1] - m[2, 2], 0, 0, 0],
            [m[0, 1] + m[1, 0], m[1, 1] - m[0, 0] - m[2, 2], 0, 0],
            [m[0, 2] + m[2, 0], m[1, 2] + m[2, 1], m[2, 2] - m[0, 0] - m[1, 1], 0],
            [m[2, 1] - m[1, 2], m[0, 2] - m[2, 0], m[1, 0] - m[0, 1], m[0, 0] + m[1, 1] + m[2, 2]],
        ]
    )
    b, c, d, a = np.linalg.eigh(k / 3, UPLO="L")[1][:, -1]
    sign = -1.0 if a < 0 else 1.0
    return float(sign * b), float(sign * c), float(sign * d)
