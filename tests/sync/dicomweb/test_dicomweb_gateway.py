"""Instances are listed to the last page and fetched in whatever form the archive gives, never cut."""

from __future__ import annotations

import base64
import hashlib
import json
import re

import pytest

from sync.dicomweb.dicomweb_gateway import ACCEPT_LADDER, HttpDicomwebGateway, Reply
from sync.errors import DamagedTransfer, Offline, Refused
from sync.hospital_connection import HospitalConnection
from tests.sync.scripted_server import Answer, reply, scripted_server

OBJECT = b"\x00" * 128 + b"DICM" + bytes(range(256)) * 20
MULTIPART = b"--xx\r\nContent-Type: application/dicom\r\n\r\n" + OBJECT + b"\r\n--xx--\r\n"
DIGEST = hashlib.sha256(OBJECT).hexdigest()
NAMED = f"sha-512=:AAAA:, sha-256=:{base64.b64encode(bytes.fromhex(DIGEST)).decode()}:"
RELATED = 'multipart/related; type="application/dicom"; boundary=xx'


def fetch(answer: Answer) -> tuple[bytes, Reply]:
    with scripted_server(answer) as server:
        connection = HospitalConnection(server.profile)
        gateway = HttpDicomwebGateway(connection, server.profile.dicomweb_base)
        received: list[bytes] = []
        try:
            told = gateway.fetch_instance("1.2", "1.2.3", "1.2.3.4", received.append)
        finally:
            connection.close()
    assert "/dicom-web/studies/1.2/series/1.2.3/instances/1.2.3.4" in server.requests[0][0]
    return b"".join(received), told


@pytest.mark.parametrize("accepted", range(4))
def test_that_each_form_of_the_accept_ladder_is_tried_until_one_is_taken(accepted: int) -> None:
    asked = []

    def answer(line: str, headers: dict[str, str]) -> bytes:
        asked.append(headers["accept"])
        if headers["accept"] != ACCEPT_LADDER[accepted]:
            return reply("406 No")
        return reply("200 OK", OBJECT, Content_Type="application/dicom")

    assert fetch(answer) == (OBJECT, Reply(framed=True))
    assert asked == list(ACCEPT_LADDER[: accepted + 1])


def test_that_an_archive_that_refuses_every_form_is_a_refusal() -> None:
    with pytest.raises(Refused, match="no form"):
        fetch(lambda line, headers: reply("406 No"))


@pytest.mark.parametrize("length", [-1, None])
def test_that_a_multipart_reply_gives_the_same_bytes_with_and_without_length(length: int | None) -> None:
    whole = reply("200 OK", MULTIPART, length=length, Content_Type=RELATED)
    assert fetch(lambda line, headers: whole) == (OBJECT, Reply(framed=True))


def test_that_a_multipart_reply_cut_without_length_is_damaged() -> None:
    cut = reply("200 OK", MULTIPART[:-12], length=None, Content_Type=RELATED)
    with pytest.raises(DamagedTransfer):
        fetch(lambda line, headers: cut)


def test_that_a_single_part_cut_before_its_length_is_an_interruption() -> None:
    cut = reply("200 OK", OBJECT[:-9], length=len(OBJECT), Content_Type="application/dicom")
    with pytest.raises(Offline):
        fetch(lambda line, headers: cut)


def test_that_a_single_part_without_length_is_not_called_whole() -> None:
    cut = reply("200 OK", OBJECT[:-9], length=None, Content_Type="application/dicom")
    assert fetch(lambda line, headers: cut) == (OBJECT[:-9], Reply(framed=False))


def test_that_the_digest_of_a_single_part_is_asked_for_and_told() -> None:
    def answer(line: str, headers: dict[str, str]) -> bytes:
        assert headers["want-repr-digest"] == "sha-256=10"
        return reply("200 OK", OBJECT, Content_Type="application/dicom", Repr_Digest=NAMED)

    assert fetch(answer) == (OBJECT, Reply(framed=True, sha256=DIGEST))


def test_that_a_digest_of_several_parts_is_not_taken_for_the_objects() -> None:
    whole = reply("200 OK", MULTIPART, Content_Type=RELATED, Repr_Digest=NAMED)
    assert fetch(lambda line, headers: whole) == (OBJECT, Reply(framed=True))


@pytest.mark.parametrize("unread", ["", "sha-256=:AAAA:", "sha-256=:=:", "sha-512=:AAAA:", "md-sha-256=:AAAA:"])
def test_that_a_digest_that_cannot_be_read_is_none(unread: str) -> None:
    whole = reply("200 OK", OBJECT, Content_Type="application/dicom", Repr_Digest=unread)
    assert fetch(lambda line, headers: whole) == (OBJECT, Reply(framed=True))


@pytest.mark.parametrize("server_limit", [2, 500])
def test_that_every_page_of_the_list_is_read_whatever_the_servers_own_limit(server_limit: int) -> None:
    instances = [
        {"00080018": {"vr": "UI", "Value": [f"1.2.3.{n}"]}, "00200013": {"vr": "IS", "Value": [n]}} for n in range(5)
    ]
    series = [{"0020000E": {"vr": "UI", "Value": ["1.2.3"]}, "00080060": {"vr": "CS", "Value": ["CT"]}}]

    def answer(line: str, headers: dict[str, str]) -> bytes:
        listed = instances if "/instances" in line else series
        offset = int(re.findall(r"offset=(\d+)", line)[0])
        page = listed[offset : offset + server_limit]
        return reply("200 OK", json.dumps(page).encode()) if page else reply("204 No Content", length=None)

    with scripted_server(answer) as server:
        connection = HospitalConnection(server.profile)
        listed = HttpDicomwebGateway(connection, server.profile.dicomweb_base).list_instances("1.2")
        connection.close()
    assert [entry.sop_instance_uid for entry in listed] == [f"1.2.3.{n}" for n in range(5)]
    assert {(entry.series_uid, entry.modality) for entry in listed} == {("1.2.3", "CT")}
