"""What the opinion page offers by menu and key. No Qt here."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from workstation.actions.action import Action
from workstation.opinion.presenter import OpinionPresenter


class OpinionWishes(Protocol):
    """What the page does for these: it knows of words half typed."""

    def ask_to_sign(self) -> None:
        """Check, preview and sign."""


def opinion_actions(presenter: OpinionPresenter, page: OpinionWishes) -> Sequence[Action]:
    """The actions of the opinion page."""
    return [
        Action(
            "opinion.sign",
            "Check and si&gn the opinion…",
            run=page.ask_to_sign,
            menu="&Case",
            shortcut="Ctrl+Shift+G",
            enabled_when=lambda: presenter.can_sign,
            icon="sign",
            page="opinion",
        ),
        Action(
            "opinion.confirm_question",
            "My answer still fits the changed &question",
            run=presenter.confirm_question,
            menu="&Case",
            shortcut="Ctrl+Shift+Q",
            enabled_when=lambda: presenter.can_confirm_question,
            page="opinion",
        ),
        Action(
            "opinion.amend",
            "A&mend this opinion…",
            run=presenter.ask_to_amend,
            menu="&Case",
            shortcut="Ctrl+Shift+A",
            enabled_when=lambda: presenter.can_amend,
            page="opinion",
        ),
        Action(
            "opinion.drop_amendment",
            "&Drop the amendment…",
            run=presenter.ask_to_drop_amendment,
            menu="&Case",
            enabled_when=lambda: presenter.is_amending,
            page="opinion",
        ),
    ]
