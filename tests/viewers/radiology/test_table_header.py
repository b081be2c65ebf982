"""Look-up tables come out of the header as the standard packs them."""

from __future__ import annotations

import numpy as np
import pytest
from pydicom.dataset import Dataset

from viewers.radiology.table_header import lookup_table, palette


def item(descriptor: list[int], data: bytes) -> Dataset:
    ds = Dataset()
    ds.add_new("LUTDescriptor", "US", descriptor)
    ds.add_new("LUTData", "OW", data)
    return ds


def test_that_a_first_value_is_signed_only_where_values_below_zero_can_be() -> None:
    table = item([2, 65535, 16], bytes(4))
    assert (found := lookup_table(table, signed=True)) is not None and found.first_mapped == -1
    assert (found := lookup_table(table, signed=False)) is not None and found.first_mapped == 65535


def test_that_zero_entries_are_65536_and_too_few_are_no_table() -> None:
    assert (found := lookup_table(item([0, 0, 8], bytes(65536)), signed=False)) is not None
    assert len(found.entries) == 65536
    assert lookup_table(item([0, 0, 16], bytes(65536)), signed=False) is None


@pytest.mark.parametrize(("stated", "bits"), [(0, 1), (65535, 16), (12, 12)])
def test_that_the_bits_of_an_entry_are_believed_between_one_and_sixteen(stated: int, bits: int) -> None:
    assert (found := lookup_table(item([2, 0, stated], bytes(4)), signed=False)) is not None and found.bits == bits


def segmented(bits: int, words: list[int]) -> Dataset:
    ds = Dataset()
    data = np.array(words, np.uint8 if bits == 8 else "<u2").tobytes()
    for colour in ("Red", "Green", "Blue"):
        setattr(ds, f"{colour}PaletteColorLookupTableDescriptor", [8, 0, bits])
        setattr(ds, f"Segmented{colour}PaletteColorLookupTableData", data)
    return ds


@pytest.mark.parametrize(("bits", "offset"), [(8, [0, 0, 0, 0]), (16, [0, 0])])
def test_that_segments_are_expanded_discrete_linear_and_repeated(bits: int, offset: list[int]) -> None:
    # Two entries as they are, two up to 30 in even steps, and both segments over again.
    found = palette(segmented(bits, [0, 2, 10, 20, 1, 2, 30, 2, 2, *offset]))
    assert found is not None and found.red == (10, 20, 25, 30, 10, 20, 25, 30) == found.blue


@pytest.mark.parametrize("words", [[1, 2, 30], [0, 3, 1, 2, 3], [7, 7, 7, 7], [0, 2, 1, 2, 2, 1, 8, 0], []])
def test_that_damaged_segments_are_no_palette(words: list[int]) -> None:
    # A line from nowhere, too few entries, no kind of segment, a repetition of itself, nothing.
    assert palette(segmented(16, words)) is None
