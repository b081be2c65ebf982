"""The command line: what parses, which exit status, one plain sentence and never a traceback."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from importlib.metadata import version
from pathlib import Path

import pytest

from sync.hospital_profile import HospitalProfile
from sync.records.case import CaseId, CaseStatus, ConsentState
from sync.store.database import open_store
from tests.real_data import real_data
from tests.sync.authorization_doubles import MemoryKeyring
from tests.sync.store.profile_holder import held_by_another_program
from tests.sync.store.test_first_version import FIRST_VERSION
from tests.workstation.cases import make_case
from workstation.cli import join_negative_values, main, make_parser
from workstation.places import hospital_profile_path, profile_directory


def run(capfd: pytest.CaptureFixture[str], *arguments: str | Path) -> tuple[int, str, str]:
    status = main([str(argument) for argument in arguments])
    out, err = capfd.readouterr()
    assert "Traceback" not in err
    return status, out, err


@pytest.mark.parametrize("given", [["--window", "-600,1500"], ["--window=-600,1500"]])
def test_that_a_window_may_begin_with_a_minus_sign(given: list[str]) -> None:
    options = make_parser().parse_args(join_negative_values(["snapshot", "x", "--out", "y.png", *given]))
    assert options.window == (-600.0, 1500.0)


@pytest.mark.parametrize("words", [["--home", "H", "cases"], ["cases", "--home", "H"]])
def test_that_global_options_stand_before_or_after_the_command(words: list[str]) -> None:
    assert make_parser().parse_args(words).home == "H"


def test_that_the_version_is_said(capfd: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main(["--version"])
    assert (ended.value.code, capfd.readouterr().out) == (0, f"Reading Room {version('reading-room')}\n")


def test_that_the_faults_are_listed_without_a_port_and_the_help_says_how(capfd: pytest.CaptureFixture[str]) -> None:
    for words, said in ((["--faults", "help"], "offline"), (["--help"], "`--faults help`")):
        with pytest.raises(SystemExit) as ended:
            main(["hospital", "serve", *words])
        assert ended.value.code == 0 and said in " ".join(capfd.readouterr().out.split())


@pytest.mark.parametrize(
    "words",
    [
        ["frobnicate"],
        ["snapshot", "x"],
        ["snapshot", "x", "--out", "y.jpg"],
        ["snapshot", "x", "--out", "y"],
        ["snapshot", "x", "--out", "y.png", "--window", "3"],
        ["snapshot", "x", "--out", "y.png", "--size", "0x5"],
        ["snapshot", "x", "--out", "y.png", "--region", "1,2,3"],
        ["hospital"],
        ["hospital", "serve", "--port", "99999"],
        ["hospital", "serve", "--port", "abc"],
    ],
)
def test_that_wrong_usage_ends_with_status_two(words: list[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main(words)
    assert ended.value.code == 2


@pytest.mark.parametrize("out", ["folder.png", "nowhere/x.png"])
def test_that_a_picture_that_cannot_be_written_is_not_drawn(
    out: str, tmp_path: Path, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("workstation.commands.image_commands.scan_local_files", lambda _paths: pytest.fail("read"))
    (tmp_path / "folder.png").mkdir()
    status, _, err = run(capfd, "snapshot", tmp_path, "--out", tmp_path / out)
    assert status == 1 and err.count("\n") == 1 and out.partition("/")[0] in err


@pytest.mark.parametrize("below", ["", "/pictures"])
def test_that_a_tour_into_a_file_is_refused_before_anything_is_built(
    below: str, tmp_path: Path, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("workstation.commands.demo_command.DemoHospital.start", lambda *_: pytest.fail("built"))
    (tmp_path / "notes.txt").write_text("mine")
    home = tmp_path / "home"
    status, _, err = run(capfd, "demo", "--home", home, "--tour", f"{tmp_path / 'notes.txt'}{below}")
    assert status == 1 and err.count("\n") == 1 and "notes.txt" in err and "is not a folder" in err
    assert not home.exists()
    status, _, err = run(capfd, "hospital", "serve", "--port", "0", "--state", f"{tmp_path / 'notes.txt'}{below}")
    assert status == 1 and err.count("\n") == 1 and "is not a folder" in err


def test_that_an_interrupt_is_no_traceback_even_while_libraries_load(
    tmp_path: Path, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupted(_name: str) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("workstation.cli.importlib.import_module", interrupted)
    assert run(capfd, "cases", "--home", tmp_path) == (130, "", "")


def test_that_help_loads_nothing_heavy() -> None:
    code = "import sys; from workstation.cli import make_parser; make_parser().format_help(); print(*sys.modules)"
    loaded = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.split()
    assert {"PySide6", "numpy", "sqlalchemy", "pydicom", "cv2"} & set(loaded) == set()


@pytest.mark.parametrize("command", ["open", "inspect"])
def test_that_what_cannot_be_opened_is_one_sentence_and_status_one(
    command: str, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    text = tmp_path / "text.dcm"
    text.write_text("hello")
    empty = tmp_path / "empty"
    empty.mkdir()
    for path in (text, empty, tmp_path / "absent"):
        status, out, err = run(capfd, command, path)
        assert (status, out) == (1, "") or (command, status) == ("inspect", 1)
        assert err.count("\n") == 1
        assert path.name in err


@pytest.mark.real_data
@pytest.mark.parametrize("command", ["open", "inspect"])
def test_that_good_files_open_and_bad_ones_are_listed(
    command: str, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    good = real_data("dicom", "ct_chest_56sl_LungDx-A0001", "1-05.dcm")
    (tmp_path / "good.dcm").write_bytes(good.read_bytes())
    (tmp_path / "bad.dcm").write_text("hello")
    slide = next(real_data("wsi", "aperio_svs").glob("*.svs"))
    (tmp_path / "cut.svs").write_bytes(slide.read_bytes()[:200_000])
    status, out, err = run(capfd, command, tmp_path)
    assert status == 0
    assert "CT 5mm" in out
    assert sorted(line.split()[0] for line in err.splitlines()) == ["bad.dcm", "cut.svs"]


@pytest.mark.real_data
def test_that_every_known_bad_file_gets_its_sentence(capfd: pytest.CaptureFixture[str]) -> None:
    for path in sorted(real_data("bad_inputs").iterdir()):
        status, _, err = run(capfd, "open", path)
        assert status == 1
        assert err.count("\n") == 1 and path.name in err


@pytest.mark.real_data
def test_that_a_snapshot_is_a_png_of_the_native_size(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    out = tmp_path / "ct.png"
    folder = real_data("dicom", "ct_chest_56sl_LungDx-A0001")
    status, _, _ = run(capfd, "snapshot", folder, "--out", out, "--window", "-600,1500", "--frame", "9", "--bare")
    assert status == 0
    from PySide6.QtGui import QImage

    image = QImage(str(out))
    assert (image.width(), image.height(), image.isGrayscale()) == (512, 512, True)
    status, _, err = run(capfd, "snapshot", folder, "--out", out, "--frame", "99", "--bare")
    assert (status, err) == (1, "3. CT 5mm has images 1 to 56; there is no image 99.\n")


@pytest.mark.real_data
def test_that_a_snapshot_of_a_plane_is_cut_out_of_the_whole_series(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "coronal.png"
    folder = real_data("dicom", "mr_liver_T2longTE_25sl_with_GSPS")
    command = ("snapshot", folder, "--out", out, "--bare", "--plane")
    status, said, _ = run(capfd, *command, "coronal", "--at", "-12.5", "--slab", "10", "--mode", "minip")
    assert status == 0 and "“1101. MR ABDOMEN, coronal y = -12.5 mm, MinIP of 10 mm”" in said
    status, _, err = run(capfd, *command, "axial", "--at", "4000")
    assert status == 1 and err.startswith("There is no image at z = 4000 mm:") and err.count("\n") == 1


@pytest.mark.real_data
def test_that_a_snapshot_under_a_presentation_state_is_the_part_it_shows(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "mr.png"
    folder = real_data("dicom", "mr_liver_T2longTE_25sl_with_GSPS")
    command = ("snapshot", folder, "--out", out, "--state", folder / "PS_0181")
    status, said, _ = run(capfd, *command, "--frame", "3")
    assert status == 0 and said.endswith("220 × 220 pixels\n")
    status, _, err = run(capfd, *command, "--rotate", "90")
    assert status == 1 and err.startswith("A presentation state says how the image is turned")
    other = real_data("dicom", "nm")
    status, _, err = run(capfd, "snapshot", other, "--out", out, "--state", folder / "PS_0181")
    assert (status, err) == (1, "PS_0181 is not made for NM-MONO2-16-13x-heart, image 1.\n")


def test_that_cases_prints_one_json_document(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    store = open_store(tmp_path / "p")
    store.cases.put_case(make_case(), [])
    store.outbox.enqueue_move(make_case().case_id, "accepted")
    store.close()
    status, out, err = run(capfd, "cases", "--home", tmp_path, "--profile", "p", "--json")
    assert (status, err) == (0, "")
    (case,) = json.loads(out)
    assert (case["case"], case["state"], case["here"]["images"]) == ("SO-2026-00001", "Accepted, unsent", [0, 2])
    status, out, _ = run(capfd, "outbox", "--home", tmp_path, "--profile", "p", "--json")
    assert [entry["subject"] for entry in json.loads(out)] == ["accepted"]


def test_that_the_outbox_lists_what_waits_in_the_windows_words_and_what_has_left_when_asked(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    store = open_store(tmp_path / "p")
    store.cases.put_case(make_case(), [])
    for status in ("accepted", "in-progress"):
        store.outbox.enqueue_move(make_case().case_id, status)
    store.outbox.record_delivered(store.outbox.list_entries()[0].entry_id)
    store.close()
    _, waiting, _ = run(capfd, "outbox", "--home", tmp_path, "--profile", "p")
    assert "Start of work" in waiting and "Acceptance" not in waiting and "task move" not in waiting
    _, everything, _ = run(capfd, "outbox", "--all", "--home", tmp_path, "--profile", "p")
    (delivered,) = [line for line in everything.splitlines() if "Acceptance" in line]
    assert delivered.split()[-2:] == ["delivered", "1"] and "Start of work" in everything


def test_that_a_reader_brings_a_store_of_an_older_version_up_to_date_unless_the_window_has_it(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    directory = Path(shutil.copytree(FIRST_VERSION, tmp_path / "demo"))
    with held_by_another_program(directory):
        status, out, err = run(capfd, "cases", "--home", tmp_path, "--profile", "demo")
        assert (status, out) == (1, "") and "is open already" in err
    status, out, err = run(capfd, "cases", "--home", tmp_path, "--profile", "demo")
    assert (status, err) == (0, "") and "Zürcher" in out
    open_store(directory, read_only=True).close()


def test_that_a_home_that_is_no_folder_is_said(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "notes.txt").write_text("mine")
    status, _, err = run(capfd, "cases", "--home", tmp_path / "notes.txt")
    assert status == 1 and "notes.txt” is not a folder; --home names" in err


def test_that_the_audit_trail_is_shown_with_its_verdict(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    store = open_store(tmp_path / "p")
    for number in range(4):
        store.audit.append("case opened", None, f"case {number}", "success", {})
    command = ("audit", "--home", tmp_path, "--profile", "p")
    status, out, err = run(capfd, *command, "--json")
    assert (status, err) == (0, "")
    assert (json.loads(out)["whole"], [e["object"] for e in json.loads(out)["entries"]][-1]) == (True, "case 3")
    assert run(capfd, *command, "--verify")[1] == "The audit trail is whole: 4 rows.\n"
    with store._database.writing() as connection:
        connection.exec_driver_sql("DROP TRIGGER audit_kept")
        connection.exec_driver_sql("DELETE FROM audit WHERE seq = 4")
    store.close()
    status, out, err = run(capfd, *command, "--verify", "--json")
    assert (status, err) == (1, "Audit rows after 3 are missing; 4 were written.\n")
    assert json.loads(out) == {"whole": False, "fault": err.strip(), "rows": 3, "entries": []}


def test_that_without_a_profile_the_way_to_the_demo_is_named(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    status, _, err = run(capfd, "cases", "--home", tmp_path)
    assert status == 1
    assert "readingroom demo" in err


def test_that_a_hospital_beyond_this_computer_is_refused_with_the_reason(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    names = HospitalProfile.__dataclass_fields__
    content = {name: "http://hospital.example/x" if name.endswith("_base") else "x" for name in names}
    (tmp_path / "p").mkdir()
    (tmp_path / "p" / "profile.json").write_text(json.dumps(content))
    status, _, err = run(capfd, "sync", "--home", tmp_path, "--profile", "p")
    assert status == 1
    assert "hospital.example" in err and "plain http" in err


def test_that_a_profile_name_cannot_leave_the_home(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    status, _, err = run(capfd, "cases", "--home", tmp_path, "--profile", "../x")
    assert (status, err) == (1, "“../x” cannot be the name of a profile.\n")


def test_that_an_unsigned_file_does_not_verify(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "letter.txt"
    file.write_text("hello")
    status, _, err = run(capfd, "verify", file, "--home", tmp_path)
    assert status == 1
    assert "letter.txt" in err


def test_that_sync_without_a_sign_in_says_what_was_done_and_where_to_sign_in(
    tmp_path: Path, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sync.authorization.signed_in_account.SystemKeyring", MemoryKeyring)
    profile = HospitalProfile(
        name="clinic", hospital_name="Clinic", fhir_base="http://127.0.0.1:1/fhir",
        dicomweb_base="http://127.0.0.1:1/dicom-web", files_base="http://127.0.0.1:1/files", token="",
        practitioner_reference="Practitioner/me", practitioner_name="Dr Me", client_id="reading-room",
        issuer="http://127.0.0.1:1/oauth",
    )  # fmt: skip
    profile.save(hospital_profile_path(tmp_path, "clinic"))
    status, out, err = run(capfd, "sync", "--home", tmp_path, "--profile", "clinic")
    said = err.strip().splitlines()
    assert status == 1
    assert len(said) == 2 and "Clinic" in said[0] and "ign in" in said[0]
    assert "from the window" in said[1] and "keyring" in said[1]
    assert "The round broke off" in out and "seen" not in out


def test_that_cases_names_what_is_withheld_and_why(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    directory = _known_profile(tmp_path)
    store = open_store(directory)
    for number, consent in (("SO-1", ConsentState.ACTIVE), ("SO-2", ConsentState.MISSING)):
        store.cases.put_case(make_case(case_id=CaseId(number), consent=consent), [])
    store.cases.put_case(
        make_case(case_id=CaseId("SO-3"), consent=ConsentState.MISSING, status=CaseStatus.CANCELLED), []
    )
    store.close()
    status, out, _ = run(capfd, "cases", "--home", tmp_path, "--profile", "clinic")
    assert status == 0
    assert out.splitlines()[-1] == "1 case is withheld: SO-2 (no release)"
    _, out, _ = run(capfd, "cases", "--json", "--home", tmp_path, "--profile", "clinic")
    assert [case["withheld"] for case in json.loads(out)] == [None, "no release", None]


def test_that_the_second_program_on_a_profile_is_told_who_holds_it(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    directory = _known_profile(tmp_path)
    with held_by_another_program(directory) as holder:
        assert main(["--home", str(tmp_path), "--profile", "clinic", "sync", "--once"]) == 1
        said = capfd.readouterr().err
    assert "“clinic”" in said and "the window" in said and f"process {holder}" in said
    assert len(said.strip().splitlines()) == 1


def test_that_a_store_of_a_newer_version_is_refused_with_one_sentence(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    directory = _known_profile(tmp_path)
    store = open_store(directory)
    with store._database.writing() as connection:
        connection.exec_driver_sql("PRAGMA user_version = 9999")
    store.close()
    before = (directory / "store.db").read_bytes()
    for command in (["sync", "--once"], ["cases"], ["audit", "--verify"]):
        assert main(["--home", str(tmp_path), "--profile", "clinic", *command]) == 1
        said = capfd.readouterr().err
        assert "newer version" in said and len(said.strip().splitlines()) == 1, said
    assert (directory / "store.db").read_bytes() == before


def _known_profile(home: Path) -> Path:
    """The folder of a profile whose hospital never answers."""
    HospitalProfile(
        name="clinic", hospital_name="Clinic", fhir_base="http://127.0.0.1:1/fhir", token="t",
        dicomweb_base="http://127.0.0.1:1/d", files_base="http://127.0.0.1:1/f",
        practitioner_reference="Practitioner/me", practitioner_name="Dr Me",
    ).save(hospital_profile_path(home, "clinic"))  # fmt: skip
    return profile_directory(home, "clinic")
