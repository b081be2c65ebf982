"""How a certificate's fingerprint is written where people compare it: as openssl and browsers write it."""

from __future__ import annotations

import base64


def fingerprint_words(sha256: bytes) -> str:
    """``4F:A0:…``: pairs of capital hexadecimal digits."""
    return sha256.hex(":").upper()


def fingerprint_of_x5t(x5t: str) -> str:
    """The same from a JOSE ``x5t#S256`` (base64url without padding). ValueError where it is none."""
    return fingerprint_words(base64.urlsafe_b64decode(x5t + "=" * (-len(x5t) % 4)))
