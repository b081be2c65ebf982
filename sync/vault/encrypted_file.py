"""RRE1, the format of an encrypted file: a 64-byte header, then chunks of AES-256-GCM.

Chunk i: key = HKDF-SHA256(case key, file id), nonce = 4 zero bytes ‖ u64be(i), additional data = header ‖ u64be(i) ‖
last (one byte). A flipped bit, a cut, a swap of chunks or files, an edited header and appended bytes all fail to open.
A file is written once, so no nonce repeats. Where files lie and which key is whose, `file_vault` knows.
"""

from __future__ import annotations

import io
import struct
import threading
from collections import OrderedDict
from typing import TYPE_CHECKING, BinaryIO

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from sync.errors import DamagedTransfer, StoreUnavailable

if TYPE_CHECKING:
    from collections.abc import Callable

    from _typeshed import ReadableBuffer, WriteableBuffer

MAGIC = b"RRE1"
VERSION = 1
CHUNK_BYTES = 64 * 1024
TAG_BYTES = 16
FILE_ID_BYTES = 16
HEADER = struct.Struct(">4sHHI16s36x")
CACHED_CHUNKS = 32
_of_thread = threading.local()
Block = bytearray | memoryview
_SEALED = CHUNK_BYTES + TAG_BYTES
_BATCH = 4
"""Chunks read from the disk at once: 256 KiB of ciphertext stay in the processor's cache until decrypted."""


def make_header(file_id: bytes) -> bytes:
    """The 64 bytes before the first chunk: magic, version, flags (none yet), chunk size, file id, zeros."""
    return HEADER.pack(MAGIC, VERSION, 0, CHUNK_BYTES, file_id)


def sealed_size_bytes(size_bytes: int) -> int:
    """How long the encrypted file of a content of *size_bytes* is. An empty content still has one chunk."""
    return HEADER.size + size_bytes + TAG_BYTES * _chunk_count(size_bytes)


def _chunk_count(size_bytes: int) -> int:
    return max(1, -(-size_bytes // CHUNK_BYTES))


def _scratch() -> memoryview:
    """Room for one batch of ciphertext, one a thread: fresh memory would cost more than decrypting into it."""
    if not hasattr(_of_thread, "scratch"):
        _of_thread.scratch = memoryview(bytearray(_BATCH * _SEALED))
    scratch: memoryview = _of_thread.scratch
    return scratch


class _Cipher:
    """Nonces and additional data of one file."""

    def __init__(self, case_key: bytes, header: bytes, file_id: bytes) -> None:
        key = HKDF(algorithm=SHA256(), length=32, salt=file_id, info=b"RRE1 file key").derive(case_key)
        self._aead = AESGCM(key)
        self._header = header

    def _bound(self, index: int, last: bool) -> tuple[bytes, bytes]:
        number = index.to_bytes(8, "big")
        return b"\0\0\0\0" + number, self._header + number + (b"\1" if last else b"\0")

    def seal(self, index: int, last: bool, content: Block) -> bytes:
        nonce, bound = self._bound(index, last)
        return self._aead.encrypt(nonce, content, bound)

    def open_into(self, index: int, last: bool, sealed: Block, target: Block) -> None:
        """InvalidTag unless *sealed* is this very chunk."""
        nonce, bound = self._bound(index, last)
        self._aead.decrypt_into(nonce, sealed, bound, target)


class EncryptedWriter:
    """Encrypts what is written to *file*, one chunk held back until it is known whether it is the last."""

    def __init__(self, file: BinaryIO, case_key: bytes, file_id: bytes) -> None:
        header = make_header(file_id)
        self._file = file
        self._cipher = _Cipher(case_key, header, file_id)
        self._held = bytearray()
        self._index = 0
        self._torn = b""
        self._may_be_longer = False
        file.write(header)

    @classmethod
    def resumed(
        cls, file: BinaryIO, case_key: bytes, file_id: bytes, on_content: Callable[[memoryview], None]
    ) -> EncryptedWriter:
        """Go on where an interrupted writer stopped; *file* is open for reading and writing.

        Every chunk from the first on that is as it was written is handed to *on_content*. The next is written anew
        under the same nonce, so it must hold the same content: `write` refuses to put another one there.
        """
        writer = cls(io.BytesIO(), case_key, file_id)
        writer._file = file
        writer._may_be_longer = True
        file.seek(0)
        if file.read(HEADER.size) == make_header(file_id):
            content = memoryview(bytearray(CHUNK_BYTES))
            while len(sealed := file.read(_SEALED)) == _SEALED:
                try:
                    writer._cipher.open_into(writer._index, False, memoryview(sealed), content)
                except (InvalidTag, ValueError):
                    break
                on_content(content)
                writer._index += 1
            writer._torn = sealed
        else:
            file.seek(0)
            file.write(make_header(file_id))
        file.seek(HEADER.size + writer._index * _SEALED)
        return writer

    def write(self, content: ReadableBuffer) -> None:
        with memoryview(content).cast("B") as arrived:
            done = 0
            if self._held:
                done = min(len(arrived), CHUNK_BYTES - len(self._held))
                self._held += arrived[:done]
                if done == len(arrived):
                    return
                self._seal(self._held)
                self._held.clear()
            # Whole chunks are encrypted from where they lie; the last of what has come is always held back.
            while len(arrived) - done > CHUNK_BYTES:
                self._seal(arrived[done : done + CHUNK_BYTES])
                done += CHUNK_BYTES
            self._held += arrived[done:]

    def finish(self) -> None:
        """Write the last chunk; the file is whole now."""
        self._put(self._cipher.seal(self._index, True, self._held))
        if self._may_be_longer:
            self._file.truncate()
        self._held.clear()

    def _seal(self, content: Block) -> None:
        self._put(self._cipher.seal(self._index, False, content))
        self._index += 1

    def _put(self, sealed: bytes) -> None:
        if self._torn:
            # The tag may differ, where a chunk turns out to be the last or not; the content may not.
            same = min(len(self._torn), len(sealed) - TAG_BYTES)
            if self._torn[:same] != sealed[:same]:
                raise DamagedTransfer("A file that was resumed is not the one that was begun; it is fetched anew.")
            self._torn = b""
        self._file.write(sealed)


class EncryptedReader(io.RawIOBase):
    """Random access to the content of one encrypted file. A handle belongs to one thread.

    Whole chunks are decrypted straight into the caller's buffer; parts go through a small cache. StoreUnavailable,
    naming *name*, instead of any byte that is not as it was written.
    """

    def __init__(self, file: io.FileIO, case_key: bytes, file_id: bytes, size_bytes: int, name: str) -> None:
        super().__init__()
        self._file = file
        self.name = name
        """As files have it: pydicom asks every buffered reader for it."""
        self._size_bytes = size_bytes
        self._last = _chunk_count(size_bytes) - 1
        self._position = 0
        self._chunks: OrderedDict[int, bytearray] = OrderedDict()
        header = file.read(HEADER.size)
        if header != make_header(file_id) or file.seek(0, io.SEEK_END) != sealed_size_bytes(size_bytes):
            raise self._damaged()
        self._cipher = _Cipher(case_key, header, file_id)

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def tell(self) -> int:
        return self._position

    def seek(self, offset: int, whence: int = io.SEEK_SET, /) -> int:
        origin = {io.SEEK_SET: 0, io.SEEK_CUR: self._position, io.SEEK_END: self._size_bytes}[whence]
        if origin + offset < 0:
            raise ValueError(f"seek to {origin + offset}, before the start")
        self._position = origin + offset
        return self._position

    def readinto(self, buffer: WriteableBuffer, /) -> int:
        """Fill *buffer* as far as the content goes; the number of bytes, 0 at the end."""
        with memoryview(buffer).cast("B") as target:
            wanted = min(len(target), max(0, self._size_bytes - self._position))
            done = 0
            while done < wanted:
                index, skip = divmod(self._position, CHUNK_BYTES)
                whole = 0 if skip else self._whole_chunks(index, wanted - done)
                if whole:
                    step = self._read_whole(index, whole, target[done:wanted])
                else:
                    chunk = self._cached(index)
                    step = min(len(chunk) - skip, wanted - done)
                    target[done : done + step] = memoryview(chunk)[skip : skip + step]
                done += step
                self._position += step
            return done

    def readall(self) -> bytes:
        content = bytearray(max(0, self._size_bytes - self._position))
        self.readinto(content)
        return bytes(content)

    def close(self) -> None:
        if not self.closed:
            self._chunks.clear()
            self._file.close()
        super().close()

    def _whole_chunks(self, index: int, wanted: int) -> int:
        """How many chunks from *index* on fit into *wanted* bytes entirely and are not cached, at most one batch."""
        whole = wanted // CHUNK_BYTES
        if index + whole == self._last and wanted - whole * CHUNK_BYTES == self._chunk_size(self._last):
            whole += 1
        whole = min(whole, _BATCH)
        return next((offset for offset in range(whole) if index + offset in self._chunks), whole)

    def _read_whole(self, index: int, count: int, target: memoryview) -> int:
        sealed = self._sealed(index, count)
        done = 0
        for offset in range(count):
            size = self._chunk_size(index + offset)
            start = offset * _SEALED
            self._open(index + offset, sealed[start : start + size + TAG_BYTES], target[done : done + size])
            done += size
        return done

    def _cached(self, index: int) -> bytearray:
        chunk = self._chunks.get(index)
        if chunk is not None:
            self._chunks.move_to_end(index)
            return chunk
        chunk = bytearray(self._chunk_size(index))
        self._open(index, self._sealed(index, 1), chunk)
        self._chunks[index] = chunk
        if len(self._chunks) > CACHED_CHUNKS:
            self._chunks.popitem(last=False)
        return chunk

    def _chunk_size(self, index: int) -> int:
        return CHUNK_BYTES if index < self._last else self._size_bytes - self._last * CHUNK_BYTES

    def _sealed(self, index: int, count: int) -> memoryview:
        scratch = _scratch()
        self._file.seek(HEADER.size + index * _SEALED)
        return scratch[: self._file.readinto(scratch[: count * _SEALED])]

    def _open(self, index: int, sealed: Block, target: Block) -> None:
        try:
            self._cipher.open_into(index, index == self._last, sealed, target)
        except (InvalidTag, ValueError) as error:
            raise self._damaged() from error

    def _damaged(self) -> StoreUnavailable:
        return StoreUnavailable(f"“{self.name}” is damaged on this computer's disk and must be fetched again.")
