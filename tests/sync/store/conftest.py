"""A fresh store for each test, and what a killed program leaves: a copy of the folder as it lies on the disk."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from sync.store.database import Store, open_store


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    store = open_store(tmp_path / "demo")
    yield store
    store.close()


def killed_copy(directory: Path, to: Path) -> Path:
    """What is on the disk now, with nobody having closed anything."""
    return Path(shutil.copytree(directory, to))
