"""The cohort: the invented cases this hospital holds, built whole at the first start, kept after.

Images first, in a folder of their own that is renamed when complete; then everything the database knows of them in one
transaction. A build that was cut short leaves nothing that counts, and the next start builds again.
"""

from __future__ import annotations

import json
import os
import shutil
import tempfile
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from sync.demo_hospital.case_resources import instant
from sync.demo_hospital.cohort_images import SLIDE_NAME, ImageJob, image_jobs, write_images
from sync.demo_hospital.hospital_resources import put_hospital_resources
from sync.demo_hospital.state import HospitalState
from sync.demo_hospital.stories import STORIES
from sync.demo_hospital.story import Story
from sync.demo_hospital.story_resources import due_at, story_resources

Json = dict[str, Any]
OnProgress = Callable[[str, float], None]
WriteImages = Callable[[Path, Sequence[ImageJob], OnProgress], Json]

COHORT_VERSION = "3"
"""Raised when a story or a phantom changes: a state folder with another version is filled anew."""

_IMAGES_SHARE = 0.93
_BUILT = "built.json"


def build_cohort(state_dir: Path, on_progress: OnProgress, write: WriteImages = write_images) -> None:
    """Fill *state_dir* unless it is filled already; about half a minute on two cores.

    *write* writes the images below the folder it is given and returns their truths.
    """
    with HospitalState(state_dir) as state:
        put_hospital_resources(state)
        if state.find_fact("cohort") != COHORT_VERSION:
            truths = _find_truths(state.state_dir) or _build_objects(state.state_dir, on_progress, write)
            on_progress("Writing letters and results", _IMAGES_SHARE)
            _write_truth(state.state_dir / "truth.json", truths)
            _fill(state)
        move_due_dates_along(state, datetime.now(UTC))
    on_progress("The hospital is ready", 1.0)


def _find_truths(state_dir: Path) -> Json | None:
    """The truths of complete images of this version that a database, now gone, was filled from."""
    try:
        built = json.loads((state_dir / "objects" / _BUILT).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    return dict(built["truths"]) if built.get("version") == COHORT_VERSION else None


def _build_objects(state_dir: Path, on_progress: OnProgress, write: WriteImages) -> Json:
    for leftover in state_dir.glob("building-*"):
        shutil.rmtree(leftover, ignore_errors=True)
    building = Path(tempfile.mkdtemp(prefix="building-", dir=state_dir))
    truths = write(building, image_jobs(), lambda text, done: on_progress(text, done * _IMAGES_SHARE))
    # Inside the folder that is renamed: complete images and this file appear together.
    (building / _BUILT).write_text(json.dumps({"version": COHORT_VERSION, "truths": truths}), encoding="utf-8")
    objects = state_dir / "objects"
    if objects.exists():
        shutil.rmtree(objects)
    building.rename(objects)
    return truths


def _fill(state: HospitalState) -> None:
    """Everything the database says of the cohort, or nothing."""
    built = datetime.now(UTC)
    with state.transaction():
        for story in STORIES:
            for resource in _story(state, story, built):
                state.put_resource(resource)
        state.put_fact("cohort", COHORT_VERSION)


def move_due_dates_along(state: HospitalState, today: datetime) -> None:
    """Cases that nobody has accepted and that are always due soon are due soon seen from *today*, aware."""
    for story in STORIES:
        held = state.find_resource("Task", f"task-{story.case_id.lower()}") if story.due_moves_along else None
        if held is None or held.json["status"] != "requested":
            continue
        task = held.json
        due = instant(due_at(story, today))
        if task["restriction"]["period"]["end"] < due:
            period = {**task["restriction"]["period"], "end": due}
            state.put_resource({**task, "restriction": {**task["restriction"], "period": period}})


def _story(state: HospitalState, story: Story, built: datetime) -> list[Json]:
    folder = state.state_dir / "objects" / story.case_id
    entries = [state.put_instance(path) for path in sorted(folder.glob("*.dcm"))]
    slide = None
    if story.has_slide:
        slide = state.put_file(folder / SLIDE_NAME, "image/x-aperio-svs", f"{story.case_id.lower()}-slide")
    return story_resources(story, built, entries, slide)


def _write_truth(path: Path, truths: Json) -> None:
    fresh = path.with_suffix(".new")
    with fresh.open("w", encoding="utf-8") as opened:
        json.dump(truths, opened)
        opened.flush()
        os.fsync(opened.fileno())
    fresh.replace(path)
