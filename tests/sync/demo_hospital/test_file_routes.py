"""Files under /files: whole, in ranges, resumed, and never the wrong bytes under the same tag."""

from __future__ import annotations

import base64
import hashlib
from pathlib import Path

import pytest
import requests

from sync.demo_hospital.byte_ranges import CHUNK_BYTES, find_range
from tests.sync.demo_hospital.conftest import Answering

CONTENT = hashlib.sha256(b"seed").digest() * (CHUNK_BYTES // 20)


@pytest.fixture
def with_file(hospital: Answering, tmp_path: Path) -> Answering:
    path = tmp_path / "slide.svs"
    path.write_bytes(CONTENT)
    hospital.state.put_file(path, "image/x-aperio-svs", "f1")
    return hospital


def test_that_a_file_comes_whole_with_its_digest(with_file: Answering) -> None:
    answer = with_file.get("/files/f1")
    digest = base64.b64encode(hashlib.sha256(CONTENT).digest()).decode()
    assert (answer.status_code, answer.content == CONTENT) == (200, True)
    assert answer.headers["Repr-Digest"] == f"sha-256=:{digest}:"
    assert answer.headers["ETag"] == f'"{hashlib.sha256(CONTENT).hexdigest()}"'
    assert answer.headers["Content-Type"] == "image/x-aperio-svs"


def test_that_head_says_the_same_without_the_bytes(with_file: Answering) -> None:
    answer = requests.head(f"{with_file.origin}/files/f1", headers=with_file.headers, timeout=10)
    assert (answer.status_code, int(answer.headers["Content-Length"]), answer.content) == (200, len(CONTENT), b"")
    assert answer.headers["Accept-Ranges"] == "bytes"


def test_that_a_download_resumes_where_it_stopped(with_file: Answering) -> None:
    start = with_file.get("/files/f1", Range="bytes=0-1048575")
    assert (start.status_code, start.headers["Content-Range"]) == (206, f"bytes 0-1048575/{len(CONTENT)}")
    rest = with_file.get("/files/f1", **{"Range": "bytes=1048576-", "If-Range": start.headers["ETag"]})
    assert rest.status_code == 206
    assert start.content + rest.content == CONTENT
    assert with_file.get("/files/f1", Range="bytes=-10").content == CONTENT[-10:]


def test_that_a_range_of_another_version_brings_the_whole(with_file: Answering) -> None:
    answer = with_file.get("/files/f1", **{"Range": "bytes=5-", "If-Range": '"another"'})
    assert (answer.status_code, len(answer.content)) == (200, len(CONTENT))


def test_that_a_range_beyond_the_end_is_refused_with_the_length(with_file: Answering) -> None:
    answer = with_file.get("/files/f1", Range=f"bytes={len(CONTENT)}-")
    assert (answer.status_code, answer.headers["Content-Range"]) == (416, f"bytes */{len(CONTENT)}")


def test_that_a_known_version_is_not_sent_again(with_file: Answering) -> None:
    tag = f'"{hashlib.sha256(CONTENT).hexdigest()}"'
    assert with_file.get("/files/f1", **{"If-None-Match": tag}).status_code == 304


def test_that_a_file_that_changed_is_gone_rather_than_sent_under_the_old_digest(
    with_file: Answering, tmp_path: Path
) -> None:
    (tmp_path / "slide.svs").write_bytes(b"other")
    assert with_file.get("/files/f1").status_code == 410
    (tmp_path / "slide.svs").unlink()
    assert with_file.get("/files/f1").status_code == 410
    assert with_file.get("/files/f2").status_code == 404


@pytest.mark.parametrize(
    ("header", "span"),
    [
        (None, None), ("bytes=0-", (0, 10)), ("bytes=3-4", (3, 5)), ("bytes=3-99", (3, 10)), ("bytes=-3", (7, 10)),
        ("bytes=-99", (0, 10)), ("bytes=0-1,3-4", None), ("lines=1-2", None), ("bytes=-", None), ("bytes=5-3", None),
    ],
)  # fmt: skip
def test_that_ranges_are_read_as_rfc_9110_says(header: str | None, span: tuple[int, int] | None) -> None:
    assert find_range(header, 10) == span


@pytest.mark.parametrize("header", ["bytes=10-", "bytes=-0", "bytes=99-100"])
def test_that_a_range_outside_the_file_cannot_be_satisfied(header: str) -> None:
    with pytest.raises(ValueError, match="of 10"):
        find_range(header, 10)
