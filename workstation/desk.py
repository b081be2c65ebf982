"""Which case lies on the desk and which page is in front. One case at a time: opening one puts the last away first."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Protocol

from sync.audit import AuditAction
from sync.changes import Changes
from sync.records.case import CaseId
from workstation.actions.action import Action
from workstation.actions.registry import ActionRegistry
from workstation.case.case_summary import CaseSummary
from workstation.lanes import Lanes

if TYPE_CHECKING:
    from sync.store.database import Store
    from workstation.case.presenter import CasePresenter
    from workstation.window.main_window import MainWindow

OPEN_CASE = "open_case"
OPEN_PAGE = "open_page"
PAGES_OF_A_CASE = ("case", "reading", "opinion")


class CasePages(Protocol):
    """The reading or the opinion page as the desk sees it."""

    def open_case(self, case_id: CaseId | None) -> None:
        """Show that case from the store; None: put away everything of the last one, at once."""

    def changes_happened(self, changes: Changes) -> bool:
        """Something changed in the store. True: open the case anew when this page is next turned to."""


class Desk:
    """Turns pages and opens cases; remembers both in the store, so that a start after a crash comes back here."""

    def __init__(
        self,
        window: MainWindow,
        store: Store,
        lanes: Lanes,
        cases: CasePresenter,
        registry: ActionRegistry,
    ) -> None:
        self._window = window
        self._store = store
        self._lanes = lanes
        self._cases = cases
        self._registry = registry
        self._pages: dict[str, CasePages] = {}
        self._opened_on: dict[str, CaseId | None] = {}
        self._stale: set[str] = set()
        self._listeners: list[Callable[[Changes], None]] = []
        self._page_wanted = ""
        self.case_id: CaseId | None = None
        self._show_reachable()

    def attach(self, page_id: str, page: CasePages) -> None:
        """Take in a page of the open case; if it was wanted before it was there, it comes to the front now."""
        self._pages[page_id] = page
        self._opened_on[page_id] = None
        self._show_reachable()
        if self._page_wanted == page_id:
            self.show_page(page_id)

    def on_changes(self, listener: Callable[[Changes], None]) -> None:
        """*listener* hears of every change of the store, whoever made it."""
        self._listeners.append(listener)

    def changes_happened(self, changes: Changes) -> None:
        """Tell every screen; each looks whether it is concerned."""
        if not changes:
            return
        for listener in self._listeners:
            listener(changes)
        self._cases.changes_happened(changes)
        for page_id, page in self._pages.items():
            if self._opened_on[page_id] is not None and page.changes_happened(changes):
                self._stale.add(page_id)

    def restore(self, case_id: str | None, page_id: str | None) -> None:
        """Come back to where the last run ended; a case that is gone leaves the worklist in front."""
        if case_id is None:
            self.show_page("worklist")
        else:
            self.open_case(CaseId(case_id), page_id if page_id in PAGES_OF_A_CASE else "case")

    def open_case(self, case_id: CaseId, page_id: str = "case", then: Callable[[], None] = lambda: None) -> None:
        """Put the last case away, bring this one, and show *page_id* when it is there; *then* comes after that."""
        if case_id != self.case_id:
            self.put_away()
            self.case_id = case_id
            self._audit(AuditAction.CASE_OPENED, case_id)
            self._remember(OPEN_CASE, case_id)
        self._page_wanted = page_id

        def came(summary: CaseSummary | None) -> None:
            self._summary_came(summary)
            if summary is not None:
                then()

        self._cases.open_case(case_id, came)

    def put_away(self) -> None:
        """No case is open after this: no name, no image, no answer of the last one is left on any page."""
        if self.case_id is not None:
            self._audit(AuditAction.CASE_CLOSED, self.case_id)
        self.case_id = None
        self._page_wanted = ""
        for page_id, page in self._pages.items():
            if self._opened_on[page_id] is not None:
                page.open_case(None)
                self._opened_on[page_id] = None
        self._stale.clear()
        self._cases.open_case(None)
        self._window.strip.show_identity(None)
        self._show_reachable()

    def close_case(self) -> None:
        """Put the case away and go back to the worklist."""
        self.put_away()
        self._remember(OPEN_CASE, None)
        self.show_page("worklist")

    def show_page(self, page_id: str) -> None:
        """Bring a page to the front, if the open case allows it."""
        if page_id not in self.reachable_pages():
            return
        self._page_wanted = page_id
        page = self._pages.get(page_id)
        turned = self._window.current_page != page_id
        if page is not None and (self._opened_on[page_id] != self.case_id or (turned and page_id in self._stale)):
            self._opened_on[page_id] = self.case_id
            self._stale.discard(page_id)
            page.open_case(self.case_id)
        self._window.show_page(page_id)
        self._remember(OPEN_PAGE, page_id)
        self._registry.notify()

    def reachable_pages(self) -> tuple[str, ...]:
        """The pages that may be shown now. Blocked images are out of reach by any key."""
        summary = self._cases.summary
        if summary is None:
            return ("worklist", "transfers")
        pages = ["worklist", "case", "transfers"]
        # Of a release that ended, the images' own page says what became of them.
        if "reading" in self._pages and (summary.has_images or summary.has_ended) and not summary.is_blocked:
            pages.append("reading")
        if "opinion" in self._pages:
            pages.append("opinion")
        return tuple(pages)

    def actions(self) -> Iterable[Action]:
        """Turning pages and closing the case."""
        for page_id, text, key, glyph in (
            ("worklist", "&Worklist", "F2", "worklist"),
            ("case", "&Case", "F3", "case"),
            ("reading", "&Images", "F4", "images"),
            ("opinion", "&Opinion", "F6", "opinion"),
            ("transfers", "&Transfers", "F7", "transfers"),
        ):
            yield Action(
                f"page.{page_id}",
                text,
                run=lambda wanted=page_id: self.show_page(wanted),  # type: ignore[misc]
                menu="&Go to",
                shortcut=key,
                enabled_when=lambda wanted=page_id: wanted in self.reachable_pages(),  # type: ignore[misc]
                icon=glyph,
            )
        yield Action(
            "case.close",
            "C&lose the case",
            run=self.close_case,
            menu="&Case",
            shortcut="Ctrl+W",
            enabled_when=lambda: self.case_id is not None,
            icon="close",
        )

    def cases_locked(self, case_ids: frozenset[CaseId]) -> None:
        """The hospital took these cases away: an open one among them is off the screen at once."""
        if self.case_id in case_ids:
            self.close_case()

    def case_shown(self, summary: CaseSummary | None) -> None:
        """The case page shows this now, anew or for the first time: strip and rail follow."""
        self._window.strip.show_identity(summary.identity if summary else None)
        self._show_reachable()
        in_front = self._window.current_page
        if in_front in PAGES_OF_A_CASE and in_front not in self.reachable_pages() and summary is not None:
            self.show_page("case")

    def _summary_came(self, summary: CaseSummary | None) -> None:
        if summary is None:
            self.close_case()  # taken away by the hospital
            return
        page_id = self._page_wanted or "case"
        if page_id in self.reachable_pages():
            self.show_page(page_id)
        else:
            # A page that is still being made comes to the front when it is attached.
            self.show_page("case")
            if page_id not in self._pages:
                self._page_wanted = page_id

    def _show_reachable(self) -> None:
        self._window.set_reachable(self.reachable_pages())
        self._registry.notify()

    def _remember(self, key: str, value: str | None) -> None:
        session = self._store.session
        if value is None:
            self._lanes.store_lane(lambda: session.remove(key))
        else:
            self._lanes.store_lane(lambda: session.put(key, value))

    def _audit(self, action: AuditAction, case_id: CaseId) -> None:
        audit = self._store.audit
        self._lanes.store_lane(lambda: audit.append(action, case_id, "case", "done", {}))
