"""RRE1: any content comes back, from anywhere in it; any change to the file is a sentence, never wrong bytes."""

from __future__ import annotations

import io
import random
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from sync.errors import StoreUnavailable
from sync.vault.encrypted_file import (
    CHUNK_BYTES,
    HEADER,
    TAG_BYTES,
    EncryptedReader,
    EncryptedWriter,
    make_header,
    sealed_size_bytes,
)

KEY, FILE_ID = b"k" * 32, b"f" * 16
SIZES = (0, 1, CHUNK_BYTES - 1, CHUNK_BYTES, CHUNK_BYTES + 1, 3 * CHUNK_BYTES, 11 * CHUNK_BYTES + 5)


def content_of(size_bytes: int) -> bytes:
    return random.Random(size_bytes).randbytes(size_bytes)


def seal(content: bytes, key: bytes = KEY, file_id: bytes = FILE_ID, step: int = 50_000) -> bytes:
    sealed = io.BytesIO()
    writer = EncryptedWriter(sealed, key, file_id)
    for start in range(0, len(content), step):
        writer.write(content[start : start + step])
    writer.finish()
    return sealed.getvalue()


def open_sealed(
    path: Path, sealed: bytes, size_bytes: int, key: bytes = KEY, file_id: bytes = FILE_ID
) -> EncryptedReader:
    path.write_bytes(sealed)
    return EncryptedReader(path.open("rb", buffering=0), key, file_id, size_bytes, "CT 7")


@pytest.mark.parametrize("size_bytes", SIZES)
@pytest.mark.parametrize("step", [1_000_000, 65_536, 9_999])
def test_that_content_of_any_length_comes_back(tmp_path: Path, size_bytes: int, step: int) -> None:
    content = content_of(size_bytes)
    sealed = seal(content, step=step)
    assert len(sealed) == sealed_size_bytes(size_bytes)
    with open_sealed(tmp_path / "f", sealed, size_bytes) as reader:
        assert reader.readall() == content
        assert reader.read(10) == b""


def test_that_the_header_is_as_specified() -> None:
    header = seal(b"x")[:64]
    assert header == b"RRE1" + b"\0\x01" + b"\0\0" + CHUNK_BYTES.to_bytes(4, "big") + FILE_ID + bytes(36)
    assert (HEADER.size, header) == (64, make_header(FILE_ID))


def test_that_nothing_of_the_content_shows() -> None:
    sealed = seal(b"MUSTERMANN^ERIKA" * 10_000)
    assert b"MUSTERMANN" not in sealed


@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck), database=None)
@given(st.lists(st.tuples(st.integers(0, 12 * CHUNK_BYTES), st.integers(0, 6 * CHUNK_BYTES)), min_size=1, max_size=8))
def test_that_reading_anywhere_gives_what_lies_there(tmp_path: Path, reads: list[tuple[int, int]]) -> None:
    content = content_of(SIZES[-1])
    with open_sealed(tmp_path / "f", seal(content), len(content)) as raw, io.BufferedReader(raw, CHUNK_BYTES) as reader:
        for position, length in reads:
            assert reader.seek(position) == position
            assert reader.read(length) == content[position : position + length]
            assert reader.tell() == max(position, min(position + length, len(content)))


def test_that_seeking_follows_the_rules_of_files(tmp_path: Path) -> None:
    content = content_of(100)
    with open_sealed(tmp_path / "f", seal(content), 100) as reader:
        assert reader.seek(-10, io.SEEK_END) == 90
        assert reader.read() == content[90:]
        reader.seek(5)
        assert reader.seek(-2, io.SEEK_CUR) == 3
        buffer = bytearray(4)
        assert reader.readinto(buffer) == 4
        assert bytes(buffer) == content[3:7]
        assert reader.seek(1000) == 1000
        assert reader.read(1) == b""
        with pytest.raises(ValueError, match="before the start"):
            reader.seek(-1)


def read_everything(path: Path, sealed: bytes, size_bytes: int) -> bytes:
    with open_sealed(path, sealed, size_bytes) as reader:
        return reader.readall()


def test_that_any_flipped_bit_is_noticed(tmp_path: Path) -> None:
    size_bytes = 3 * CHUNK_BYTES + 77
    sealed = seal(content_of(size_bytes))
    chosen = random.Random(1)
    edges = [HEADER.size + number * (CHUNK_BYTES + TAG_BYTES) + by for number in (1, 2, 3) for by in (-1, 0)]
    for position in [*range(64), *edges, len(sealed) - 1, *chosen.sample(range(len(sealed)), 60)]:
        damaged = bytearray(sealed)
        damaged[position] ^= 1 << chosen.randrange(8)
        with pytest.raises(StoreUnavailable, match="CT 7"):
            read_everything(tmp_path / "f", bytes(damaged), size_bytes)


@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck), database=None)
@given(st.data())
def test_that_cut_swapped_appended_and_repeated_parts_are_noticed(tmp_path: Path, data: st.DataObject) -> None:
    size_bytes = 3 * CHUNK_BYTES + 77
    sealed = seal(content_of(size_bytes))
    block = CHUNK_BYTES + TAG_BYTES
    chunks = [sealed[start : start + block] for start in range(HEADER.size, len(sealed), block)]
    kind = data.draw(st.sampled_from(["cut", "append", "swap", "repeat", "drop"]))
    if kind == "cut":
        damaged = sealed[: data.draw(st.integers(0, len(sealed) - 1))]
    elif kind == "append":
        damaged = sealed + data.draw(st.binary(min_size=1, max_size=100))
    else:
        first, second = data.draw(st.permutations(range(4)))[:2]
        if kind == "swap":
            chunks[first], chunks[second] = chunks[second], chunks[first]
        elif kind == "repeat":
            chunks[first] = chunks[second]
        else:
            del chunks[first]
        damaged = sealed[: HEADER.size] + b"".join(chunks)
    with pytest.raises(StoreUnavailable):
        read_everything(tmp_path / "f", damaged, size_bytes)


def test_that_a_file_cut_at_a_chunk_does_not_pass_for_a_shorter_one(tmp_path: Path) -> None:
    sealed = seal(content_of(2 * CHUNK_BYTES))
    with pytest.raises(StoreUnavailable):
        read_everything(tmp_path / "f", sealed[: HEADER.size + CHUNK_BYTES + TAG_BYTES], CHUNK_BYTES)


def test_that_another_files_bytes_and_another_cases_key_open_nothing(tmp_path: Path) -> None:
    content = content_of(1000)
    with pytest.raises(StoreUnavailable):
        read_everything(tmp_path / "f", seal(content, file_id=b"g" * 16), 1000)
    with pytest.raises(StoreUnavailable):
        read_everything(tmp_path / "f", seal(content, key=b"l" * 32), 1000)


def test_that_a_chunk_read_before_the_damage_is_right_and_after_it_nothing(tmp_path: Path) -> None:
    content = content_of(3 * CHUNK_BYTES)
    damaged = bytearray(seal(content))
    damaged[HEADER.size + (CHUNK_BYTES + TAG_BYTES) + 9] ^= 1
    with open_sealed(tmp_path / "f", bytes(damaged), len(content)) as reader:
        assert reader.read(1000) == content[:1000]
        reader.seek(CHUNK_BYTES + 10)
        with pytest.raises(StoreUnavailable):
            reader.read(10)
        reader.seek(2 * CHUNK_BYTES)
        assert reader.read() == content[2 * CHUNK_BYTES :]
