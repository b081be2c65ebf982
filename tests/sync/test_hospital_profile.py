"""A profile keeps its token to this user and this computer."""

from __future__ import annotations

import json
import stat
from dataclasses import replace
from pathlib import Path

import pytest

from sync.errors import ProfileRefused
from sync.hospital_profile import HospitalProfile, origin_of

PROFILE = HospitalProfile(
    name="demo",
    hospital_name="Demo Hospital",
    fhir_base="http://127.0.0.1:8123/fhir/",
    dicomweb_base="http://127.0.0.1:8123/dicom-web",
    files_base="http://localhost:8124/files",
    token="secret-token",
    practitioner_reference="Practitioner/demo-specialist",
    practitioner_name="Dr Demo",
)


def test_that_a_saved_profile_is_read_back_equal_and_only_this_user_can_read_it(tmp_path: Path) -> None:
    path = tmp_path / "demo" / "profile.json"
    PROFILE.save(path)
    assert HospitalProfile.load(path) == PROFILE
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert [p.name for p in path.parent.iterdir()] == ["profile.json"]


@pytest.mark.parametrize(
    "base", ["http://192.168.1.7/fhir", "http://127.0.0.1.evil.example/fhir", "http://[2001:db8::1]/f"]
)
def test_that_plain_http_beyond_this_computer_is_refused_with_the_reason(base: str) -> None:
    with pytest.raises(ProfileRefused, match="plain http"):
        replace(PROFILE, fhir_base=base)


def test_that_a_hospital_anywhere_is_accepted_over_tls() -> None:
    assert replace(PROFILE, fhir_base="https://fhir.hospital.example/r4").fhir_base


def test_that_a_profile_written_before_there_was_a_sign_in_is_still_read(tmp_path: Path) -> None:
    path = tmp_path / "profile.json"
    PROFILE.save(path)
    content = json.loads(path.read_text())
    for name in ("client_id", "issuer", "site_ca_file", "spki_pin"):
        del content[name]
    path.write_text(json.dumps(content))
    assert HospitalProfile.load(path) == PROFILE
    assert not PROFILE.needs_sign_in


@pytest.mark.parametrize("base", ["ftp://127.0.0.1/", "", "127.0.0.1:80", "file:///etc", "http://u:p@127.0.0.1/"])
def test_that_what_is_no_web_address_is_refused(base: str) -> None:
    with pytest.raises(ProfileRefused):
        replace(PROFILE, dicomweb_base=base)


@pytest.mark.parametrize("content", ["", "[]", "{", json.dumps({"name": "demo"})])
def test_that_a_damaged_profile_file_is_refused_by_its_name(tmp_path: Path, content: str) -> None:
    path = tmp_path / "profile.json"
    path.write_text(content)
    with pytest.raises(ProfileRefused, match=r"profile\.json"):
        HospitalProfile.load(path)


def test_that_every_host_of_the_profile_counts_as_its_origin_and_no_other() -> None:
    assert PROFILE.origins == {"http://127.0.0.1:8123", "http://localhost:8124"}
    assert origin_of("HTTP://LocalHost/x") == "http://localhost:80"


def test_that_the_token_is_not_in_the_text_of_a_profile() -> None:
    assert "secret-token" not in repr(PROFILE)
