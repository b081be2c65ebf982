"""Which bytes of a PDF its one signature covers, and which it leaves out (ISO 32000-1 §12.8.1)."""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass

_BYTE_RANGE = re.compile(rb"/ByteRange\s*\[\s*(\d{1,12})\s+(\d{1,12})\s+(\d{1,12})\s+(\d{1,12})\s*\]")


@dataclass(frozen=True, slots=True)
class SignedRange:
    """``byte_range`` as written in the file; ``gap`` is what it leaves out, the signature in hexadecimal."""

    byte_range: tuple[int, int, int, int]
    covered: tuple[memoryview, memoryview]
    gap: bytes
    whole_document: bool
    """Nothing but the gap is left out: neither before, nor after."""

    def digest(self, algorithm: str) -> bytes:
        """Of the covered bytes; ValueError for an algorithm that nobody should sign with."""
        if algorithm not in ("sha256", "sha384", "sha512"):
            raise ValueError(f"digest algorithm {algorithm}")
        return hashlib.new(algorithm, b"".join(self.covered)).digest()


def find_signed_range(pdf: bytes) -> SignedRange | None:
    """The range of the only signature in *pdf*; None when there is none, or more than one."""
    found = _BYTE_RANGE.findall(pdf)
    if len(found) != 1:
        return None
    first, first_length, second, second_length = (int(number) for number in found[0])
    end = second + second_length
    whole = first == 0 and first_length < second and end == len(pdf)
    view = memoryview(pdf)
    return SignedRange(
        (first, first_length, second, second_length),
        (view[first : first + first_length], view[second:end]),
        pdf[first + first_length : second],
        whole,
    )
