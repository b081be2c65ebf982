"""Numbers as a reader types and reads them. No Qt."""

from __future__ import annotations

import re


def parse_number(text: str, *, whole: bool = False) -> int | float | None:
    """The number in *text*, None where there is none. Whole numbers below 2**53 stay integers (RFC 8785)."""
    plain = text.strip().replace(",", ".").replace("\u2212", "-")
    if re.fullmatch(r"[+-]?\d{1,15}", plain):
        return int(plain)
    if not whole and re.fullmatch(r"[+-]?(\d{1,15}\.\d{0,10}|\.\d{1,10})", plain):
        return float(plain)
    return None


def number_text(number: int | float) -> str:
    """A number as a reader writes it: no exponent, no trailing zeros."""
    return f"{number:.10f}".rstrip("0").rstrip(".") if isinstance(number, float) else str(number)
