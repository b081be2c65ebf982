"""Which cases' downloads a person has paused or cancelled. Kept in the store, so that it outlives the window."""

from __future__ import annotations

import json
from enum import Enum
from typing import TYPE_CHECKING

from sync.records.case import CaseId

if TYPE_CHECKING:
    from sync.store.database import Store

_KEY = "transfer_holds"
_ALL = "*"


class Hold(Enum):
    """Why a case is not fetched. Cancelled: what had come of an unfinished file is given up too."""

    PAUSED = "paused"
    CANCELLED = "cancelled"


def find_holds(store: Store) -> dict[CaseId, Hold]:
    """By case."""
    return {
        CaseId(case_id): Hold(value) for case_id, value in _read(store.session.find(_KEY)).items() if case_id != _ALL
    }


def are_all_paused(store: Store) -> bool:
    return _ALL in _read(store.session.find(_KEY))


def put_hold(store: Store, case_id: CaseId, hold: Hold | None) -> None:
    """None: the case is fetched again."""
    _change(store, case_id, hold)


def give_up(store: Store, case_id: CaseId) -> None:
    """Cancel a case: nothing more of it is fetched, and what is unfinished is removed."""
    put_hold(store, case_id, Hold.CANCELLED)
    for file_id in store.checkpoints.remove_case(case_id):
        store.vault.discard(file_id)


def put_all_paused(store: Store, paused: bool) -> None:
    _change(store, _ALL, Hold.PAUSED if paused else None)


def _change(store: Store, name: str, hold: Hold | None) -> None:
    def step(content: str | None) -> str:
        held = _read(content)
        held.pop(name, None)
        if hold is not None:
            held[name] = hold.value
        return json.dumps(held)

    store.session.change(_KEY, step)


def _read(content: str | None) -> dict[str, str]:
    return dict(json.loads(content)) if content else {}
