"""Silence ends when the last thread leaves it, whoever came first."""

from __future__ import annotations

import threading
import warnings

import pytest

from viewers.radiology.pydicom_warnings import silenced


def test_that_filters_are_back_once_the_last_thread_has_left() -> None:
    before = list(warnings.filters)
    first_in, second_in, first_out = threading.Event(), threading.Event(), threading.Event()

    def first() -> None:
        with silenced():
            first_in.set()
            assert second_in.wait(10)
        first_out.set()

    def second() -> None:
        assert first_in.wait(10)
        with silenced():
            second_in.set()
            assert first_out.wait(10)
            warnings.warn("still silent", stacklevel=1)

    threads = [threading.Thread(target=work) for work in (first, second)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(10)
    assert list(warnings.filters) == before
    with pytest.warns(UserWarning, match="heard"):
        warnings.warn("heard", stacklevel=1)
