"""Documents are drawn in a process of their own, which may fail without taking the program with it."""

from __future__ import annotations

import zlib
from collections.abc import Iterator
from contextlib import suppress

import pytest

from tests.workstation.case.pdfs import make_pdf
from viewers.errors import UnreadableFile
from workstation.case import document_rendering
from workstation.case.document_rendering import DocumentProcess, draw_pages


@pytest.fixture(scope="module")
def process() -> Iterator[DocumentProcess]:
    made = DocumentProcess()
    yield made
    made.close()


def test_that_a_page_is_drawn_at_the_width_asked_for(process: DocumentProcess) -> None:
    sizes = process.open(make_pdf(2), "letter.pdf")
    assert [(size.width_pt, size.height_pt) for size in sizes] == [(200, 100), (200, 100)]
    page = process.render(1, 400)
    assert (page.width_px, page.height_px) == (400, 200)
    last_row = page.pixels[page.stride_bytes * 199 :]
    assert last_row[:3] == b"\0\0\0"
    assert page.pixels[:3] == b"\xff\xff\xff"


def test_that_something_else_than_a_pdf_is_refused_by_name(process: DocumentProcess) -> None:
    with pytest.raises(UnreadableFile, match=r"^letter\.pdf cannot be shown: it is damaged or not a PDF\.$"):
        process.open(b"hello", "letter.pdf")


def test_that_the_child_serves_on_after_a_bad_document(process: DocumentProcess) -> None:
    with pytest.raises(UnreadableFile):
        process.open(make_pdf(1)[:60], "cut.pdf")
    assert len(process.open(make_pdf(1), "good.pdf")) == 1


def test_that_a_page_of_absurd_size_is_drawn_smaller(process: DocumentProcess) -> None:
    process.open(make_pdf(1, width_pt=10, height_pt=14_000), "strip.pdf")
    page = process.render(0, 2000)
    assert page.width_px * page.height_px <= document_rendering.MAX_PAGE_PIXELS * 1.01


def test_that_a_document_that_takes_too_long_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(document_rendering, "OPEN_TIMEOUT_S", 0.0)
    slow = DocumentProcess()
    with pytest.raises(UnreadableFile, match="took too much time"):
        slow.open(make_pdf(1), "slow.pdf")
    slow.close()


def test_that_every_page_of_a_report_is_drawn() -> None:
    assert [page.width_px for page in draw_pages(make_pdf(3), 120)] == [120, 120, 120]


def test_that_a_page_whose_content_inflates_without_end_does_no_harm(
    process: DocumentProcess, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(document_rendering, "RENDER_TIMEOUT_S", 3.0)
    inner = zlib.compressobj(1)
    strokes = b"0 0 m 100 100 l S\n" * 50_000
    packed = zlib.compress(b"".join([*(inner.compress(strokes) for _ in range(300)), inner.flush()]), 9)
    process.open(make_pdf(1, content=packed, filters=b"/Filter [/FlateDecode /FlateDecode]"), "bomb.pdf")
    with suppress(UnreadableFile):  # drawn in time or given up: either will do
        process.render(0, 400)
    assert len(process.open(make_pdf(1), "good.pdf")) == 1
