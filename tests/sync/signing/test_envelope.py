"""What is frozen is what is signed: canonical bytes with the fields of protocol §5.1."""

from __future__ import annotations

import json
from datetime import datetime

import pytest
import rfc8785

from sync.errors import SigningRefused
from sync.records.opinion import FrozenOpinion
from sync.signing.envelope import MEANING, is_canonical, uid_digest
from sync.signing.identity import Identity
from tests.sync.sample_records import AT, sample_marks
from tests.sync.signing.conftest import RESPONSE, freeze_for


def test_that_the_envelope_is_its_own_canonical_form(frozen: FrozenOpinion) -> None:
    assert rfc8785.dumps(json.loads(frozen.envelope)) == frozen.envelope
    assert is_canonical(frozen.envelope)
    assert not is_canonical(frozen.envelope + b"\n")


def test_that_the_envelope_says_who_what_when_and_on_which_materials(frozen: FrozenOpinion, identity: Identity) -> None:
    content = json.loads(frozen.envelope)
    assert frozen.opinion_identifier == "SO-2026-00042/1/v1"
    assert content["opinion"]["value"] == frozen.opinion_identifier
    assert content["task"] == {"reference": "Task/t1", "versionId": "3"}
    assert content["signer"]["x5t#S256"] == identity.x5t_s256
    assert (content["meaning"], content["signedAt"]) == (MEANING, AT.isoformat())
    assert content["materials"][0]["instancesSha256"] == uid_digest(["1.2.9", "1.2.10"])
    assert content["materials"][1] == {"reference": "DocumentReference/d1", "versionId": "2", "sha256": "cd" * 32}
    assert content["annotations"][0]["sha256"] == sample_marks().sha256
    assert content["replaces"] is None


def test_that_server_managed_elements_are_not_signed(frozen: FrozenOpinion) -> None:
    signed = json.loads(frozen.envelope)["response"]
    assert signed == {key: value for key, value in RESPONSE.items() if key not in ("id", "meta", "text")}
    assert frozen.response == signed


def test_that_an_answer_without_canonical_form_is_refused(identity: Identity) -> None:
    with pytest.raises(SigningRefused, match="cannot be signed exactly"):
        freeze_for(identity, response={"item": [{"answer": [{"valueInteger": 2**60}]}]})


def test_that_a_time_without_zone_is_refused(identity: Identity) -> None:
    with pytest.raises(ValueError, match="zone"):
        freeze_for(identity, signed_at=datetime(2026, 11, 22, 10, 0))  # noqa: DTZ001


def test_that_an_amendment_names_what_it_replaces(identity: Identity) -> None:
    amended = freeze_for(identity, version=2, replaces="ef" * 32)
    assert amended.opinion_identifier.endswith("/v2")
    assert json.loads(amended.envelope)["replaces"] == "ef" * 32
