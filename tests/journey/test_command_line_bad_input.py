"""Bad input to the real program: one plain sentence that names the file, status 1, at once and in little memory."""

from __future__ import annotations

import errno
import io
import json
import os
import random
import resource
import subprocess
import sys
import time
import zipfile
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.journey import hostile_files as hostile
from tests.real_data import real_data
from workstation.cli import main

COMMANDS = ("inspect", "open", "snapshot", "verify")
MEMORY_BYTES = 2 << 30
"""Address space, of which libraries that are only mapped take the larger half."""
SECONDS = 5.0
CT = ("dicom", "ct_chest_56sl_LungDx-A0001", "1-32.dcm")


def options_of(command: str, place: Path) -> list[str]:
    return {
        "snapshot": ["--out", str(place / "x.png"), "--bare"],
        "verify": ["--home", str(place / "home")],
    }.get(command, [])


def assert_one_sentence(capfd: pytest.CaptureFixture[str], path: Path, place: Path, commands: tuple[str, ...]) -> None:
    """Each command answers *path* with one line on standard error that names it, nothing else, and status 1."""
    for command in commands:
        began = time.monotonic()
        status = main([command, str(path), *options_of(command, place)])
        out, err = capfd.readouterr()
        assert (status, out) == (1, ""), command
        assert err.count("\n") == 1 and path.name in err, (command, err)
        assert "Traceback" not in err and "Something went wrong" not in err, err
        assert time.monotonic() - began < SECONDS, command


NOT_IMAGES: dict[str, bytes] = {
    **{f"letter.{suffix}": b"Dear colleague,\n" * 60 for suffix in ("dcm", "svs", "tif", "pdf", "txt")},
    **{f"empty.{suffix}": b"" for suffix in ("dcm", "svs", "pdf")},
    **{f"noise.{suffix}": random.Random(1).randbytes(70_000) for suffix in ("dcm", "svs", "tif")},
    "noise_after_prefix.dcm": bytes(128) + b"DICM" + random.Random(2).randbytes(70_000),
    "noise_after_magic.tif": b"II*\0" + random.Random(3).randbytes(70_000),
    "prefix_only.dcm": bytes(128) + b"DICM",
    "big_tiff_start.tif": b"II+\0\x08\0\0\0",
}


@pytest.mark.parametrize("name", NOT_IMAGES)
def test_that_what_is_no_image_is_one_sentence(name: str, tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    (tmp_path / name).write_bytes(NOT_IMAGES[name])
    assert_one_sentence(capfd, tmp_path / name, tmp_path, COMMANDS)


HOSTILE: dict[str, Callable[[Path], None]] = {
    "zeros.dcm": lambda path: hostile.sparse(path, b""),
    "zeros.tif": lambda path: hostile.sparse(path, b""),
    "prefix_and_zeros.dcm": lambda path: hostile.sparse(path, bytes(128) + b"DICM"),
    "magic_and_zeros.tif": lambda path: hostile.sparse(path, b"II*\0\x08\0\0\0"),
    "terabytes.dcm": hostile.claims_terabytes,
    "bomb.dcm": hostile.deflate_bomb,
    "circle.tif": hostile.directories_in_a_circle,
    "tile.tif": hostile.tile_claims_gigabytes,
}


@pytest.mark.parametrize("name", HOSTILE)
def test_that_a_file_made_to_stop_the_program_is_one_sentence(
    name: str, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    HOSTILE[name](tmp_path / name)
    assert_one_sentence(capfd, tmp_path / name, tmp_path, COMMANDS)


def test_that_a_picture_larger_than_its_header_says_is_not_decoded(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    hostile.claims_more_than_its_header(tmp_path / "lie.dcm")
    assert_one_sentence(capfd, tmp_path / "lie.dcm", tmp_path, ("open", "snapshot"))


def test_that_zeros_in_the_middle_of_a_header_end_it(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    whole = tmp_path / "whole.dcm"
    hostile.claims_terabytes(whole)
    hostile.sparse(tmp_path / "hole.dcm", whole.read_bytes()[:400])
    in_sequence = whole.read_bytes()[:300] + b"\x40\x00\x96\x01SQ\0\0\xff\xff\xff\xff\xfe\xff\0\xe0\xff\xff\xff\xff"
    hostile.sparse(tmp_path / "sequence.dcm", in_sequence)
    for name in ("hole.dcm", "sequence.dcm"):
        assert_one_sentence(capfd, tmp_path / name, tmp_path, ("inspect", "open"))


def test_that_folders_links_pipes_and_devices_are_one_sentence(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    for name in ("empty", "round"):
        (tmp_path / name).mkdir()
    (tmp_path / "round" / "again").symlink_to("..", target_is_directory=True)
    (tmp_path / "self").symlink_to("self")
    (tmp_path / "gone.dcm").symlink_to("nowhere")
    os.mkfifo(tmp_path / "pipe.dcm")
    for name in ("empty", "round", "self", "gone.dcm", "pipe.dcm", "missing"):
        assert_one_sentence(capfd, tmp_path / name, tmp_path, COMMANDS)
    assert_one_sentence(capfd, Path("/dev/zero"), tmp_path, COMMANDS)


def test_that_a_file_that_may_not_be_read_is_one_sentence(
    tmp_path: Path, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    real_open = io.open

    def refusing(file: Any, *arguments: Any, **options: Any) -> Any:
        # Root may read everything, whatever a file's mode says: so the system call's refusal is put here.
        if str(file).endswith(("closed.dcm", "closed.svs")):
            raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), str(file))
        return real_open(file, *arguments, **options)

    monkeypatch.setattr(io, "open", refusing)
    for name in ("closed.dcm", "closed.svs"):
        (tmp_path / name).touch()
        os.truncate(tmp_path / name, 500)
        (tmp_path / name).chmod(0)
        assert_one_sentence(capfd, tmp_path / name, tmp_path, COMMANDS)


def test_that_a_name_that_is_no_text_is_shown_on_one_line(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "two\nlines.dcm").write_bytes(b"x")
    Path(os.fsdecode(os.fsencode(tmp_path) + b"/latin\xe9.dcm")).write_bytes(b"x")
    assert main(["inspect", str(tmp_path), "--json"]) == 1
    out, err = capfd.readouterr()
    assert [item["file"] for item in json.loads(out)["not_opened"]] == ["latin�.dcm", "two�lines.dcm"]
    assert err.count("\n") == 2


def test_that_the_index_of_an_absent_disc_is_one_sentence(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    index = real_data("dicom", "dicomdir_pydicom")
    found = next(path for path in sorted(index.rglob("DICOMDIR")))
    (tmp_path / "DICOMDIR").write_bytes(found.read_bytes())
    assert_one_sentence(capfd, tmp_path / "DICOMDIR", tmp_path, ("inspect", "open", "snapshot"))


@pytest.mark.real_data
@pytest.mark.parametrize("share", [0.0005, 0.01, 0.3, 0.66, 0.9, 0.99, 0.9999])
def test_that_a_truncated_slide_is_one_sentence(
    share: float, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    whole = next(real_data("wsi", "aperio_svs").rglob("*.svs")).read_bytes()
    (tmp_path / "cut.svs").write_bytes(whole[: int(len(whole) * share)])
    assert_one_sentence(capfd, tmp_path / "cut.svs", tmp_path, COMMANDS)


@pytest.mark.real_data
@pytest.mark.parametrize("end", [100, 131, 140, 300, 700, 1500, 3000, 200_000, -2, -1])
def test_that_a_truncated_image_is_one_sentence(end: int, tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "cut.dcm").write_bytes(real_data(*CT).read_bytes()[:end])
    assert_one_sentence(capfd, tmp_path / "cut.dcm", tmp_path, COMMANDS)


@pytest.mark.real_data
def test_that_every_known_bad_input_is_one_sentence(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    for path in sorted(real_data("bad_inputs").iterdir()):
        assert_one_sentence(capfd, path, tmp_path, COMMANDS)


@pytest.mark.journey
def test_that_the_worst_files_are_answered_by_the_program_itself_in_little_memory(tmp_path: Path) -> None:
    for name, make in HOSTILE.items():
        make(tmp_path / name)
    (tmp_path / "letter.dcm").write_bytes(b"Dear colleague")
    with zipfile.ZipFile(tmp_path / "disc.zip", "w") as archive:
        archive.writestr("a.dcm", b"x")
    names = sorted(path.name for path in tmp_path.iterdir())
    for command in ("inspect", "open"):
        done = subprocess.run(
            [sys.executable, "-m", "workstation", command, str(tmp_path)],
            capture_output=True,
            text=True,
            check=False,
            timeout=30,
            env={**os.environ, "QT_QPA_PLATFORM": "offscreen"},
            preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_AS, (MEMORY_BYTES, MEMORY_BYTES)),
        )
        assert (done.returncode, done.stdout) == (1, "")
        assert sorted(line.split()[0] for line in done.stderr.splitlines()) == names


@pytest.mark.real_data
@pytest.mark.parametrize("command", ["inspect", "open"])
def test_that_beside_bad_files_the_good_ones_open(
    command: str, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "good.dcm").symlink_to(real_data(*CT))
    (tmp_path / "letter.dcm").write_text("Dear colleague")
    hostile.claims_terabytes(tmp_path / "terabytes.dcm")
    assert main([command, str(tmp_path), str(tmp_path / "missing")]) == 0
    out, err = capfd.readouterr()
    assert "CT 5mm" in out
    assert err.count("\n") == 3 and all(name in err for name in ("letter.dcm", "terabytes.dcm", "missing"))


@pytest.mark.real_data
@pytest.mark.parametrize("folder", ["dicom", "wsi", "bad_inputs"])
def test_that_every_file_is_told_of_exactly_once(folder: str, capfd: pytest.CaptureFixture[str]) -> None:
    root = real_data(folder)
    status = main(["inspect", str(root), "--json"])
    out, _ = capfd.readouterr()
    told: dict[str, list[dict[str, Any]]] = json.loads(out)
    assert status == (1 if folder == "bad_inputs" else 0)
    found = Counter(item["file"] for item in told["not_opened"])
    found.update(name for slide in told["slides"] for name in slide["files"])
    # One object is one file; its images may be shown in several series (an enhanced one of two orientations).
    objects = {(f["file"], f["sop_instance_uid"]) for series in told["series"] for f in series["frames"]}
    found.update(name for name, _ in objects)
    assert found == Counter(path.name for path in root.rglob("*") if path.is_file() and not path.name.startswith("."))


@pytest.mark.real_data
def test_that_all_real_images_open_without_a_bug(capfd: pytest.CaptureFixture[str]) -> None:
    assert main(["open", str(real_data("dicom")), str(real_data("wsi"))]) == 0
    out, err = capfd.readouterr()
    assert out.count("opened  ") >= 100
    assert "Something went wrong" not in err and "Traceback" not in err


@pytest.mark.journey
def test_that_wrong_usage_ends_with_status_two() -> None:
    for words in (
        ["snapshot"],
        ["inspect"],
        ["open", "--nonsense", "x"],
        ["snapshot", "x", "--out", "y", "--rotate", "45"],
    ):
        done = subprocess.run(
            [sys.executable, "-m", "workstation", *words], capture_output=True, text=True, check=False
        )
        assert done.returncode == 2 and "Traceback" not in done.stderr
