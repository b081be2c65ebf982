"""What the hospital remembers: versions kept, all or nothing, and nothing of a database that is none."""

from __future__ import annotations

from pathlib import Path

import pytest

from sync.demo_hospital.state import HospitalState
from sync.errors import StoreUnavailable
from tests.sync.demo_hospital.dicom_files import write_dicom

PATIENT = {"resourceType": "Patient", "id": "p1", "active": True}


def test_that_every_version_stays_readable(tmp_path: Path) -> None:
    with HospitalState(tmp_path) as state:
        state.put_resource(PATIENT)
        state.put_resource({**PATIENT, "active": False})
        assert [state.find_resource("Patient", "p1", version) is not None for version in (1, 2, 3)] == [
            True,
            True,
            False,
        ]
        assert [one.json["active"] for one in state.list_resources("Patient")] == [False]
        old = state.find_resource("Patient", "p1", 1)
        assert old is not None
        assert (old.json["active"], old.json["meta"]["versionId"]) == (True, "1")


def test_that_an_unchanged_resource_gets_no_new_version(tmp_path: Path) -> None:
    tagged = {**PATIENT, "meta": {"tag": [{"code": "x"}]}}
    with HospitalState(tmp_path) as state:
        assert [state.put_resource_if_changed(one).version for one in (PATIENT, PATIENT, tagged, tagged)] == [
            1,
            1,
            2,
            2,
        ]


def test_that_an_exception_undoes_the_outermost_block(tmp_path: Path) -> None:
    with HospitalState(tmp_path) as state:
        with pytest.raises(RuntimeError, match="stop"), state.transaction():
            with state.transaction():
                state.put_resource(PATIENT)
            state.put_fact("a", "b")
            raise RuntimeError("stop")
        assert state.find_resource("Patient", "p1") is None
        assert state.find_fact("a") is None
        state.put_resource(PATIENT)
    with HospitalState(tmp_path) as state:
        assert state.find_resource("Patient", "p1") is not None


def test_that_its_own_images_are_found_after_the_folder_moved(tmp_path: Path) -> None:
    write_dicom(tmp_path / "here" / "objects" / "1.dcm")
    with HospitalState(tmp_path / "here") as state:
        state.put_instance(tmp_path / "here" / "objects" / "1.dcm")
    (tmp_path / "here").rename(tmp_path / "there")
    with HospitalState(tmp_path / "there") as state:
        (instance,) = state.list_instances("")
        assert instance.path == tmp_path / "there" / "objects" / "1.dcm"
        assert instance.path.is_file()


def test_that_a_database_that_is_none_is_refused_with_a_sentence(tmp_path: Path) -> None:
    (tmp_path / "hospital.db").write_bytes(b"not a database" * 100)
    with pytest.raises(StoreUnavailable, match=r"cannot be opened"):
        HospitalState(tmp_path)
