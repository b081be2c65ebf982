"""A hospital of real servers with the demo cohort in it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from sync.demo_hospital.cohort import build_cohort
from sync.demo_hospital.cohort_images import ImageJob, write_images
from sync.demo_hospital.identity import load_identity
from sync.demo_hospital.state import HospitalState
from sync.demo_hospital.story import Images
from tests.peers.site import PeerSite
from tests.sync.demo_hospital.tiny_cohort import write_tiny_images

CHEST = "SO-2026-00101"
"""A chest CT, a report and laboratory values."""
STORE_PIN = "4711-lindenhof"
"""What the reader of the journey chooses for this computer."""


def fill(site: PeerSite, folder: Path) -> None:
    """Builds the cohort in *folder* and hands it to the servers. The specialist's key lies in ``folder/identity``."""
    build_cohort(folder, lambda _text, _done: None, write_less)
    with HospitalState(folder) as state:
        site.take_over(state)
    load_identity(folder)


def write_less(folder: Path, jobs: Sequence[ImageJob], on_progress: Callable[[str, float], None]) -> dict[str, Any]:
    """As `write_images`: the one case that is read has its slide and forty slices, the others have next to nothing."""
    read = [job for job in jobs if job.case_id == CHEST]
    shorter = [replace(job, images=Images.CHEST_CT_PART, cost=5) if job.images else job for job in read]
    truths = write_tiny_images(folder, [job for job in jobs if job not in read], on_progress)
    return truths | write_images(folder, shorter, on_progress)
