"""Where the real images are: ``READINGROOM_DATA``, or ``../shared/data`` beside the project."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

DATA = Path(os.environ.get("READINGROOM_DATA") or Path(__file__).resolve().parents[2] / "shared" / "data")


def real_data(*parts: str) -> Path:
    """The file or folder below the real data; skips the test, naming what is absent."""
    path = DATA.joinpath(*parts)
    if not path.exists():
        pytest.skip(f"real data absent: {'/'.join(parts)}")
    return path
