"""The self-test of the decoders covers every compression there is, and finds a decoder that is wrong or absent."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from viewers.errors import UnreadableFile
from viewers.radiology import codec_selftest
from viewers.radiology.codec_selftest import run_codec_selftest
from viewers.radiology.transfer_syntax import COMPRESSED, ENCAPSULATED_NATIVE

SAME_DECODER_AS_ANOTHER = {
    "1.2.840.10008.1.2.4.53": "the JPEG decoder's, retired",
    "1.2.840.10008.1.2.4.55": "the JPEG decoder's, retired",
    "1.2.840.10008.1.2.4.202": "the order of HTJ2K's packets alone",
    "1.2.840.10008.1.2.4.111": "JPEG XL around a JPEG",
    ENCAPSULATED_NATIVE: "nothing is decoded",
}


def test_that_every_compression_is_tried_and_comes_out_right() -> None:
    results = run_codec_selftest()
    assert {result.transfer_syntax for result in results} == set(COMPRESSED) - set(SAME_DECODER_AS_ANOTHER)
    assert [result for result in results if result.fault] == []


def test_that_a_decoder_that_is_wrong_in_one_pixel_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    right = codec_selftest.read_frame

    def wrong(frame: Any) -> Any:
        values = right(frame).copy()
        values[3, 5] += 30
        return values

    monkeypatch.setattr(codec_selftest, "read_frame", wrong)
    assert {result.fault for result in run_codec_selftest()} == {"The picture comes out wrong."}
    monkeypatch.setattr(codec_selftest, "read_frame", lambda frame: np.zeros((8, 8), np.uint8))
    assert {result.fault for result in run_codec_selftest()} == {"The picture comes out wrong."}


@pytest.mark.parametrize("error", [UnreadableFile("It is damaged."), ImportError("libjxl"), RuntimeError("x")])
def test_that_a_decoder_that_is_absent_or_breaks_is_one_sentence(
    error: Exception, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(_frame: Any) -> Any:
        raise error

    monkeypatch.setattr(codec_selftest, "read_frame", broken)
    assert all(result.fault.endswith(".") and "\n" not in result.fault for result in run_codec_selftest())
