"""`readingroom verify`: who signed a report or an opinion, when, and whether anything changed since."""

from __future__ import annotations

from argparse import Namespace
from pathlib import Path

from sync.errors import NotValid, SyncError
from workstation.commands.answer import DONE, FAILED, complain, home_of, profile_of, say, say_json

LARGEST_TRUST_BYTES = 16 << 20


def verify(options: Namespace) -> int:
    """Status 0 for a valid signature of someone trusted, else 1: also where nobody said whom to trust."""
    from sync.signing.verification import verify_file

    trust_pem = _trusted(options)
    found = verify_file(options.file, trust_pem)
    if options.json:
        say_json(found.to_json())
    else:
        say(found.sentence)
        say(f"who:   {found.who or 'unknown'}")
        say(f"when:  {found.when.isoformat() if found.when else 'unknown'}")
        say(f"what:  {found.what or 'unknown'}")
        say(f"certificate (SHA-256): {found.certificate_fingerprint or 'unknown'}")
        if found.amendment is not None:
            say(f"amends: {_one_line(f'{found.amendment.title}; reason: {found.amendment.reason}')}")
        say(f"trust: {_trust_words(found.trusted, was_given=trust_pem is not None)}")
    if found.valid:
        return DONE
    if found.intact and found.whole_document and found.trusted is None and trust_pem is None:
        complain(
            f"Whom to trust is not known, so {options.file.name} cannot be judged; name certificates with --trust."
        )
    else:
        complain(f"{options.file.name} is not valid.")
    return FAILED


def _trust_words(trusted: bool | None, *, was_given: bool) -> str:
    """Of a file that was changed no authority is asked: whoever signed did not sign this."""
    if trusted is None:
        return "not checked: there is no valid signature to judge" if was_given else "not checked: give --trust"
    return "by a trusted authority" if trusted else "NOT by a trusted authority"


def _one_line(words: str) -> str:
    """What the signer wrote may hold line ends, and what follows one must not pass for a line of ours."""
    return " ".join("".join(c if c.isprintable() else " " for c in words).split())


def _trusted(options: Namespace) -> bytes | None:
    """The certificates named with ``--trust``, else those of the profile, if there is one."""
    if options.trust is not None:
        return _read(options.trust)
    from sync.signing.gate import find_trust
    from sync.store.database import open_store
    from workstation.places import profile_directory
    from workstation.unlocking import unlock_on_terminal

    try:
        home, profile = home_of(options), profile_of(options)
        unlock = unlock_on_terminal(home, profile, getattr(options, "unlock_file", None))
        store = open_store(profile_directory(home, profile), unlock=unlock, read_only=True)
    except SyncError:
        if getattr(options, "profile", None):
            raise
        return None
    try:
        return find_trust(store)
    finally:
        store.close()


def _read(path: Path) -> bytes:
    try:
        if path.stat().st_size > LARGEST_TRUST_BYTES or (path.exists() and not path.is_file()):
            raise NotValid(f"“{path.name}” is no file of certificates.")
        return path.read_bytes()
    except OSError as error:
        raise NotValid(f"“{path.name}” cannot be read ({error.strerror}).") from None
