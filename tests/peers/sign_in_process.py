"""A process of its own: somebody signs in at a hospital that is new here, and the profile and the key are put in place.

python -m tests.peers.sign_in_process HOME FHIR_BASE CA_FILE IDENTITY_P12 TRUST_PEM
"""

from __future__ import annotations

import sys
from pathlib import Path

from sync.authorization.sign_in import find_hospital, sign_in_first
from sync.authorization.signed_in_account import SignedInAccount
from sync.demo_hospital.identity import ACCOUNT_PASSPHRASE, KEY_PIN, NPI
from sync.hospital_profile import SiteTrust
from sync.secret_keeper import SystemKeyring
from sync.signing.gate import enrol
from sync.store.database import open_store
from tests.peers.authorization_server import FormBrowser
from workstation.places import hospital_profile_path, profile_directory, remember_profile

PROFILE = "demo"
"""The name that the driver of the window opens."""


def main() -> None:
    home, fhir_base, ca_file, p12, trust_pem = Path(sys.argv[1]), sys.argv[2], *map(Path, sys.argv[3:6])
    found = find_hospital(fhir_base, trust=SiteTrust(str(ca_file)))
    browser = FormBrowser(ca_file)
    profile, tokens = sign_in_first(found, PROFILE, browser, lambda: bool(browser.trouble))
    profile.save(hospital_profile_path(home, PROFILE))
    remember_profile(home, PROFILE)
    account = SignedInAccount(profile, SystemKeyring())
    account.accept(tokens)
    store = open_store(profile_directory(home, PROFILE))
    try:
        enrol(
            store, p12.read_bytes(), trust_pem.read_bytes(), ACCOUNT_PASSPHRASE, pin=KEY_PIN,
            practitioner_reference=profile.practitioner_reference, npi=NPI,
        )  # fmt: skip
    finally:
        store.close()
    print("signed in", profile.practitioner_reference, account.notice, flush=True)


if __name__ == "__main__":
    main()
