"""How an audit row is sealed to those before it, and what a checkpoint signs (protocol §5.6)."""

from __future__ import annotations

import hashlib

import rfc8785

from sync.records.opinion import Json

GENESIS = "0" * 64
"""``prev`` of the first row."""
CHECKPOINT_EVERY = 100
"""Rows; besides, the head is signed when the store is locked and before rows are uploaded."""


def row_hash(prev: str, row: Json) -> str:
    """SHA-256(prev ‖ JCS(row)) in hexadecimal; *prev* enters as its 32 bytes."""
    return hashlib.sha256(bytes.fromhex(prev) + rfc8785.dumps(row)).hexdigest()


def head_content(seq: int, head: str) -> bytes:
    """What is signed: so many rows, ending in this hash."""
    return rfc8785.dumps({"type": "audit checkpoint", "seq": seq, "hash": head})
