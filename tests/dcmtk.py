"""DCMTK's own programs, as the independent opinion on what an image looks like."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

JPEG_LS = ("1.2.840.10008.1.2.4.80", "1.2.840.10008.1.2.4.81")
_PNM = re.compile(rb"P([56])\s(?:#[^\n]*\n)*(\d+)\s(\d+)\s+255\s")


def dcmtk(program: str) -> str:
    """Where a program of DCMTK is; skips the test, naming it, where it is not installed."""
    path = shutil.which(program)
    if path is None:
        pytest.skip(f"DCMTK's {program} is not installed")
    return path


def dcmtk_picture(
    file: Path, into: Path, *options: str, frame: int = 1, transfer_syntax: str = ""
) -> NDArray[np.uint8] | None:
    """The frame (from 1) as dcmj2pnm draws it with *options*, (rows, columns[, 3]); None where it cannot.

    *into* is a folder for the picture on its way.
    """
    program = dcmtk("dcml2pnm" if transfer_syntax in JPEG_LS else "dcmj2pnm")
    picture = into / "dcmtk.pnm"
    picture.unlink(missing_ok=True)
    command = [program, "+op", "+F", str(frame), *options, str(file), str(picture)]
    if subprocess.run(command, capture_output=True, check=False).returncode:
        return None
    return _parsed(picture.read_bytes())


def dcmtk_decompressed(file: Path, into: Path, program: str = "dcmdjpeg") -> Path:
    """*file* with its pixels decompressed by DCMTK."""
    plain = into / f"plain-{file.name}.dcm"
    subprocess.run([dcmtk(program), str(file), str(plain)], capture_output=True, check=True)
    return plain


def _parsed(data: bytes) -> NDArray[Any]:
    head = _PNM.match(data)
    assert head is not None, data[:40]
    columns, rows = int(head[2]), int(head[3])
    pixels = np.frombuffer(data, np.uint8, offset=head.end())
    return pixels.reshape((rows, columns, 3) if head[1] == b"6" else (rows, columns))


def dcmtk_presented(image: Path, state: Path, into: Path, *, frame: int = 1) -> NDArray[np.uint8]:
    """The whole image as dcmp2pgm draws it under a presentation state (its displayed area is not cut out)."""
    picture = into / "presented.pgm"
    command = [dcmtk("dcmp2pgm"), "-p", str(state), "-f", str(frame), str(image), str(picture)]
    subprocess.run(command, capture_output=True, check=True)
    return _parsed(picture.read_bytes())
