"""Any record of `sync.records` survives the trip through text unchanged."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from sync.records.annotation_record import AnnotationRevision
from sync.records.audit_entry import AuditEntry
from sync.records.case import Case
from sync.records.expected_instances import ExpectedInstances
from sync.records.opinion import MarksFile, OpinionDraft, Receipt, SignedOpinion
from sync.records.outbox_entry import OutboxEntry
from sync.records.stored_object import RejectedObject, StoredObject
from sync.store.record_codec import from_text, to_text
from tests.sync.sample_records import sample_case

KINDS = (
    Case,
    StoredObject,
    RejectedObject,
    ExpectedInstances,
    AnnotationRevision,
    OpinionDraft,
    MarksFile,
    SignedOpinion,
    Receipt,
    OutboxEntry,
    AuditEntry,
)

JSON = st.recursive(st.none() | st.booleans() | st.integers() | st.text(), lambda inner: st.lists(inner, max_size=3))
ZONES = st.integers(-14 * 60, 14 * 60).map(lambda minutes: timezone(timedelta(minutes=minutes)))
st.register_type_strategy(dict, lambda _: st.dictionaries(st.text(max_size=5), JSON, max_size=4))
st.register_type_strategy(datetime, st.datetimes(timezones=ZONES))


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.__name__)
def test_that_a_record_survives_the_trip_through_text(kind: type) -> None:
    @settings(max_examples=15, deadline=None, suppress_health_check=list(HealthCheck), database=None)
    @given(st.from_type(kind))
    def check(record: object) -> None:
        text = to_text(record)
        assert text.isascii()
        assert from_text(kind, text) == record

    check()


def test_that_a_time_keeps_its_zone() -> None:
    zoned = datetime(2026, 11, 22, 10, 0, tzinfo=timezone(timedelta(hours=5, minutes=45)))
    found = from_text(Case, to_text(sample_case(due=zoned))).due
    assert found is not None
    assert found.isoformat() == "2026-11-22T10:00:00+05:45"


def test_that_a_field_added_later_takes_its_default() -> None:
    stored = json.loads(to_text(sample_case()))
    del stored["lab_results"]
    stored["from_a_later_version"] = 1
    assert from_text(Case, json.dumps(stored)) == sample_case()


def test_that_an_unknown_type_of_field_is_refused() -> None:
    @dataclass(frozen=True)
    class Odd:
        value: set[str]

    with pytest.raises(TypeError, match="cannot be stored"):
        to_text(Odd({"a"}))
