"""Which identities may sign."""

from __future__ import annotations

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, rsa

from sync.errors import SigningRefused
from sync.signing.identity import Identity, load_identity
from tests.sync.signing.own_authority import PIN, Authority


def test_that_the_right_pin_gives_the_identity(identity: Identity) -> None:
    assert identity.name == "Dr Ada Reader"
    assert identity.algorithm == "ES256"
    assert identity.intermediates == ()


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        ({"valid_days": (-9, -1)}, "expired"),
        ({"valid_days": (3, 9)}, "not in force"),
        ({"for_signing": False}, "not meant for signatures"),
        ({"key": ec.generate_private_key(ec.SECP384R1())}, "P-256 or RSA"),
        ({"key": rsa.generate_private_key(65537, 1024)}, "too short"),
    ],
)
def test_that_an_unfit_certificate_is_refused_with_its_reason(
    authority: Authority, arguments: dict[str, object], reason: str
) -> None:
    with pytest.raises(SigningRefused, match=reason):
        load_identity(authority.identity(**arguments), PIN)  # type: ignore[arg-type]


def test_that_a_wrong_pin_and_a_damaged_container_are_refused(authority: Authority) -> None:
    p12 = authority.identity()
    with pytest.raises(SigningRefused, match="PIN is wrong"):
        load_identity(p12, "000000")
    with pytest.raises(SigningRefused, match="PIN is wrong"):
        load_identity(p12[:-40], PIN)


def test_that_a_private_key_never_shows_in_a_representation(identity: Identity) -> None:
    assert "private_key" not in repr(identity)
