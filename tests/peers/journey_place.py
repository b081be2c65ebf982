"""A hospital of real servers with the whole demo cohort in it, and a home whose workstation belongs to it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from sync.demo_hospital.cohort import build_cohort
from sync.demo_hospital.cohort_images import ImageJob, write_images
from sync.demo_hospital.identity import (
    ACCOUNT_PASSPHRASE,
    HOSPITAL_NAME,
    KEY_PIN,
    PRACTITIONER_ID,
    PRACTITIONER_NAME,
    load_identity,
)
from sync.demo_hospital.state import HospitalState
from sync.demo_hospital.stories import Images
from sync.store.database import open_store
from tests.peers.site import PeerSite
from tests.sync.demo_hospital.tiny_cohort import write_tiny_images
from tests.sync.small_hospital import TOKEN
from workstation.demo_mode import DemoAccount, enrol_demo_identity
from workstation.places import DEMO_PROFILE, hospital_profile_path, remember_profile

CHEST = "SO-2026-00101"
"""A chest CT, a report and laboratory values."""


def fill(site: PeerSite, folder: Path) -> DemoAccount:
    """Builds the cohort in *folder* and hands it to the servers; the specialist's account there."""
    build_cohort(folder, lambda _text, _done: None, write_less)
    with HospitalState(folder) as state:
        site.take_over(state)
    identity = load_identity(folder)
    # Where the specialist's certificate comes from is no part of FHIR or DICOMweb; here it is a file like others.
    site.front.add_file("enrolment/identity.p12", identity.p12)
    site.front.add_file("enrolment/trust.pem", identity.trust_pem)
    profile = site.profile()
    return DemoAccount(
        name=HOSPITAL_NAME,
        fhir_base=profile.fhir_base,
        dicomweb_base=profile.dicomweb_base,
        files_base=profile.files_base,
        enrolment_base=f"{profile.files_base}/enrolment",
        token=TOKEN,
        practitioner_reference=f"Practitioner/{PRACTITIONER_ID}",
        practitioner_name=PRACTITIONER_NAME,
        account_passphrase=ACCOUNT_PASSPHRASE,
        key_pin=KEY_PIN,
    )


def write_less(folder: Path, jobs: Sequence[ImageJob], on_progress: Callable[[str, float], None]) -> dict[str, Any]:
    """As `write_images`: the one case that is read has its slide and forty slices, the others have next to nothing."""
    read = [job for job in jobs if job.case_id == CHEST]
    shorter = [replace(job, images=Images.CHEST_CT_PART, cost=5) if job.images else job for job in read]
    truths = write_tiny_images(folder, [job for job in jobs if job not in read], on_progress)
    return truths | write_images(folder, shorter, on_progress)


def settle(home: Path, site: PeerSite, account: DemoAccount) -> None:
    """The profile of *home* is the specialist's at that hospital, with the key to sign with."""
    site.profile().save(hospital_profile_path(home, DEMO_PROFILE))
    remember_profile(home, DEMO_PROFILE)
    store = open_store(home / DEMO_PROFILE)
    try:
        enrol_demo_identity(home, store, account)
    finally:
        store.close()
