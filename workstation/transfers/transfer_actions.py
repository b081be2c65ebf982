"""The keys of the transfers page, as actions. No Qt here."""

from __future__ import annotations

from collections.abc import Callable

from sync.records.case import CaseId
from workstation.actions.action import Action
from workstation.transfers.presenter import TransfersPresenter
from workstation.transfers.transfer_words import TransferRow

MENU = "&Transfers"


def transfer_actions(presenter: TransfersPresenter, current_case: Callable[[], CaseId | None]) -> list[Action]:
    """Each works on the current row."""

    def on_current(work: Callable[[CaseId], None]) -> Callable[[], None]:
        def run() -> None:
            case_id = current_case()
            if case_id is not None:
                work(case_id)

        return run

    def row() -> TransferRow | None:
        return presenter.row(current_case())

    def can(what: Callable[[TransferRow], bool]) -> Callable[[], bool]:
        def condition() -> bool:
            current = row()
            return current is not None and what(current)

        return condition

    return [
        Action(
            "transfers.pause", "&Pause or continue the case", on_current(presenter.pause_or_continue), MENU, "P",
            can(lambda current: current.can_pause or current.can_continue), "pause", "transfers",
        ),
        Action(
            "transfers.give_up", "&Give up what is missing of the case", on_current(presenter.give_up), MENU, "Del",
            can(lambda current: current.can_give_up), "close", "transfers",
        ),
        Action(
            "transfers.try_again", "&Try again what did not come", on_current(presenter.try_again), MENU, "R",
            can(lambda current: current.can_try_again), "sync", "transfers",
        ),
        Action(
            "transfers.pause_all", "Pause or continue &all downloads", presenter.pause_or_continue_all, MENU,
            "Shift+P", icon="pause", page="transfers",
        ),
    ]  # fmt: skip
