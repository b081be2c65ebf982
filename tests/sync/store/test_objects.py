"""Which files a case has, what was expected, what was turned away."""

from __future__ import annotations

from dataclasses import replace

from sync.records.expected_instances import ExpectedInstances
from sync.records.stored_object import Integrity, RejectedObject, StoredObject
from sync.store.database import Store
from tests.sync.sample_records import AT, CASE

INSTANCE = StoredObject(
    CASE,
    "ImagingStudy/is1",
    "ab" * 32,
    9,
    "application/dicom",
    "CT 1",
    Integrity.STRUCTURE,
    AT,
    "1.2",
    "1.2.3",
    "1.2.3.1",
)
LETTER = StoredObject(CASE, "DocumentReference/d1", "cd" * 32, 5, "application/pdf", "Letter", Integrity.SHA256, AT)


def test_that_objects_are_listed_as_they_came(store: Store) -> None:
    assert store.objects.put_object(INSTANCE).objects == {CASE}
    store.objects.put_object(LETTER)
    assert store.objects.list_objects(CASE) == (INSTANCE, LETTER)


def test_that_an_object_fetched_again_replaces_itself(store: Store) -> None:
    store.objects.put_object(INSTANCE)
    store.objects.put_object(LETTER)
    fresh = replace(INSTANCE, sha256="ef" * 32, patient_mismatch="Another name.")
    store.objects.put_object(fresh)
    assert store.objects.list_objects(CASE) == (fresh, LETTER)


def test_that_an_object_is_found_by_source_or_instance(store: Store) -> None:
    store.objects.put_object(INSTANCE)
    store.objects.put_object(LETTER)
    assert store.objects.find_object(CASE, source="DocumentReference/d1") == LETTER
    assert store.objects.find_object(CASE, sop_instance_uid="1.2.3.1") == INSTANCE
    assert store.objects.find_object(CASE, source="DocumentReference/d1", sop_instance_uid="1.2.3.1") is None


def test_that_the_latest_reason_of_a_rejected_object_counts(store: Store) -> None:
    first = RejectedObject(CASE, "ImagingStudy/is1", "1.2.3.9", "Cut short.", AT)
    store.objects.put_rejected(first)
    store.objects.put_rejected(replace(first, reason="Another study."))
    assert [rejected.reason for rejected in store.objects.list_rejected(CASE)] == ["Another study."]


def test_that_what_the_hospital_listed_is_kept_per_series(store: Store) -> None:
    store.objects.put_expected(CASE, "ImagingStudy/is1", "1.2.3", ["1.2.3.1"])
    store.objects.put_expected(CASE, "ImagingStudy/is1", "1.2.3", ["1.2.3.2", "1.2.3.1"])
    store.objects.put_expected(CASE, "ImagingStudy/is1", "1.2.4", [])
    assert store.objects.list_expected(CASE) == (
        ExpectedInstances(CASE, "ImagingStudy/is1", "1.2.3", ("1.2.3.2", "1.2.3.1")),
        ExpectedInstances(CASE, "ImagingStudy/is1", "1.2.4", ()),
    )


def test_that_display_facts_are_opaque_bytes(store: Store) -> None:
    assert store.objects.find_display_facts(CASE, "series:1.2.3") is None
    store.objects.put_display_facts(CASE, "series:1.2.3", b"\0\xff")
    store.objects.put_display_facts(CASE, "series:1.2.3", b"\0\xfe")
    assert store.objects.find_display_facts(CASE, "series:1.2.3") == b"\0\xfe"


def test_that_an_override_keeps_its_reason_here_and_in_the_audit(store: Store) -> None:
    assert store.objects.find_mismatch_override(CASE) is None
    changes = store.objects.put_mismatch_override(CASE, "Maiden name.", AT)
    assert CASE in changes.objects
    assert store.objects.find_mismatch_override(CASE) == "Maiden name."
    (row,) = store.audit.entries()
    assert (row.action, row.case_id, row.detail) == (
        "patient mismatch override",
        CASE,
        {"reason": "Maiden name.", "images": []},
    )


def test_that_an_override_does_not_reach_a_stranger_who_comes_after_it(store: Store) -> None:
    stranger = replace(INSTANCE, patient_mismatch="The image is of patient 7, the case of patient 1.")
    store.objects.put_object(stranger)
    store.objects.put_mismatch_override(CASE, "Maiden name.", AT)
    store.objects.put_object(replace(stranger, sop_instance_uid="1.2.3.2"))
    store.objects.put_object(replace(INSTANCE, sop_instance_uid="1.2.3.3"))
    assert store.objects.find_mismatch_override(CASE) == "Maiden name.", "the same stranger, and the patient's own"
    another = "The image is of patient 8, the case of patient 1."
    store.objects.put_object(replace(stranger, sop_instance_uid="1.2.3.4", patient_mismatch=another))
    assert store.objects.find_mismatch_override(CASE) is None
    assert [row.action for row in store.audit.entries()] == [
        "patient mismatch override",
        "patient mismatch override ended",
    ]
