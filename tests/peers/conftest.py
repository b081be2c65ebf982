"""The hospitals of the gateway suite. Real servers are started once for each test process, and never outlive it."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.peers.installing import NODE_PACKAGES, PYTHON_PACKAGES, STAMP, find_node, missing_debian_packages
from tests.peers.site import DemoSite, PeerSite, Site, peer_site
from tests.sync.small_hospital import HospitalServer

REQUIRED = "READINGROOM_PEERS_REQUIRED"
"""Set where the real servers must be there: a test that would be skipped without them fails."""


def need_peers() -> None:
    """Skips the test, or fails it where they are required, naming what is missing."""
    missing = missing_debian_packages()
    if not STAMP.is_file():
        missing += PYTHON_PACKAGES
    if not (NODE_PACKAGES / "node_modules").is_dir() or find_node() is None:
        missing.append("oidc-provider with Node")
    if not missing:
        return
    sentence = f"not installed here: {', '.join(missing)} (python3 run.py test --peers installs them)"
    if os.environ.get(REQUIRED):
        pytest.fail(sentence)
    pytest.skip(sentence)


@pytest.fixture(scope="session")
def hospital_server() -> Iterator[HospitalServer]:
    with HospitalServer() as server:
        yield server


@pytest.fixture(scope="session")
def running_peers(tmp_path_factory: pytest.TempPathFactory) -> Iterator[PeerSite]:
    need_peers()
    with peer_site(tmp_path_factory.mktemp("peers")) as site:
        yield site


@pytest.fixture
def peers(running_peers: PeerSite) -> PeerSite:
    """The real servers, without assignments or images."""
    running_peers.clear()
    return running_peers


@pytest.fixture(params=["demo", pytest.param("peers", marks=pytest.mark.peers)])
def site(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Site]:
    """Each test of the suite runs with the demo hospital and with the real servers."""
    if request.param == "peers":
        yield request.getfixturevalue("peers")
        return
    server: HospitalServer = request.getfixturevalue("hospital_server")
    with server.hospital(tmp_path / "hospital") as hospital:
        yield DemoSite(hospital)
