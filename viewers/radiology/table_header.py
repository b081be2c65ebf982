"""Look-up tables as the header holds them: Modality and VOI LUTs, palettes plain and in segments.

What they are: `display_facts`. Applying them is `windowing` and `colour`.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from pydicom.dataset import Dataset

from viewers.radiology.dicom_header import element, numbers, text
from viewers.radiology.display_facts import LookupTable, Palette

_DISCRETE, _LINEAR, _INDIRECT = 0, 1, 2


def lookup_table(item: Dataset, *, signed: bool) -> LookupTable | None:
    """A LUT item (PS3.3 C.11.1.1.1): 0 entries means 65,536; *signed* says whether its input may be below zero."""
    described = numbers(item, "LUTDescriptor")
    data = element(item, "LUTData")
    if len(described) != 3 or data is None:
        return None
    count, first, bits = _described(described)
    if signed and first > 32767:
        first -= 65536
    if not signed:
        first %= 65536
    entries = _entries(data, count, bits)
    return LookupTable(first, bits, entries, text(item, "LUTExplanation")) if entries else None


def palette(dataset: Dataset) -> Palette | None:
    """The three tables of a palette (PS3.3 C.7.6.3.1.5, C.7.9.2); None where one is missing, damaged or too short."""
    described = numbers(dataset, "RedPaletteColorLookupTableDescriptor")
    if len(described) != 3:
        return None
    count, first, bits = _described(described)
    tables = [_entries(_table_data(dataset, colour, count, bits), count, bits) for colour in ("Red", "Green", "Blue")]
    if not all(tables):
        return None
    return Palette(first, bits, tables[0], tables[1], tables[2])


def _described(descriptor: tuple[float, ...]) -> tuple[int, int, int]:
    """Entries (0 means 65,536), first value mapped, and bits of an entry, of which there are 1 to 16."""
    count, first, bits = (int(part) for part in descriptor)
    return count % 65536 or 65536, first, min(max(bits, 1), 16)


def _entries(data: Any, count: int, bits: int) -> tuple[int, ...]:
    """Table entries from OW bytes, 8-bit bytes packed or one to a word, or a list of words; () where too few."""
    if isinstance(data, bytes):
        if len(data) >= 2 * count:
            values = np.frombuffer(data[: 2 * count], "<u2")
        elif len(data) >= count and bits <= 8:
            values = np.frombuffer(data[:count], np.uint8)
        else:
            return ()
        return tuple(int(value) for value in values)
    words = data if hasattr(data, "__iter__") else [data]
    entries = tuple(int(value) & 0xFFFF for value in words)
    return entries[:count] if len(entries) >= count else ()


def _table_data(dataset: Dataset, colour: str, count: int, bits: int) -> Any:
    """A palette's table: plain, or expanded from its segments (PS3.3 C.7.9.2)."""
    plain = element(dataset, f"{colour}PaletteColorLookupTableData")
    if plain is not None:
        return plain
    segmented = element(dataset, f"Segmented{colour}PaletteColorLookupTableData")
    if segmented is None:
        return b""
    return _Segments(bytes(segmented), wide=bits > 8).expanded(count)


class _Segments:
    """A segmented table (PS3.3 C.7.9.2): words of 8 or 16 bits."""

    def __init__(self, data: bytes, *, wide: bool) -> None:
        self._bytes_a_word = 2 if wide else 1
        whole = len(data) // self._bytes_a_word * self._bytes_a_word
        self._words: list[int] = np.frombuffer(data[:whole], "<u2" if wide else np.uint8).tolist()

    def expanded(self, most: int) -> list[int]:
        """The table, of at most *most* entries; [] where it is damaged."""
        values: list[int] = []
        at = 0
        try:
            while at + 1 < len(self._words) and len(values) < most:
                at = self._append(at, values)
        except (IndexError, ValueError):
            return []
        return values

    def _append(self, at: int, values: list[int], *, repeated: bool = False) -> int:
        """Add the entries of the segment at word *at*; where the next one begins. Raises for what is no segment."""
        kind, length = self._words[at], self._words[at + 1]
        if kind == _DISCRETE:
            values += self._words[at + 2 : at + 2 + length]
            return at + 2 + length
        if kind == _LINEAR and values:
            start, stop = values[-1], self._words[at + 2]
            values += [round(start + (stop - start) * step / length) for step in range(1, length + 1)]
            return at + 3
        if kind == _INDIRECT and not repeated:  # names earlier segments by the byte at which they begin
            end = at + 2 + 4 // self._bytes_a_word
            offset = sum(
                word << (8 * self._bytes_a_word * place) for place, word in enumerate(self._words[at + 2 : end])
            )
            earlier = offset // self._bytes_a_word
            for _ in range(length):
                earlier = self._append(earlier, values, repeated=True)
            return end
        raise ValueError(kind)
