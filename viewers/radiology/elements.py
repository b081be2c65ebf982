"""Every element of a DICOM file's header as text, sequences as a tree: for looking at, searching and comparing.

The pixels are located and not read. What is not shown whole says so in its own row (``cut``).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from hashlib import sha256

from pydicom.datadict import dictionary_VR
from pydicom.dataelem import DataElement, RawDataElement
from pydicom.dataset import Dataset
from pydicom.multival import MultiValue
from pydicom.tag import BaseTag

from viewers.byte_source import ByteSource
from viewers.radiology.dicom_header import PixelElement, read_header
from viewers.radiology.pydicom_warnings import silenced

LONGEST_TEXT = 20_000
MOST_VALUES = 1_000
MOST_BYTES = 256
MOST_ROWS = 200_000
DEEPEST = 24
_BINARY = {"OB", "OD", "OF", "OL", "OV", "OW", "UN"}


@dataclass(frozen=True, slots=True)
class ElementRow:
    """One element, or one item of a sequence (``tag`` is then "#1", "#2", …).

    ``value`` keeps its line breaks. ``cut`` is empty, or says how much of the value is shown. ``whole`` stands for
    everything the value holds, shown or not: rows with the same are the same.
    """

    tag: str
    vr: str
    name: str
    value: str
    whole: str
    is_private: bool = False
    cut: str = ""
    children: tuple[ElementRow, ...] = ()

    def texts(self) -> Iterator[str]:
        """What a search looks through: of this row alone."""
        yield self.tag
        yield self.name
        yield self.value


def list_elements(source: ByteSource) -> tuple[ElementRow, ...]:
    """The file meta information, the data set up to the pixels, and one row for these; in file order.

    Raises UnreadableFile as `read_header` does.
    """
    with silenced():
        header = read_header(source)
        budget = _Budget()
        meta = getattr(header.dataset, "file_meta", None) or Dataset()
        rows = [*_rows(meta, budget, 0), *_rows(header.dataset, budget, 0)]
    if budget.is_spent:
        words = f"More than {MOST_ROWS:,} elements: the rest is not listed."
        rows.append(ElementRow("", "", words, "", words))
    if header.pixels is not None:
        rows.append(_pixel_row(header.pixels))
        after = source.size_bytes - header.pixels.offset - header.pixels.length
        if not header.pixels.is_encapsulated and after > 0:
            words = f"Elements after the pixels ({after:,} bytes) are not listed."
            rows.append(ElementRow("", "", words, "", words))
    return tuple(rows)


def matching(rows: Iterable[ElementRow], words: str) -> Iterator[tuple[str, ElementRow]]:
    """Rows in which every one of *words* is found, in any order and case, each with where it stands."""
    wanted = words.casefold().split()
    for path, row in walk(rows):
        text = " ".join(row.texts()).casefold()
        if all(word in text for word in wanted):
            yield path, row


def walk(rows: Iterable[ElementRow], path: str = "") -> Iterator[tuple[str, ElementRow]]:
    """Every row with the names of the sequences and items it stands in ("Other Patient IDs Sequence #1")."""
    for row in rows:
        yield path, row
        if row.children:
            own = row.tag if row.tag.startswith("#") else row.name
            yield from walk(row.children, f"{path} {own}".strip())


class _Budget:
    """How many rows may still be made: a header of millions of elements must not fill the memory."""

    def __init__(self) -> None:
        self._left = MOST_ROWS

    @property
    def is_spent(self) -> bool:
        return self._left <= 0

    def take(self) -> bool:
        self._left -= 1
        return self._left > 0


def _rows(dataset: Dataset, budget: _Budget, depth: int) -> Iterator[ElementRow]:
    for tag in sorted(dataset.keys()):
        if not budget.take():
            return
        yield _row(dataset, BaseTag(tag), budget, depth)


def _row(dataset: Dataset, tag: BaseTag, budget: _Budget, depth: int) -> ElementRow:
    shown_tag = f"({tag.group:04X},{tag.element:04X})"
    try:
        found = dataset[tag]
        if found.VR == "SQ":
            return _sequence_row(shown_tag, found, budget, depth)
        value, whole, cut = _value(found)
        return ElementRow(shown_tag, found.VR, _name(found), value, whole, tag.is_private, cut)
    except Exception:  # noqa: BLE001 - a value that pydicom cannot take must still be seen
        raw = dataset.get_item(tag)
        content = bytes(raw.value or b"") if isinstance(raw, RawDataElement) else b""
        value, whole, cut = _bytes_value(content)
        vr = (raw.VR if isinstance(raw, RawDataElement) else None) or _usual_vr(tag)
        return ElementRow(shown_tag, vr, "Cannot be read as what it says it is", value, whole, tag.is_private, cut)


def _sequence_row(shown_tag: str, found: DataElement, budget: _Budget, depth: int) -> ElementRow:
    items = list(found.value or ())
    cut = "" if depth < DEEPEST else "Nested too deeply: its items are not listed."
    children = []
    for number, item in enumerate(items if depth < DEEPEST else (), start=1):
        if not budget.take():
            break
        rows = tuple(_rows(item, budget, depth + 1))
        count = f"{len(rows)} element{'' if len(rows) == 1 else 's'}"
        children.append(ElementRow(f"#{number}", "", "Item", count, count, children=rows))
    words = f"{len(items)} item{'' if len(items) == 1 else 's'}"
    return ElementRow(shown_tag, "SQ", _name(found), words, words, found.tag.is_private, cut, tuple(children))


def _name(found: DataElement) -> str:
    if not found.tag.is_private:
        return str(found.name)
    if found.tag.is_private_creator:
        return "Private creator"
    creator = found.private_creator or "unknown creator"
    known = str(found.name).strip("[]")
    return f"{creator}: {known}" if known and known != "Private tag data" else str(creator)


def _value(found: DataElement) -> tuple[str, str, str]:
    """As shown, as compared, and what is said of the difference."""
    value = found.value
    if isinstance(value, bytes | bytearray) or found.VR in _BINARY:
        return _bytes_value(bytes(value or b"")) if isinstance(value, bytes | bytearray | None) else _list(value)
    if isinstance(value, MultiValue | list | tuple):
        return _list(value)
    return _text("" if value is None else _printable(str(value)))


def _list(values: Iterable[object]) -> tuple[str, str, str]:
    texts = [_printable(str(value)) for value in values]
    whole = "\\".join(texts)
    if len(texts) > MOST_VALUES:
        return (
            "\\".join(texts[:MOST_VALUES]),
            _digest(whole.encode()),
            f"First {MOST_VALUES:,} of {len(texts):,} values.",
        )
    return _text(whole)


def _text(text: str) -> tuple[str, str, str]:
    if len(text) <= LONGEST_TEXT:
        return text, text, ""
    return text[:LONGEST_TEXT], _digest(text.encode()), f"First {LONGEST_TEXT:,} of {len(text):,} characters."


def _bytes_value(content: bytes) -> tuple[str, str, str]:
    shown = content[:MOST_BYTES].hex(" ")
    cut = f"First {MOST_BYTES} of {len(content):,} bytes." if len(content) > MOST_BYTES else ""
    return shown, _digest(content), cut


def _digest(content: bytes) -> str:
    return sha256(content).hexdigest()


def _printable(text: str) -> str:
    return "".join(
        c if c.isprintable() or c == "\n" else "\n" if c == "\r" else "�" for c in text.replace("\r\n", "\n")
    )


def _usual_vr(tag: BaseTag) -> str:
    try:
        return str(dictionary_VR(tag))
    except KeyError:
        return "UN"


def _pixel_row(pixels: PixelElement) -> ElementRow:
    tag = {"PixelData": "(7FE0,0010)", "FloatPixelData": "(7FE0,0008)", "DoubleFloatPixelData": "(7FE0,0009)"}
    size = "compressed" if pixels.is_encapsulated else f"{pixels.length:,} bytes"
    words = f"Pixels, {size}: shown as the image"
    return ElementRow(tag[pixels.keyword], pixels.vr, "Pixel Data", words, words, cut="Not listed here.")
