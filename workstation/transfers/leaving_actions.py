"""The keys of what waits to leave, as actions. No Qt here."""

from __future__ import annotations

from collections.abc import Callable

from workstation.actions.action import Action
from workstation.transfers.leaving_presenter import LeavingPresenter
from workstation.transfers.leaving_words import LeavingRow
from workstation.transfers.transfer_actions import MENU


def leaving_actions(
    presenter: LeavingPresenter, current_entry: Callable[[], int | None], ask_folder: Callable[[int, str], None]
) -> list[Action]:
    """Each works on the current row; *ask_folder* warns, and asks where an entry (its number, what it is) shall go."""

    def row() -> LeavingRow | None:
        return presenter.row(current_entry())

    def can(what: Callable[[LeavingRow], bool]) -> Callable[[], bool]:
        def condition() -> bool:
            current = row()
            return current is not None and what(current)

        return condition

    def retry() -> None:
        current = row()
        if current is not None:
            presenter.retry(current.entry_id)

    def export() -> None:
        current = row()
        if current is not None and current.can_export:
            ask_folder(current.entry_id, f"{current.what} · {current.case}")

    return [
        Action(
            "outbox.retry", "Retry &sending", retry, MENU, "Shift+R",
            can(lambda current: current.can_retry), "sync", "transfers",
        ),
        Action(
            "outbox.export", "E&xport what was not sent…", export, MENU, "Shift+E",
            can(lambda current: current.can_export), "outbox", "transfers",
        ),
    ]  # fmt: skip
