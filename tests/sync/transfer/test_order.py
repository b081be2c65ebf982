"""In which order a study's images come, and which form of them an archive is asked for."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, cast

from sync.dicomweb.dicomweb_gateway import ACCEPT_LADDER, HttpDicomwebGateway, InstanceEntry
from sync.hospital_connection import HospitalConnection
from sync.records.case import ImagingStudy, SeriesEntry
from sync.store.database import Store
from sync.transfer.plan import list_study, missing_instances
from tests.sync.sample_records import CASE
from tests.sync.scripted_server import reply, scripted_server

STUDY = ImagingStudy(
    "ImagingStudy/1", "1", "1.2", "Mixed", None,
    (
        SeriesEntry("1.2.1", "SM", "Slide", 3),
        SeriesEntry("1.2.2", "CT", "Lung", 2),
        SeriesEntry("1.2.3", "KO", "Key", 1),
    ),
    "",
)  # fmt: skip


class ListedArchive:
    def list_instances(self, _study_uid: str) -> tuple[InstanceEntry, ...]:
        slides = tuple(InstanceEntry("1.2.1", f"s{frames}", 1, "SM", "", frames) for frames in (900, 1, 40))
        return (
            *slides,
            InstanceEntry("1.2.2", "c1", 1, "CT", ""),
            InstanceEntry("1.2.2", "c2", 2, "CT", ""),
            InstanceEntry("1.2.3", "k1", 1, "KO", ""),
        )


def test_that_key_objects_come_first_and_slides_last_with_their_overview_before_the_rest(store: Store) -> None:
    list_study(store, cast(Any, ListedArchive()), CASE, STUDY)
    order = [wanted.sop_instance_uid for wanted in missing_instances(store, CASE, STUDY)]
    assert order == ["k1", "c1", "c2", "s1", "s40", "s900"]


def test_that_a_series_that_the_case_does_not_list_comes_among_the_images(store: Store) -> None:
    fewer = replace(STUDY, series=STUDY.series[:1])
    list_study(store, cast(Any, ListedArchive()), CASE, fewer)
    order = [wanted.sop_instance_uid for wanted in missing_instances(store, CASE, fewer)]
    assert order[-3:] == ["s1", "s40", "s900"]


def test_that_a_remembered_form_that_is_refused_now_begins_the_ladder_anew() -> None:
    asked: list[str] = []

    def answer(line: str, headers: dict[str, str]) -> bytes:
        asked.append(headers["accept"])
        return reply("200 OK", b"DICM") if headers["accept"] == ACCEPT_LADDER[0] else reply("406 No")

    with scripted_server(answer) as server:
        connection = HospitalConnection(server.profile)
        archive = HttpDicomwebGateway(connection, f"{server.base}/dicom-web")
        archive.accept = ACCEPT_LADDER[2]
        content = bytearray()
        archive.fetch_instance("1", "2", "3", content.extend)
        connection.close()
    assert asked == [ACCEPT_LADDER[2], ACCEPT_LADDER[3], ACCEPT_LADDER[0]]
    assert archive.accept == ACCEPT_LADDER[0]
