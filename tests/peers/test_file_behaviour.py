"""What the program relies on where files are served, asked of the demo hospital and of nginx alike. RFC 9110 14."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from sync.errors import Refused, SignInNeeded
from sync.hospital_connection import HospitalConnection
from sync.transfer.file_gateway import FileAnswer, HttpFileGateway
from tests.peers.site import Site

CONTENT = bytes(range(256)) * 1000
SVS = "image/x-aperio-svs"


@pytest.fixture
def gateway(site: Site) -> Iterator[HttpFileGateway]:
    connection = HospitalConnection(site.profile())
    yield HttpFileGateway(connection)
    connection.close()


def fetch(gateway: HttpFileGateway, url: str, offset: int = 0, etag: str | None = None) -> tuple[FileAnswer, bytes]:
    answers: list[FileAnswer] = []
    content = bytearray()
    gateway.fetch_file(url, SVS, offset, etag, answers.append, content.extend)
    assert len(answers) == 1
    return answers[0], bytes(content)


def test_that_a_file_comes_whole_with_its_length_and_a_strong_etag(site: Site, gateway: HttpFileGateway) -> None:
    answer, content = fetch(gateway, site.add_file("whole", CONTENT))
    assert content == CONTENT
    assert (answer.offset, answer.total_bytes) == (0, len(CONTENT))
    assert answer.strong_etag


def test_that_an_unchanged_file_goes_on_where_it_stopped(site: Site, gateway: HttpFileGateway) -> None:
    url = site.add_file("unchanged", CONTENT)
    etag = fetch(gateway, url)[0].strong_etag
    answer, content = fetch(gateway, url, 65536, etag)
    assert content == CONTENT[65536:]
    assert (answer.offset, answer.total_bytes, answer.strong_etag) == (65536, len(CONTENT), etag)


def test_that_a_file_changed_meanwhile_starts_anew(site: Site, gateway: HttpFileGateway) -> None:
    etag = fetch(gateway, site.add_file("changed", CONTENT))[0].strong_etag
    other = CONTENT[::-1] + b"."
    answer, content = fetch(gateway, site.add_file("changed", other), 65536, etag)
    assert content == other
    assert answer.offset == 0


def test_that_a_file_nobody_has_is_refused_as_absent(site: Site, gateway: HttpFileGateway) -> None:
    with pytest.raises(Refused) as refusal:
        fetch(gateway, f"{site.profile().files_base}/not-there")
    assert refusal.value.http_status == 404


def test_that_nothing_is_given_without_the_right_bearer(site: Site, gateway: HttpFileGateway) -> None:
    url = site.add_file("guarded", CONTENT)
    connection = HospitalConnection(site.profile(token="stolen"))
    try:
        with pytest.raises(SignInNeeded):
            fetch(HttpFileGateway(connection), url)
    finally:
        connection.close()
