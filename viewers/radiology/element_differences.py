"""What two headers differ in, element by element; items of sequences are compared by their place."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from viewers.radiology.elements import ElementRow


@dataclass(frozen=True, slots=True)
class Difference:
    """An element that differs, or that only one of the two has (the other is None). ``path`` as in `elements.walk`."""

    path: str
    one: ElementRow | None
    other: ElementRow | None

    @property
    def row(self) -> ElementRow:
        """Either of them, for its tag and name."""
        found = self.one or self.other
        assert found is not None
        return found


def differences(one: Sequence[ElementRow], other: Sequence[ElementRow], path: str = "") -> Iterator[Difference]:
    """In the order of their tags. A sequence or an item that one of them lacks is one difference, not its content."""
    left, right = _by_tag(one), _by_tag(other)
    for key in sorted(left.keys() | right.keys()):
        mine, yours = left.get(key), right.get(key)
        if mine is None or yours is None:
            yield Difference(path, mine, yours)
        elif mine.children or yours.children:
            inner = mine.tag if mine.tag.startswith("#") else mine.name
            yield from differences(mine.children, yours.children, f"{path} {inner}".strip())
        elif (mine.vr, mine.whole) != (yours.vr, yours.whole):
            yield Difference(path, mine, yours)


def _by_tag(rows: Sequence[ElementRow]) -> dict[tuple[int, str], ElementRow]:
    """Items sort by number, not as text; what only says that something is not listed is no element."""
    return {(int(row.tag[1:]) if row.tag.startswith("#") else 0, row.tag): row for row in rows if row.tag}
