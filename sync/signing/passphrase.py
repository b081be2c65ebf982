"""The passphrase for signing as an Argon2id hash (RFC 9106) in its PHC form, parameters included."""

from __future__ import annotations

import os
import unicodedata

from cryptography.exceptions import InvalidKey
from cryptography.hazmat.primitives.kdf.argon2 import Argon2id

MEMORY_KIB = 64 * 1024
ITERATIONS = 3
LANES = 4


def hash_passphrase(passphrase: str) -> str:
    """``$argon2id$…`` with a fresh salt; takes about 0.2 s and 64 MiB, on purpose."""
    kdf = Argon2id(salt=os.urandom(16), length=32, iterations=ITERATIONS, lanes=LANES, memory_cost=MEMORY_KIB)
    return kdf.derive_phc_encoded(_bytes(passphrase))


def verify_passphrase(passphrase: str, encoded: str) -> bool:
    """Whether *passphrase* is the one that *encoded* was made of."""
    try:
        Argon2id.verify_phc_encoded(_bytes(passphrase), encoded)
    except InvalidKey:
        return False
    return True


def _bytes(passphrase: str) -> bytes:
    # Two keyboards may spell the same é differently.
    return unicodedata.normalize("NFC", passphrase).encode("utf-8", "surrogatepass")
