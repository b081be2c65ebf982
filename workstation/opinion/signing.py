"""From “sign” to the seal: what will be signed is frozen and shown first, then signed as shown or not at all. No Qt."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from sync.changes import Changes
from sync.errors import SigningRefused
from sync.records.case import CaseId
from sync.records.questionnaire_response import Response
from workstation.failure_words import sentence_for
from workstation.lanes import Lanes
from workstation.opinion.opinion_desk import Desk
from workstation.opinion.opinion_view import OpinionView

if TYPE_CHECKING:
    from sync.store.database import Store
    from workstation.opinion.signing_flow import DrawKeyImages, ExportMarks, PreparedOpinion


@dataclass(frozen=True, slots=True)
class SigningTools:
    """What a signature needs besides the answers: the clock, and what draws and exports the marks."""

    now: Callable[[], datetime]
    export_marks: ExportMarks
    draw_key_images: DrawKeyImages | None
    app_version: str


class Signing:
    """One signature at a time."""

    def __init__(
        self,
        store: Store,
        lanes: Lanes,
        tools: SigningTools,
        *,
        on_screen: Callable[[CaseId], Response | None],
        changed: Callable[[], None],
        signed: Callable[[Changes], None],
    ) -> None:
        """*on_screen* gives the answers of a case as they stand, None where it is not open any more; *changed* hears
        that `is_busy` or `is_previewed` is something else; *signed* that it is done.
        """
        self._store = store
        self._lanes = lanes
        self._tools = tools
        self._on_screen = on_screen
        self._changed = changed
        self._signed = signed
        self._prepared: PreparedOpinion | None = None
        self.view: OpinionView | None = None
        self.is_busy = False
        """Something is being frozen or signed; it cannot be begun again."""

    @property
    def is_previewed(self) -> bool:
        """The reader is looking at what would be signed: until then nothing of it may change."""
        return self._prepared is not None

    def prepare(self, desk: Desk, response: Response) -> None:
        """Freeze the answers and show exactly what will be signed."""
        self.is_busy = True
        self._changed()

        def work() -> tuple[PreparedOpinion, str]:
            from workstation.opinion.signing_flow import prepare_opinion  # pyHanko, fpdf2: not before they are needed

            prepared = prepare_opinion(
                self._store,
                desk.case,
                desk.form,
                response,
                export_marks=self._tools.export_marks,
                draw_key_images=self._tools.draw_key_images,
                app_version=self._tools.app_version,
                now=self._tools.now().astimezone(),
            )
            return prepared, self._store.session.find("demo_signing_hint") or ""

        def done(found: tuple[PreparedOpinion, str]) -> None:
            self.is_busy = False
            now = self._on_screen(desk.case.case_id)
            if now is None:
                return
            if now != response:
                # Typed while the preview was made: what is on screen is not what would be signed.
                self.fail(SigningRefused("The answers changed meanwhile. Nothing was signed; sign again."))
                return
            self._prepared = found[0]
            self._changed()
            if self.view is not None:
                self.view.show_preview(*found)

        self._lanes.store_lane(lambda: None, lambda _none: self._lanes.cpu_lane(work, done, self.fail), self.fail)

    def cancel(self) -> None:
        """What was frozen is dropped."""
        self._prepared = None

    def sign(self, passphrase: str, pin: str) -> None:
        """Sign what was previewed."""
        prepared = self._prepared
        if prepared is None or self.is_busy:
            return
        self.is_busy = True

        def work() -> Changes:
            from workstation.opinion.signing_flow import sign_opinion

            return sign_opinion(self._store, prepared, passphrase, pin, now=self._tools.now().astimezone())[1]

        def done(changes: Changes) -> None:
            self.is_busy, self._prepared = False, None
            if self.view is not None:
                self.view.show_signed()
            self._signed(changes)

        # The store lane, so that every mark and draft handed over before is in the store when the case is sealed.
        self._lanes.store_lane(work, done, self.fail)

    def fail(self, error: Exception) -> None:
        """Nothing was signed, and the reader is told why."""
        self.is_busy = False
        self._changed()
        if self.view is not None:
            self.view.show_signing_refused(sentence_for(error))
