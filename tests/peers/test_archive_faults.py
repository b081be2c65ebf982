"""A reply of the image archive that stops early is never taken for an image. DICOM PS3.18 10.4, RFC 9112 6.3.

Orthanc ends its replies by closing the line; nginx hands such a reply on as if it were whole. Only the boundary tells.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from sync.dicomweb.dicomweb_gateway import HttpDicomwebGateway
from sync.errors import DamagedTransfer, Offline
from sync.hospital_connection import HospitalConnection
from sync.records.case import CaseId
from sync.store.database import Store, open_store
from sync.sync_round import run_sync_round
from tests.peers.site import Site, study_of


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    store = open_store(tmp_path / "profile")
    yield store
    store.close()


def brings_an_image(line: str) -> bool:
    return line.startswith("GET") and "/instances/" in line and "?" not in line


@pytest.mark.parametrize("kept", ["half", "all but the last line", "the headers"])
def test_that_a_cut_image_is_noticed(site: Site, kept: str) -> None:
    study_uid = study_of(site.add_case(instances=1, slide=False))

    def cut(line: str, reply: bytes) -> bytes:
        if not brings_an_image(line) or not reply.startswith(b"HTTP/1.1 200"):
            return reply
        head = reply.index(b"\r\n\r\n") + 4
        ends = {"half": (head + len(reply)) // 2, "all but the last line": len(reply) - 6, "the headers": head}
        return reply[: ends[kept]]

    with site.faulty_archive() as (line, profile):
        line.cut = cut
        connection = HospitalConnection(profile)
        gateway = HttpDicomwebGateway(connection, profile.dicomweb_base)
        try:
            with pytest.raises((DamagedTransfer, Offline)):
                gateway.fetch_instance(study_uid, f"{study_uid}.1", f"{study_uid}.1.1", lambda _piece: None)
        finally:
            connection.close()


def test_that_a_round_over_a_line_that_cuts_everything_once_ends_with_every_image_whole(
    site: Site, store: Store
) -> None:
    case_id = CaseId(site.add_case(instances=6, slide=False))
    seen: set[str] = set()

    def cut_once(line: str, reply: bytes) -> bytes:
        if not brings_an_image(line) or not reply.startswith(b"HTTP/1.1 200") or line in seen:
            return reply
        seen.add(line)
        return reply[: len(reply) // 2]

    with site.faulty_archive() as (line, profile):
        line.cut = cut_once
        # The study's Endpoint names the hospital's own archive; here the study is to come over the faulty line.
        site.change("Endpoint/archive", address=profile.dicomweb_base)
        report = run_sync_round(store, profile)
    assert report.problems == ()
    assert len(seen) == 6
    held = {o.sop_instance_uid: o.sha256 for o in store.objects.list_objects(case_id) if o.study_uid}
    assert held == site.archive_digests()
