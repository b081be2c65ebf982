"""The same questions to another archive (tiny-pacs), which answers them in other forms than Orthanc."""

from __future__ import annotations

import io
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pydicom
import pytest
import requests

from sync.dicomweb.dicomweb_gateway import ACCEPT_LADDER, HttpDicomwebGateway
from sync.errors import SignInNeeded
from sync.hospital_connection import HospitalConnection
from sync.hospital_profile import HospitalProfile
from tests.peers.conftest import need_peers
from tests.peers.orthanc import stow_body
from tests.peers.tiny_pacs import tiny_pacs
from tests.sync.small_hospital import STUDY_UID, TOKEN, write_instance

pytestmark = pytest.mark.peers


@dataclass(frozen=True)
class Archive:
    base: str
    files: dict[str, Path]
    """What was stored, by SOP Instance UID."""

    def gateway(self, token: str = TOKEN) -> HttpDicomwebGateway:
        origin = self.base.removesuffix("/dicomweb")
        profile = HospitalProfile(
            name="second", hospital_name="Second Archive", fhir_base=f"{origin}/fhir", dicomweb_base=self.base,
            files_base=f"{origin}/files", token=token, practitioner_reference="Practitioner/x", practitioner_name="X",
        )  # fmt: skip
        return HttpDicomwebGateway(HospitalConnection(profile), self.base)


@pytest.fixture(scope="module")
def archive(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Archive]:
    need_peers()
    folder = tmp_path_factory.mktemp("second")
    files = {f"{STUDY_UID}.1.{number}": folder / f"{number}.dcm" for number in (1, 2, 3)}
    for number, path in enumerate(files.values(), 1):
        write_instance(path, "MRN-2", number)
    with tiny_pacs(folder / "server", TOKEN) as base:
        body, kind = stow_body(list(files.values()))
        headers = {"Content-Type": kind, "Authorization": f"Bearer {TOKEN}", "Accept": "application/dicom+json"}
        answer = requests.post(f"{base}/studies", body, headers=headers, timeout=30)
        assert answer.status_code == 200, answer.text
        yield Archive(base, files)


def test_that_its_list_names_every_instance(archive: Archive) -> None:
    listed = archive.gateway().list_instances(STUDY_UID)
    assert sorted(entry.sop_instance_uid for entry in listed) == sorted(archive.files)


@pytest.mark.parametrize("rung", range(len(ACCEPT_LADDER)), ids=lambda rung: ACCEPT_LADDER[rung])
def test_that_its_images_come_whole_from_every_rung_on(
    archive: Archive, monkeypatch: pytest.MonkeyPatch, rung: int
) -> None:
    monkeypatch.setattr("sync.dicomweb.dicomweb_gateway.ACCEPT_LADDER", ACCEPT_LADDER[rung:])
    gateway = archive.gateway()
    for uid, path in archive.files.items():
        content = bytearray()
        gateway.fetch_instance(STUDY_UID, f"{STUDY_UID}.1", uid, content.extend)
        # It writes the file's meta information anew; the data set is what was given to it.
        assert pydicom.dcmread(io.BytesIO(content)) == pydicom.dcmread(path)


def test_that_a_wrong_bearer_is_a_sign_in_that_is_needed(archive: Archive) -> None:
    with pytest.raises(SignInNeeded):
        archive.gateway("wrong").list_instances(STUDY_UID)
