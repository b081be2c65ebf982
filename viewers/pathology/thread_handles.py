"""One open file handle per thread over a byte source, so that tiles are read from several threads without locks."""

from __future__ import annotations

import threading
from typing import BinaryIO

from viewers.byte_source import ByteSource
from viewers.errors import UnreadableFile


class ThreadHandles:
    """Handles open on first use in each thread and close together."""

    def __init__(self, source: ByteSource) -> None:
        self._source = source
        self._local = threading.local()
        self._lock = threading.Lock()
        self._open: list[BinaryIO] = []
        self._closed = False

    def read_at(self, offset: int, size_bytes: int) -> bytes:
        """Exactly *size_bytes* from *offset*. UnreadableFile when the file ends before, or was closed."""
        try:
            handle = self._handle()
            handle.seek(offset)
            content = handle.read(size_bytes)
        except (OSError, ValueError) as error:
            raise UnreadableFile(f"{self._source.name} cannot be read ({error}).") from error
        if len(content) != size_bytes:
            raise UnreadableFile(f"{self._source.name} is truncated.")
        return content

    def close(self) -> None:
        with self._lock:
            self._closed = True
            handles, self._open = self._open, []
        for handle in handles:
            handle.close()

    def _handle(self) -> BinaryIO:
        handle: BinaryIO | None = getattr(self._local, "handle", None)
        if handle is None:
            with self._lock:
                if self._closed:
                    raise ValueError("it is closed")
                handle = self._source.open()
                self._open.append(handle)
            self._local.handle = handle
        return handle
