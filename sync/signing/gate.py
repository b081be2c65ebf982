"""The gate before each signature: passphrase for signing and key PIN, both, every time (21 CFR 11.200).

Five wrong tries lock it for 15 minutes. A try is counted on disk before it is made, so killing the program wins none.
Time is what passed since this computer was started: setting the clock neither ends the lock nor prolongs it.
"""

from __future__ import annotations

import json
from datetime import timedelta

from sync.audit import AuditAction
from sync.errors import SigningRefused
from sync.signing.envelope import SignerBinding
from sync.signing.identity import Identity, identity_of, load_identity, open_container
from sync.signing.passphrase import hash_passphrase, verify_passphrase
from sync.store.database import Store
from sync.store.record_codec import from_text, to_text
from sync.vault.unlock_tries import uptime_s, wait_left_s

TRIES = 5
LOCK = timedelta(minutes=15)
IDENTITY_SECRET = "identity.p12"
TRUST_SECRET = "trust.pem"
PASSPHRASE_SECRET = "passphrase.argon2id"
SIGNER_SECRET = "signer.json"
NO_CERTIFICATE = (
    "No signing certificate is set up here: Hospital › Signing certificate… takes in the file the hospital gave you."
)
"""What a reader is told who cannot sign yet, with what to do about it."""
_COUNT = "signing_attempts"


def enrol(
    store: Store,
    p12: bytes,
    trust_pem: bytes,
    passphrase: str,
    *,
    pin: str | None = None,
    practitioner_reference: str = "",
    npi: str = "",
) -> None:
    """Keep a signing identity in the encrypted store. Tries counted so far stay counted.

    With *pin* the identity is opened once (SigningRefused when that fails) and its binding to *practitioner_reference*
    kept, so that `find_signer` can say before any signing who will sign; the PIN itself is never kept.
    """
    if pin is not None:
        binding = load_identity(p12, pin).binding(practitioner_reference, npi)
        store.session.put_secret(SIGNER_SECRET, to_text(binding).encode("ascii"))
    store.session.put_secret(IDENTITY_SECRET, p12)
    store.session.put_secret(TRUST_SECRET, trust_pem)
    store.session.put_secret(PASSPHRASE_SECRET, hash_passphrase(passphrase).encode("ascii"))


def find_signer(store: Store) -> SignerBinding | None:
    """Who signs on this computer, where enrolment (or a signature) has shown it."""
    found = store.session.find_secret(SIGNER_SECRET)
    return None if found is None else from_text(SignerBinding, found.decode("ascii"))


def find_trust(store: Store) -> bytes | None:
    """The site's trusted certificates (PEM)."""
    return store.session.find_secret(TRUST_SECRET)


class SigningGate:
    """Hands out the identity for one signature to whoever knows passphrase and PIN."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def check(self, passphrase: str, pin: str) -> Identity:
        """The identity, to sign with once. SigningRefused, with one sentence, otherwise; nothing was signed then."""
        session = self._store.session
        p12, encoded = session.find_secret(IDENTITY_SECRET), session.find_secret(PASSPHRASE_SECRET)
        if p12 is None or encoded is None:
            raise SigningRefused(NO_CERTIFICATE)
        tries = json.loads(session.change(_COUNT, self._count))["tries"]
        # Both are checked whatever the first says, and the sentence does not tell which of them was wrong.
        container = open_container(p12, pin)
        known = verify_passphrase(passphrase, encoded.decode("ascii"))
        if container is None or not known:
            self._refuse(tries)
        session.remove(_COUNT)
        assert container is not None
        return identity_of(container)

    def tries_left(self) -> int:
        """How many wrong tries are still allowed; 0 while locked."""
        found = self._store.session.find(_COUNT)
        if found is None:
            return TRIES
        count = json.loads(found)
        if count["tries"] >= TRIES and _locked_for_s(count) <= 0:
            return TRIES
        return TRIES - int(count["tries"])

    def _count(self, found: str | None) -> str:
        tries = 0
        if found is not None:
            count = json.loads(found)
            tries = count["tries"]
            if tries >= TRIES:
                remaining_s = _locked_for_s(count)
                if remaining_s > 0:
                    minutes = -(-int(remaining_s) // 60)
                    raise SigningRefused(
                        f"Signing is locked after {TRIES} wrong tries; try again in {max(1, minutes)} min."
                    )
                tries = 0
        return json.dumps({"tries": tries + 1, "uptime_s": uptime_s()})

    def _refuse(self, tries: int) -> None:
        left = TRIES - tries
        action = AuditAction.SIGNING_FAILED if left else AuditAction.SIGNING_LOCKED
        self._store.audit.append(action, None, "signing identity", "refused", {"tries": tries})
        if not left:
            raise SigningRefused(
                "The passphrase or the key PIN is wrong. Nothing was signed, and signing is locked for "
                f"{LOCK.seconds // 60} minutes."
            )
        chances = "one try is" if left == 1 else f"{left} tries are"
        raise SigningRefused(f"The passphrase or the key PIN is wrong. Nothing was signed; {chances} left.")


def _locked_for_s(count: dict[str, float]) -> float:
    """A count of an earlier version told the time of day, which counts for nothing: it waits from the start-up on."""
    return wait_left_s(LOCK.total_seconds(), count.get("uptime_s", 0.0), uptime_s())
