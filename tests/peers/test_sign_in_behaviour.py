"""Signing in at a real authorization server (oidc-provider): once, kept, renewed with a rotating token, ended."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from sync.authorization.sign_in import find_hospital, sign_in_first
from sync.authorization.signed_in_account import SignedInAccount
from sync.demo_hospital.case_resources import OWNER
from sync.errors import SignInNeeded
from sync.fhir.fhir_gateway import HttpFhirGateway
from sync.hospital_connection import HospitalConnection
from sync.hospital_profile import HospitalProfile, SiteTrust
from tests.peers.authorization_server import FormBrowser
from tests.peers.conftest import need_peers
from tests.peers.site import PeerSite, peer_site
from tests.sync.authorization_doubles import MemoryKeyring

pytestmark = pytest.mark.peers


@pytest.fixture(scope="module")
def guarded(tmp_path_factory: pytest.TempPathFactory) -> Iterator[PeerSite]:
    """Real servers that let in only whoever signed in, with one case."""
    need_peers()
    with peer_site(tmp_path_factory.mktemp("guarded"), OWNER) as site:
        site.add_case(instances=1)
        yield site


@pytest.fixture
def keeper() -> MemoryKeyring:
    return MemoryKeyring()


def sign_in(site: PeerSite, keeper: MemoryKeyring) -> tuple[HospitalProfile, SignedInAccount]:
    found = find_hospital(site.front.fhir_base, trust=SiteTrust(str(site.authority.ca_file)))
    browser = FormBrowser(site.authority.ca_file)
    try:
        profile, tokens = sign_in_first(found, "peers", browser, lambda: bool(browser.trouble))
    finally:
        assert browser.trouble == ""
    account = SignedInAccount(profile, keeper)
    account.accept(tokens)
    return profile, account


def read_task(profile: HospitalProfile, account: SignedInAccount) -> str:
    connection = HospitalConnection(profile, account)
    try:
        return str(HttpFhirGateway(connection).read("Task/task-so-1")["status"])
    finally:
        connection.close()


def test_that_whoever_signs_in_is_the_practitioner_and_may_read(guarded: PeerSite, keeper: MemoryKeyring) -> None:
    profile, account = sign_in(guarded, keeper)
    assert profile.practitioner_reference == OWNER
    assert profile.dicomweb_base == guarded.front.dicomweb_base
    assert account.notice == ""
    assert read_task(profile, account) == "requested"


def test_that_without_signing_in_nothing_is_given(guarded: PeerSite, keeper: MemoryKeyring) -> None:
    profile, _ = sign_in(guarded, keeper)
    with pytest.raises(SignInNeeded):
        read_task(profile, SignedInAccount(profile, MemoryKeyring()))


def test_that_a_renewal_brings_a_new_refresh_token_that_is_kept(guarded: PeerSite, keeper: MemoryKeyring) -> None:
    profile, _ = sign_in(guarded, keeper)
    kept = set(keeper.secrets.values())
    later = SignedInAccount(profile, keeper)
    assert read_task(profile, later) == "requested"
    assert len(keeper.secrets) == 1
    assert kept.isdisjoint(keeper.secrets.values())


def test_that_a_refresh_token_used_twice_ends_the_sign_in(guarded: PeerSite, keeper: MemoryKeyring) -> None:
    profile, _ = sign_in(guarded, keeper)
    stolen = MemoryKeyring()
    stolen.secrets.update(keeper.secrets)
    assert read_task(profile, SignedInAccount(profile, keeper)) == "requested"
    with pytest.raises(SignInNeeded):
        read_task(profile, SignedInAccount(profile, stolen))
    with pytest.raises(SignInNeeded):
        read_task(profile, SignedInAccount(profile, keeper))
    assert keeper.secrets == {}


def test_that_signing_out_leaves_no_way_back(guarded: PeerSite, keeper: MemoryKeyring) -> None:
    profile, account = sign_in(guarded, keeper)
    before = MemoryKeyring()
    before.secrets.update(keeper.secrets)
    assert account.sign_out() == ""
    assert keeper.secrets == {}
    with pytest.raises(SignInNeeded):
        read_task(profile, SignedInAccount(profile, before))
