"""Whether anything that a case lists is still to be fetched. A case that is complete is planned no more."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sync.records.case import Case
from sync.transfer.plan import Urgency, missing_instances, plan_case

if TYPE_CHECKING:
    from sync.store.database import Store


def is_complete(store: Store, case: Case) -> bool:
    """Everything is here or was turned away; also where nothing may be fetched, until the case changes."""
    for batch in plan_case(store, case):
        if batch.urgency is not Urgency.STUDY or batch.study is None:
            return False
        is_listed = any(
            expected.source == batch.study.reference for expected in store.objects.list_expected(case.case_id)
        )
        if not is_listed or missing_instances(store, case.case_id, batch.study):
            return False
    return True
