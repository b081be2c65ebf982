"""Verifying a file from a folder: a report, or an opinion with its signature beside it."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest
import rfc8785

from sync.errors import NotValid
from sync.records.amendment import Amendment, AmendmentKind
from sync.records.opinion import FrozenOpinion
from sync.signing.detached_jws import sign_envelope
from sync.signing.envelope import MEANING
from sync.signing.identity import Identity
from sync.signing.pades import sign_report
from sync.signing.verification import verify_file
from tests.sync.sample_records import AT
from tests.sync.signing.conftest import freeze_for, small_report
from tests.sync.signing.own_authority import Authority


@pytest.fixture
def opinion(tmp_path: Path, frozen: FrozenOpinion, identity: Identity) -> Path:
    file = tmp_path / "opinion.json"
    file.write_bytes(frozen.envelope)
    (tmp_path / "opinion.json.jws").write_text(sign_envelope(frozen, identity), "ascii")
    return file


def test_that_a_report_file_is_judged(tmp_path: Path, signed_report: bytes, authority: Authority) -> None:
    file = tmp_path / "report.pdf"
    file.write_bytes(signed_report)
    found = verify_file(file, authority.pem)
    assert (found.valid, found.kind, found.who, found.when) == (True, "report", "Dr Ada Reader", AT)
    assert found.what == f"opinion SO-2026-00042/1/v1: {MEANING}"
    assert json.loads(json.dumps(found.to_json()))["when"] == AT.isoformat()
    file.write_bytes(signed_report[:-1] + b"X")
    assert not verify_file(file, authority.pem).valid


def test_that_an_opinion_with_its_signature_beside_it_is_judged(opinion: Path, authority: Authority) -> None:
    for named in (opinion, opinion.with_name("opinion.json.jws")):
        found = verify_file(named, authority.pem)
        assert (found.valid, found.kind, found.who, found.when) == (True, "opinion", "Dr Ada Reader", AT)
        assert found.sentence.startswith("Valid: ")


AMENDMENT = Amendment("SO-2026-00042/1/v1", AmendmentKind.CORRECTION, "The other lung\nwas meant.")


def test_that_it_is_said_what_an_opinion_amends_and_why(
    tmp_path: Path, identity: Identity, authority: Authority
) -> None:
    amended = freeze_for(identity, version=2, replaces="ab" * 32, amendment=AMENDMENT)
    report, opinion = tmp_path / "report.pdf", tmp_path / "opinion.json"
    signature = sign_envelope(amended, identity)
    embedded = {"opinion.json": amended.envelope, "opinion.json.jws": signature.encode("ascii")}
    report.write_bytes(sign_report(small_report(embedded), identity, reason=MEANING))
    opinion.write_bytes(amended.envelope)
    (tmp_path / "opinion.json.jws").write_text(signature, "ascii")
    for file in (report, opinion):
        found = verify_file(file, authority.pem)
        assert (found.valid, found.amendment) == (True, AMENDMENT)
        assert json.loads(json.dumps(found.to_json()))["amendment"] == {
            "opinion_identifier": "SO-2026-00042/1/v1", "kind": "correction", "reason": "The other lung\nwas meant.",
        }  # fmt: skip
    opinion.write_bytes(amended.envelope.replace(b"lung", b"Lung"))
    assert verify_file(opinion, authority.pem).amendment is None, "what was not signed is not repeated"


@pytest.mark.parametrize("said", [
    [], {"kind": "correction", "opinion": "x"}, {"kind": "other", "opinion": "x", "reason": "y"},
])  # fmt: skip
def test_that_an_amendment_in_no_known_form_is_not_valid(
    tmp_path: Path, frozen: FrozenOpinion, identity: Identity, said: object
) -> None:
    envelope = rfc8785.dumps({**json.loads(frozen.envelope), "amendment": said})
    opinion = tmp_path / "opinion.json"
    opinion.write_bytes(envelope)
    signature = sign_envelope(replace(frozen, envelope=envelope), identity)
    (tmp_path / "opinion.json.jws").write_text(signature, "ascii")
    assert not verify_file(opinion).intact


def test_that_a_changed_opinion_is_not_valid(opinion: Path, authority: Authority) -> None:
    opinion.write_bytes(opinion.read_bytes().replace(b"completed", b"completeD"))
    found = verify_file(opinion, authority.pem)
    assert not found.valid
    assert found.sentence.startswith("NOT VALID: ")


def test_that_what_cannot_be_judged_is_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("hello")
    (tmp_path / "alone.json").write_text("{}")
    for name in ("notes.txt", "alone.json", "missing.pdf", "."):
        with pytest.raises(NotValid) as found:
            verify_file(tmp_path / name)
        assert "\n" not in str(found.value)


def test_that_a_broken_trust_file_is_named_as_such(tmp_path: Path, signed_report: bytes) -> None:
    file = tmp_path / "report.pdf"
    file.write_bytes(signed_report)
    for trust in (b"", b"no certificate", b"-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"):
        with pytest.raises(NotValid, match="trusted certificates"):
            verify_file(file, trust)
