"""The digest that a server names of a whole representation when asked for it: Want-Repr-Digest, Repr-Digest (RFC 9530).

Only SHA-256 is asked for and read: anything weaker proves less than the vault already knows.
"""

from __future__ import annotations

import base64
import binascii
import re

WANT_SHA256 = {"Want-Repr-Digest": "sha-256=10"}
"""The header of a request that asks for it."""
_SHA256 = re.compile(r"(?:^|,)\s*sha-256=:([A-Za-z0-9+/=]+):")


def read_sha256(repr_digest: str) -> str | None:
    """The SHA-256 in a Repr-Digest header, lower-case hexadecimal; None where it holds none that can be read."""
    found = _SHA256.search(repr_digest)
    try:
        digest = base64.b64decode(found.group(1), validate=True) if found else b""
    except binascii.Error:
        return None
    return digest.hex() if len(digest) == 32 else None
