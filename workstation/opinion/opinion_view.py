"""What the opinion page shows, and what the presenter tells it. No Qt."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from sync.records.amendment import Amendment
from sync.records.case import CaseId
from sync.records.opinion import Receipt
from sync.records.opinion_checks import Check
from sync.records.questionnaire_response import ItemPath
from workstation.opinion.form_state import FormState

if TYPE_CHECKING:
    from workstation.opinion.signing_flow import PreparedOpinion


@dataclass(frozen=True, slots=True)
class StatusWords:
    """Where the opinion stands: a pill and a line."""

    text: str
    tone: str
    detail: str = ""


@dataclass(frozen=True, slots=True)
class OpinionState:
    """Everything the opinion page shows."""

    case_id: CaseId
    form: FormState
    checks: tuple[Check, ...]
    status: StatusWords
    saved: str
    """Whether the last keystroke is on disk."""
    can_sign: bool
    receipt: Receipt | None = None
    signed_by: str = ""
    can_amend: bool = False
    is_amending: bool = False
    is_closed: bool = False
    """Nothing can be written any more, and nothing was signed."""


class OpinionView(Protocol):
    """What the presenter tells the page."""

    def show_opinion(self, state: OpinionState | None) -> None:
        """Show this; None: no case is open."""

    def show_problem(self, sentence: str) -> None:
        """The form of this case cannot be shown, and why."""

    def jump_to(self, path: ItemPath) -> None:
        """Take the reader to that item."""

    def show_amendment_question(self, opinion_identifier: str) -> None:
        """Ask what is to be done to that delivered opinion, and why."""

    def show_amendment_refused(self, sentence: str) -> None:
        """It was not opened again, and why."""

    def show_amendment_begun(self) -> None:
        """Its form is open; the question can go."""

    def show_drop_question(self, amendment: Amendment) -> None:
        """Ask whether that amendment is to be given up."""

    def show_preview(self, prepared: PreparedOpinion, hint: str) -> None:
        """Open the signing dialog with exactly what will be signed."""

    def show_signing_refused(self, sentence: str) -> None:
        """Nothing was signed, and why."""

    def show_signed(self) -> None:
        """It is signed; the dialog can go."""
