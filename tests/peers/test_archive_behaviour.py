"""What the program relies on in an image archive, asked of the demo hospital and of Orthanc alike."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from sync.dicomweb.dicomweb_gateway import ACCEPT_LADDER, HttpDicomwebGateway
from sync.errors import Refused
from sync.hospital_connection import HospitalConnection
from tests.peers.site import PeerSite, Site, study_of
from tests.sync.small_hospital import write_instance


@dataclass(frozen=True)
class Subject:
    """An archive with one study of five images, and what lies in it."""

    gateway: HttpDicomwebGateway
    study_uid: str
    digests: dict[str, str]

    @property
    def series_uid(self) -> str:
        return f"{self.study_uid}.1"

    def fetch(self, sop_uid: str) -> str:
        """SHA-256 of what arrives."""
        content = bytearray()
        self.gateway.fetch_instance(self.study_uid, self.series_uid, sop_uid, content.extend)
        return hashlib.sha256(content).hexdigest()


@pytest.fixture
def subject(site: Site) -> Iterator[Subject]:
    study_uid = study_of(site.add_case(instances=5, slide=False))
    connection = HospitalConnection(site.profile())
    yield Subject(HttpDicomwebGateway(connection, site.profile().dicomweb_base), study_uid, site.archive_digests())
    connection.close()


def test_that_the_list_names_every_instance_once(subject: Subject) -> None:
    listed = subject.gateway.list_instances(subject.study_uid)
    assert {entry.sop_instance_uid for entry in listed} == set(subject.digests)
    assert len(listed) == 5
    assert {entry.series_uid for entry in listed} == {subject.series_uid}
    assert sorted(entry.instance_number or 0 for entry in listed) == [1, 2, 3, 4, 5]
    assert {entry.modality for entry in listed} == {"CT"}


def test_that_pages_bring_every_instance_once(subject: Subject, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sync.dicomweb.dicomweb_gateway._PAGE_SIZE", 2)
    listed = subject.gateway.list_instances(subject.study_uid)
    assert sorted(entry.sop_instance_uid for entry in listed) == sorted(subject.digests)


def test_that_a_study_nobody_has_is_an_empty_list_or_refused_as_absent(subject: Subject) -> None:
    try:
        assert subject.gateway.list_instances("1.2.3.4") == ()
    except Refused as refusal:
        assert refusal.http_status == 404


@pytest.mark.parametrize("rung", range(len(ACCEPT_LADDER)), ids=lambda rung: ACCEPT_LADDER[rung])
def test_that_an_instance_comes_byte_for_byte_from_every_rung_on(
    subject: Subject, monkeypatch: pytest.MonkeyPatch, rung: int
) -> None:
    monkeypatch.setattr("sync.dicomweb.dicomweb_gateway.ACCEPT_LADDER", ACCEPT_LADDER[rung:])
    assert {uid: subject.fetch(uid) for uid in subject.digests} == subject.digests


def test_that_an_instance_nobody_has_is_refused(subject: Subject) -> None:
    with pytest.raises(Refused):
        subject.fetch("1.2.3.4")


def test_that_images_sent_twice_are_there_once_and_each_is_accounted_for(site: Site, tmp_path: Path) -> None:
    files = [tmp_path / f"{number}.dcm" for number in (1, 2)]
    for number, path in enumerate(files, 1):
        write_instance(path, "MRN-9", number, study="1.2.826.0.1.3680043.8.498.77")
    for _ in range(2):
        answer = site.send_images(files)
        assert answer.status_code == 200
        taken = answer.json()["00081199"]["Value"]
        assert len({item["00081155"]["Value"][0] for item in taken}) == 2
    assert sorted(site.archive_digests().values()) == sorted(hashlib.sha256(p.read_bytes()).hexdigest() for p in files)


def test_that_what_is_no_image_is_refused(site: Site, tmp_path: Path) -> None:
    (tmp_path / "no.dcm").write_bytes(b"this is no image")
    assert site.send_images([tmp_path / "no.dcm"]).status_code in (400, 409, 415)
    assert site.archive_digests() == {}


@pytest.mark.peers
def test_that_orthanc_gives_an_instance_as_multipart_only(peers: PeerSite) -> None:
    study_uid = study_of(peers.add_case(instances=1, slide=False))
    connection = HospitalConnection(peers.profile())
    url = f"{peers.profile().dicomweb_base}/studies/{study_uid}/series/{study_uid}.1/instances/{study_uid}.1.1"
    try:
        with connection.open("GET", url, headers={"Accept": ACCEPT_LADDER[0]}, accepted=frozenset({400})) as answer:
            assert answer.status_code == 400
        with connection.open("GET", url, headers={"Accept": ACCEPT_LADDER[1]}) as answer:
            assert answer.headers["Content-Type"].startswith("multipart/related")
    finally:
        connection.close()
