"""Parts come out byte for byte, however the body is chopped, and a body without its end is never taken for whole."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sync.dicomweb.multipart import PartReader, boundary_of
from sync.errors import DamagedTransfer


def body_of(parts: list[bytes], boundary: str = "b1", preamble: bytes = b"") -> bytes:
    body = preamble
    for part in parts:
        body += b"\r\n--" + boundary.encode() + b"\r\nContent-Type: application/dicom\r\n\r\n" + part
    return body + b"\r\n--" + boundary.encode() + b"--"


def split(body: bytes, sizes: int, boundary: str = "b1") -> list[bytes]:
    reader = PartReader((body[i : i + sizes] for i in range(0, len(body), sizes)), boundary)
    parts = []
    while (headers := reader.next_part()) is not None:
        assert headers == {"content-type": "application/dicom"}
        parts.append(b"".join(reader.stream()))
    return parts


AWKWARD = st.lists(
    st.lists(st.sampled_from([b"\r\n--b1x", b"\r\n--b", b"\r\n", b"--b", b"b1--", b"\r", b"\x00\xff", b"abc"])).map(
        b"".join
    ),
    min_size=1,
    max_size=4,
)


@given(AWKWARD, st.integers(1, 40))
def test_that_parts_full_of_near_boundaries_come_out_unchanged_at_any_chunk_size(parts: list[bytes], size: int) -> None:
    assert split(body_of(parts), size) == parts


@pytest.mark.parametrize("size", [1, 7, 1000])
def test_that_a_preamble_an_epilogue_and_padding_are_no_content(size: int) -> None:
    body = b"hello\r\n--b1 \t\r\nContent-Type: application/dicom\r\n\r\none\r\n--b1--\r\nbye\r\n--b1\r\n"
    assert split(body, size) == [b"one"]


def test_that_a_body_may_begin_with_its_boundary_at_once() -> None:
    assert split(body_of([b"one"])[2:], 5) == [b"one"]


@pytest.mark.parametrize("kept", range(0, 58, 3))
def test_that_a_body_cut_anywhere_before_its_closing_boundary_is_damaged(kept: int) -> None:
    body = body_of([b"0123456789"])
    assert kept < len(body)
    with pytest.raises(DamagedTransfer, match="closing boundary"):
        split(body[:kept], 4)


def test_that_a_part_left_unread_is_stepped_over() -> None:
    reader = PartReader([body_of([b"one", b"two"])], "b1")
    assert reader.next_part() is not None
    assert reader.next_part() is not None
    assert b"".join(reader.stream()) == b"two"
    assert list(reader.stream()) == []
    assert reader.next_part() is None


def test_that_a_part_may_have_no_headers() -> None:
    reader = PartReader([b"--b1\r\n\r\ncontent\r\n--b1--"], "b1")
    assert reader.next_part() == {}
    assert b"".join(reader.stream()) == b"content"


@pytest.mark.parametrize(
    ("content_type", "boundary"),
    [
        ('multipart/related; type="application/dicom"; boundary="a b"', "a b"),
        ("multipart/related;boundary=xyz", "xyz"),
        ("application/dicom", None),
        ("", None),
    ],
)
def test_that_the_boundary_is_read_from_the_content_type(content_type: str, boundary: str | None) -> None:
    assert boundary_of(content_type) == boundary
