"""The hospitals of this computer, as the list of them needs it: who they are, a new one, one that goes. No Qt here.

Everything blocks: it reads the disk, asks the network, waits for the browser.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from sync.errors import SyncError
from workstation.places import (
    DEMO_PROFILE,
    free_profile_name,
    hospital_profile_path,
    list_profiles,
    profile_directory,
    remove_profile,
)

if TYPE_CHECKING:
    from sync.authorization.signed_in_account import SignedInAccount
    from sync.hospital_profile import HospitalProfile
    from sync.secret_keeper import SecretKeeper


@dataclass(frozen=True, slots=True)
class KnownHospital:
    """One line of the list. ``problem`` says why it cannot be opened; empty: it can."""

    profile_name: str
    hospital_name: str
    reader: str
    host: str
    problem: str = ""


@dataclass(frozen=True, slots=True)
class HospitalAddress:
    """What a person says of a hospital that is new here; all but the address may be empty."""

    address: str
    client_id: str = ""
    ca_file: str = ""
    spki_pin: str = ""


@dataclass(frozen=True, slots=True)
class OpenedHospital:
    """The profile to open, and the account that was just signed in to (None: it has yet to say so)."""

    profile_name: str
    account: SignedInAccount | None = None


def list_hospitals(home: Path) -> tuple[KnownHospital, ...]:
    """Every hospital written down in *home* but the demonstration's, which only `readingroom demo` can serve."""
    from sync.hospital_profile import HospitalProfile

    known = []
    for name in list_profiles(home):
        if name == DEMO_PROFILE:
            continue
        try:
            profile = HospitalProfile.load(hospital_profile_path(home, name))
        except SyncError as error:
            known.append(KnownHospital(name, name, "", "", str(error)))
            continue
        host = urlsplit(profile.fhir_base).hostname or ""
        known.append(KnownHospital(name, profile.hospital_name, profile.practitioner_name, host))
    return tuple(known)


def add_hospital(
    home: Path,
    wanted: HospitalAddress,
    keeper: SecretKeeper,
    open_browser: Callable[[str], object],
    cancelled: Callable[[], bool],
) -> OpenedHospital:
    """Find the hospital, have somebody sign in there, and write it down. `SyncError` leaves everything as it was.

    An account that is here already is signed in to again, under its old name.
    """
    from sync.authorization.sign_in import find_hospital, sign_in_first
    from sync.authorization.signed_in_account import SignedInAccount
    from sync.hospital_profile import SiteTrust
    from sync.vault.event_notes import note_event

    found = find_hospital(wanted.address, wanted.client_id, SiteTrust(wanted.ca_file.strip(), wanted.spki_pin.strip()))
    profile, tokens = sign_in_first(found, "", open_browser, cancelled)
    if cancelled():
        raise SyncError("The sign-in was cancelled.")
    name = _same_account(home, profile) or free_profile_name(home, profile.hospital_name)
    profile = replace(profile, name=name)
    profile.save(hospital_profile_path(home, name))
    account = SignedInAccount(profile, keeper)
    account.accept(tokens)
    # The store may not be there yet, or be locked: the sign-in is entered when it opens.
    note_event(profile_directory(home, name), "sign in", name, "done", actor=profile.practitioner_reference)
    return OpenedHospital(name, account)


def remove_hospital(home: Path, profile_name: str, keeper: SecretKeeper) -> str:
    """Sign out, and delete all that is here of it. The sentence to show afterwards; `SyncError` where it is in use."""
    from sync.authorization.signed_in_account import SignedInAccount
    from sync.hospital_profile import HospitalProfile
    from sync.vault.key_record import keyring_entry

    said = ""
    try:
        profile = HospitalProfile.load(hospital_profile_path(home, profile_name))
    except SyncError:
        profile = None
    if profile is not None and profile.needs_sign_in:
        said = SignedInAccount(profile, keeper).sign_out()
    with suppress(SyncError):  # without its other half, which is deleted now, the half in the keyring opens nothing
        if entry := keyring_entry(profile_directory(home, profile_name)):
            keeper.delete(entry)
    remove_profile(home, profile_name)
    return said or "The hospital and everything of it that was on this computer are gone."


def _same_account(home: Path, profile: HospitalProfile) -> str:
    from sync.hospital_profile import HospitalProfile

    for name in list_profiles(home):
        try:
            other = HospitalProfile.load(hospital_profile_path(home, name))
        except SyncError:
            continue
        same = (other.fhir_base, other.practitioner_reference) == (profile.fhir_base, profile.practitioner_reference)
        if same and other.needs_sign_in:
            return name
    return ""
