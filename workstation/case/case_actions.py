"""What can be asked for about the open case, as actions. No Qt here."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

from workstation.actions.action import Action
from workstation.case.case_moves import CaseMoves
from workstation.case.case_summary import CaseSummary
from workstation.case.moves_presenter import CaseMovesPresenter

MENU = "&Case"
PAGE = "case"


class Asking(Protocol):
    """What asks the reader before something happens."""

    def ask_decline(self) -> None:
        """Why the case is declined."""

    def ask_close(self) -> None:
        """Why no opinion can be given."""

    def ask_records(self) -> None:
        """Which records are missing."""


def case_actions(
    presenter: CaseMovesPresenter,
    asking: Asking,
    summary: Callable[[], CaseSummary | None],
    show_messages: Callable[[], None],
) -> list[Action]:
    """The moves of a case, and its messages."""

    def can(what: Callable[[CaseMoves], bool]) -> Callable[[], bool]:
        def condition() -> bool:
            shown = summary()
            return shown is not None and what(shown.moves)

        return condition

    def can_take_back() -> bool:
        shown = summary()
        return shown is not None and shown.standing.taken_back is not None

    return [
        Action(
            "case.accept", "&Accept the case", presenter.accept, MENU, "Ctrl+Shift+A",
            can(lambda moves: moves.can_accept), "accept", PAGE,
        ),
        Action(
            "case.ask_records", "Ask for &records…", asking.ask_records, MENU, "Ctrl+Shift+R",
            can(lambda moves: moves.can_ask), "missing", PAGE,
        ),
        Action(
            "case.resume", "&Go on without the records", presenter.resume, MENU, "Ctrl+G",
            can(lambda moves: moves.can_resume), "next", PAGE,
        ),
        Action(
            "case.decline", "&Decline…", asking.ask_decline, MENU, "Ctrl+Shift+D",
            can(lambda moves: moves.can_decline), "close", PAGE,
        ),
        Action(
            "case.close_without_opinion", "Cannot give an &opinion…", asking.ask_close, MENU, "Ctrl+Shift+N",
            can(lambda moves: moves.can_fail), "blocked", PAGE,
        ),
        Action(
            "case.take_back", "&Take back what has not left", presenter.take_back, MENU, "Ctrl+Z", can_take_back,
            "undo", PAGE,
        ),
        Action(
            "case.messages", "&Messages", show_messages, MENU, "Ctrl+M", lambda: summary() is not None, "message",
            PAGE,
        ),
    ]  # fmt: skip
