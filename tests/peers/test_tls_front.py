"""Real TLS as a hospital's nginx speaks it: believed with the site's own authority, and with nothing else."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from sync.errors import ConnectionNotSafe
from sync.fhir.fhir_gateway import HttpFhirGateway
from sync.hospital_connection import HospitalConnection
from sync.hospital_profile import HospitalProfile
from tests.peers.site import PeerSite
from tests.sync.tls_server import Authority

pytestmark = pytest.mark.peers


def ask(profile: HospitalProfile) -> bool:
    connection = HospitalConnection(profile)
    try:
        return HttpFhirGateway(connection).capability().transaction
    finally:
        connection.close()


def test_that_the_sites_own_authority_is_believed(peers: PeerSite) -> None:
    assert ask(peers.profile())


def test_that_without_it_nothing_is_asked(peers: PeerSite) -> None:
    with pytest.raises(ConnectionNotSafe):
        ask(replace(peers.profile(), site_ca_file=""))


def test_that_another_authority_does_not_do(peers: PeerSite, tmp_path: Path) -> None:
    with pytest.raises(ConnectionNotSafe):
        ask(replace(peers.profile(), site_ca_file=str(Authority(tmp_path, "other").ca_file)))


def test_that_a_pin_of_another_key_is_refused(peers: PeerSite) -> None:
    with pytest.raises(ConnectionNotSafe):
        ask(replace(peers.profile(), spki_pin="sha256/" + "A" * 43 + "="))
