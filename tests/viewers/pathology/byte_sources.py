"""Bytes in memory as a source without a path: what the encrypted vault looks like to a reader."""

from __future__ import annotations

import io
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO


@dataclass(frozen=True)
class MemoryByteSource:
    name: str
    content: bytes
    path: Path | None = None

    @property
    def size_bytes(self) -> int:
        return len(self.content)

    def open(self) -> BinaryIO:
        return io.BytesIO(self.content)
