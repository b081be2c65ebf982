"""An opinion page that only remembers what it was told."""

from __future__ import annotations

from sync.records.amendment import Amendment
from sync.records.questionnaire_response import ItemPath
from workstation.opinion.opinion_view import OpinionState
from workstation.opinion.signing_flow import PreparedOpinion


class WatchingView:
    def __init__(self) -> None:
        self.state: OpinionState | None = None
        self.problems: list[str] = []
        self.jumps: list[ItemPath] = []
        self.preview: PreparedOpinion | None = None
        self.hint = ""
        self.refusals: list[str] = []
        self.signed = 0
        self.asked_to_amend = ""
        self.asked_to_drop = ""

    @property
    def shown(self) -> OpinionState:
        assert self.state is not None
        return self.state

    def show_opinion(self, state: OpinionState | None) -> None:
        self.state = state

    def show_problem(self, sentence: str) -> None:
        self.problems.append(sentence)

    def jump_to(self, path: ItemPath) -> None:
        self.jumps.append(path)

    def show_amendment_question(self, opinion_identifier: str) -> None:
        self.asked_to_amend = opinion_identifier

    def show_amendment_refused(self, sentence: str) -> None:
        self.refusals.append(sentence)

    def show_amendment_begun(self) -> None:
        self.asked_to_amend = ""

    def show_drop_question(self, amendment: Amendment) -> None:
        self.asked_to_drop = amendment.opinion_identifier

    def show_preview(self, prepared: PreparedOpinion, hint: str) -> None:
        self.preview, self.hint = prepared, hint

    def show_signing_refused(self, sentence: str) -> None:
        self.refusals.append(sentence)

    def show_signed(self) -> None:
        self.signed += 1
