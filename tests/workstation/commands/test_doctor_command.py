"""`readingroom doctor`: one verdict, one JSON document, and a bundle that names nobody."""

from __future__ import annotations

import json
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from sync.store.database import open_store
from tests.workstation.cases import make_case
from workstation.cli import main
from workstation.doctor import computer, hospitals, screen, store_folder
from workstation.doctor.finding import Finding, works


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(screen, "look_at_screen", lambda: works("screen", "A screen."))
    monkeypatch.setattr(screen, "look_at_libraries", lambda: works("system libraries", "All."))
    monkeypatch.setattr(store_folder, "look_at_encryption", lambda: works("encryption", "Nothing is in clear."))


def test_that_the_answer_is_one_json_document_and_the_bundle_holds_no_patient(
    tmp_path: Path, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Path, "home", lambda: tmp_path)
    store = open_store(tmp_path / "data" / "clinic")
    case = make_case()
    store.cases.put_case(case, [])
    store.close()
    bundle = tmp_path / "support.zip"
    assert main(["doctor", "--home", str(tmp_path / "data"), "--json", "--bundle", str(bundle)]) == 0
    out, err = capfd.readouterr()
    report = json.loads(out)
    assert err == "" and report["works"] and len(report["findings"]) == 11
    with zipfile.ZipFile(bundle) as archive:
        assert archive.namelist() == ["doctor.json"]
        words = archive.read("doctor.json").decode()
    assert json.loads(words)["home"].startswith("~")
    for secret in (case.patient.display_name, case.patient.patient_id, case.case_id, str(tmp_path)):
        assert secret not in words


def test_that_nothing_is_asked_over_the_network_unless_told_to(
    tmp_path: Path, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[Path] = []
    monkeypatch.setattr(hospitals, "look_at_hospitals", lambda home: (asked.append(home), ())[1])
    main(["doctor", "--home", str(tmp_path)])
    assert asked == []
    main(["doctor", "--home", str(tmp_path), "--online"])
    assert asked == [tmp_path]


def test_that_a_look_that_breaks_is_a_fault_and_hides_no_other(
    tmp_path: Path, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken() -> Finding:
        raise ZeroDivisionError

    monkeypatch.setattr(computer, "look_at_power", broken)
    assert main(["doctor", "--home", str(tmp_path)]) == 1
    out, err = capfd.readouterr()
    assert "FAULT  power: It could not be looked at (ZeroDivisionError)." in out
    assert sum(line[:5] in ("ok   ", "note ", "FAULT") for line in out.splitlines()) == 11
    assert err.splitlines()[-1] == "1 thing does not work on this computer; see FAULT above."


@pytest.mark.parametrize("where", [lambda place: place, lambda place: place / "nowhere" / "b.zip"])
def test_that_a_bundle_that_cannot_be_written_is_said_before_anything_is_looked_at(
    where: Callable[[Path], Path], tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    assert main(["doctor", "--home", str(tmp_path), "--bundle", str(where(tmp_path))]) == 1
    out, err = capfd.readouterr()
    assert out == "" and err.count("\n") == 1 and "--bundle" in err
