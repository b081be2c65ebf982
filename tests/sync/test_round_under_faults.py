"""Sync rounds at a hospital that is odd rather than broken: the round is told, loses nothing, and the next is whole."""

from __future__ import annotations

import pytest

from sync.store.database import Store
from sync.sync_round import run_sync_round
from tests.sync.small_hospital import SmallHospital


@pytest.mark.parametrize(
    "spec",
    [
        "unknown-elements,small-pages", "no-include,no-transaction,no-conditional-create", "only-multipart",
        "changed-etag", "expired-page,small-pages", "next-link-to-another-host", "wrong-patient:instance@2",
    ],
)  # fmt: skip
def test_that_the_round_after_an_odd_one_has_everything(hospital: SmallHospital, store: Store, spec: str) -> None:
    hospital.add_case("SO-1")
    hospital.faults.add(spec)
    troubled = run_sync_round(store, hospital.profile())
    assert all(problem.endswith(".") for problem in troubled.problems), troubled.problems
    hospital.faults.clear()
    healed = run_sync_round(store, hospital.profile())
    assert healed.complete, healed.problems
    (case,) = store.cases.list_cases()
    held = store.objects.list_objects(case.case_id)
    assert len(held) == 5, "three slices, the report and the slide, the stranger's too, flagged"
