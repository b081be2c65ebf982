"""The whole main job, twice in a row, by hands on the real program; the hospital says what it holds."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from sync.signing.verification import verify_file
from tests.journey.demo_place import ENVIRONMENT
from tests.real_data import real_data
from workstation.tour.itinerary import SHOWN_ONCE

pytestmark = [pytest.mark.journey, pytest.mark.timeout(600)]


def _tour(tmp_path: Path, *arguments: str) -> dict[str, object]:
    directory = tmp_path / "tour"
    command = [sys.executable, "-m", "workstation", "demo", "--home", str(tmp_path / "home"), "--tour", str(directory)]
    done = subprocess.run([*command, *arguments], capture_output=True, text=True, env=ENVIRONMENT, check=False)
    record: dict[str, object] = json.loads((directory / "tour.json").read_text("utf-8"))
    assert done.returncode == 0, f"{record.get('stopped')}\n{done.stderr[-2000:]}"
    return record | {"directory": directory}


def _check(record: dict[str, object]) -> None:
    directory, stops, hospital = record["directory"], record["stops"], record["hospital"]
    assert isinstance(directory, Path) and isinstance(stops, list) and isinstance(hospital, dict)
    assert len(stops) >= 12
    for stop in stops:
        assert (directory / stop["screenshot"]).stat().st_size > 10_000
        assert all(stop["facts"][fact] for fact in ("patient", "image", "value")), stop
    assert record["carried_over"] == []
    assert len(hospital) >= 2
    trust = directory / "trust.pem"
    for case_id, held in hospital.items():
        assert verify_file(directory / f"{case_id}-report.pdf", trust.read_bytes()).valid
        assert held["diagnostic_reports"] == held["questionnaire_responses"] == held["provenances"] == 1
        assert held["envelope_signature_valid"] and held["report_signature_valid"] and held["pdf_digest_as_stated"]
        assert held["marks"] >= 1
        assert held["task_status"] == "completed"


def _opened_images(home: Path) -> set[tuple[str, str]]:
    """Case and image of each row that the command line shows of images which stood before the reader."""
    command = [sys.executable, "-m", "workstation", "audit", "--home", str(home), "--json"]
    done = subprocess.run(command, capture_output=True, text=True, env=ENVIRONMENT, check=True)
    entries = json.loads(done.stdout)["entries"]
    return {
        (entry["case"], entry["object"])
        for entry in entries
        if entry["action"] == "record opened" and entry["object"].startswith(("series:", "slide:"))
    }


def test_that_the_tour_delivers_two_invented_cases_and_carries_nothing_over(tmp_path: Path) -> None:
    record = _tour(tmp_path)
    _check(record)
    stops = record["stops"]
    assert isinstance(stops, list)
    patients = [stop["facts"]["patient"] for stop in stops]
    assert {"Ashgrove, Corvin", "Fernwhistle, Odalys"} <= set(patients)
    steps = [stop["step"] for stop in stops]
    assert 24 <= len(steps) <= 32, "both cases are shown, and little of it twice"
    twice = {step for step in steps if steps.count(step) > 1}
    assert {"question and first report", "images hang by themselves", "signed, delivered, receipt"} <= twice
    assert set(steps) >= SHOWN_ONCE and not twice & SHOWN_ONCE
    opened = _opened_images(tmp_path / "home")
    assert any(key.startswith("slide:") for _, key in opened) and any(key.startswith("series:") for _, key in opened)
    assert {case for case, _ in opened} == {"SO-2026-00101", "SO-2026-00102"}
    lengths = [float(s["facts"]["value"].split()[1]) for s in stops if s["step"] == "length measured"]
    # The nodule is 14.0 mm and a pixel 0.75 mm; the lesion is 20.0 mm and a pixel 0.94 mm.
    assert lengths == [pytest.approx(14.0, abs=0.75), pytest.approx(20.0, abs=0.94)]


@pytest.mark.real_data
def test_that_the_tour_delivers_the_real_chest_ct_and_the_real_slide(tmp_path: Path) -> None:
    real_data("dicom", "ct_chest_56sl_LungDx-A0001")
    record = _tour(tmp_path, "--data", str(real_data()))
    _check(record)
    stops = record["stops"]
    assert isinstance(stops, list)
    shown = " ".join(stop["facts"]["image"] for stop in stops)
    assert "CMU-1-Small-Region" in shown
    assert {"Lung_Dx-A0001", "Jane_Doe"} <= {stop["facts"]["patient"] for stop in stops}  # the chest CT, the brain MR
    hospital = record["hospital"]
    assert isinstance(hospital, dict)
    assert len(hospital) == 3
