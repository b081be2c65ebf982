"""The worklist's numbers: the same as counted object by object, in a number of statements that no case adds to."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import event

from sync.records.case import CaseId
from sync.store.database import Store, open_store
from tests.benchmarks.many_cases import NOW, fill
from tests.workstation.cases import make_case, make_image
from workstation.completeness import completeness_in, completeness_of
from workstation.worklist.presenter import load_rows


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    opened = open_store(tmp_path / "profile")
    yield opened
    opened.close()


def statements_of(store: Store, work: Callable[[], object]) -> int:
    """How many statements *work* makes, transactions not counted."""
    said: list[str] = []

    def hear(*arguments: Any) -> None:
        said.append(arguments[2])

    engine = store._database._engine
    event.listen(engine, "before_cursor_execute", hear)
    work()
    event.remove(engine, "before_cursor_execute", hear)
    return len([statement for statement in said if not statement.startswith("BEGIN")])


def test_that_the_numbers_are_those_of_the_objects(store: Store) -> None:
    case = make_case()
    store.cases.put_case(case, [])
    store.objects.put_object(make_image(1))
    store.objects.put_object(make_image(2))
    store.objects.put_object(make_image(2))
    store.objects.put_object(replace(make_image(3), patient_mismatch="The image is of another patient."))
    (standing,) = store.worklist.list_standings([case.case_id])
    counted = completeness_of(case, store.objects.list_objects(case.case_id), [])
    assert completeness_in(standing) == replace(counted, foreign=(), trust={})
    assert (standing.strangers, standing.rejected) == (len(counted.foreign), 0)


def test_that_rows_of_many_cases_take_no_more_statements_than_one(store: Store) -> None:
    fill(store, 40, 4)
    one = statements_of(store, lambda: load_rows(store, NOW, [CaseId("SO-00001")]))
    many = statements_of(store, lambda: load_rows(store, NOW, None))
    assert many == one + 1, "the list of cases is the one more"
    assert one <= 8


def test_that_what_a_round_asks_the_store_takes_no_more_statements_for_many_cases(store: Store) -> None:
    fill(store, 40, 1)

    def ask() -> None:
        store.rounds.list_open()
        store.rounds.list_to_read(NOW)
        store.rounds.list_to_fetch()
        store.rounds.count_listed()

    assert len(store.rounds.list_open()) == 40
    assert statements_of(store, ask) == 5


@pytest.mark.parametrize(
    "query",
    [
        "SELECT case_id, task_reference, task_version, patient_reference FROM case_record"
        " WHERE withdrawn IS NULL AND status NOT IN ('completed', 'failed')",
        "SELECT case_id FROM case_record WHERE withdrawn IS NULL AND status NOT IN ('completed') AND"
        " read_again_at IS NULL ORDER BY case_id",
        "SELECT case_id, source, series_uid, patient_mismatch, count(*) FROM stored_object"
        " WHERE case_id IN ('a', 'b') GROUP BY 1, 2, 3, 4",
    ],
)
def test_that_what_is_asked_of_every_case_is_read_from_an_index_alone(store: Store, query: str) -> None:
    with store._database.reading() as connection:
        plan = connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {query}").all()
    assert "COVERING INDEX" in plan[0][3], plan
