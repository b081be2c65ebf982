"""This store's own key (ECDSA P-256): it vouches for the audit trail's head. It never leaves the encrypted database."""

from __future__ import annotations

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_der_private_key,
)
from sqlalchemy import Connection, insert, select

from sync.store.tables import secret

_NAME = "device key"


def sign(connection: Connection, content: bytes) -> bytes:
    """ECDSA over SHA-256, DER. The key is made with its first signature, in the caller's transaction."""
    key = _find(connection)
    if key is None:
        key = ec.generate_private_key(ec.SECP256R1())
        der = key.private_bytes(Encoding.DER, PrivateFormat.PKCS8, NoEncryption())
        connection.execute(insert(secret).values(name=_NAME, content=der))
    return key.sign(content, ec.ECDSA(SHA256()))


def is_there(connection: Connection) -> bool:
    """Something has been signed in this store."""
    return _find(connection) is not None


def is_ours(connection: Connection, signature: bytes, content: bytes) -> bool:
    """*signature* was made here over exactly *content*."""
    key = _find(connection)
    if key is None:
        return False
    try:
        key.public_key().verify(signature, content, ec.ECDSA(SHA256()))
    except InvalidSignature:
        return False
    return True


def _find(connection: Connection) -> ec.EllipticCurvePrivateKey | None:
    der = connection.execute(select(secret.c.content).where(secret.c.name == _NAME)).scalar_one_or_none()
    if der is None:
        return None
    key = load_der_private_key(der, None)
    assert isinstance(key, ec.EllipticCurvePrivateKey)
    return key
