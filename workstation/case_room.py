"""The screens over an open store, joined: part of the composition (`startup` makes it when the store is open).

Every mutation, whoever made it, passes `Desk.changes_happened`; every failure ends as a sentence in the status line.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from importlib import metadata
from typing import TYPE_CHECKING

from PySide6.QtCore import QTimer

from sync.changes import Changes
from sync.errors import CaseLocked
from sync.hospital_profile import HospitalProfile
from sync.lease import find_lease_sentence
from sync.records.case import CaseId
from sync.records.outbox_entry import OutboxEntry, OutboxState
from sync.store.database import Store
from sync.transfer.control import TransferControl
from workstation.actions.action import Action
from workstation.actions.registry import ActionRegistry
from workstation.awake.awake_watch import AwakeWatch, system_hold
from workstation.background import Background
from workstation.case.case_actions import case_actions
from workstation.case.case_summary import CaseSummary
from workstation.case.move_dialogs import MoveDialogs
from workstation.case.moves_presenter import CaseMovesPresenter
from workstation.case.page import CasePage
from workstation.case.presenter import CasePresenter
from workstation.case_notices import CaseNotices
from workstation.clock import local_now
from workstation.conflict.conflict_dialog import ConflictDialogs
from workstation.conflict.presenter import ConflictPresenter
from workstation.desk import Desk
from workstation.door.object_inspector import ProcessInspector
from workstation.failure_words import sentence_for
from workstation.hospital_news import HospitalNews
from workstation.image_arrivals import ImageArrivals
from workstation.network_return import NetworkReturn
from workstation.plain_slides import PlainSlides
from workstation.record_views import RecordViews
from workstation.release_watch import ReleaseWatch
from workstation.sync_loop import SyncLoop
from workstation.transfers.export_dialog import ExportQuestion
from workstation.transfers.leaving_actions import leaving_actions
from workstation.transfers.leaving_pane import LeavingPane
from workstation.transfers.leaving_presenter import LeavingPresenter
from workstation.transfers.metered_network import MeteredNetwork
from workstation.transfers.page import TransfersPage
from workstation.transfers.presenter import TransfersPresenter
from workstation.transfers.transfer_actions import transfer_actions
from workstation.window.main_window import MainWindow
from workstation.worklist.page import WorklistPage
from workstation.worklist.presenter import WorklistPresenter

UNDONE_WITHIN_MS = 8_000
"""How long a case that is declined, closed or put on hold stays here before it leaves by itself."""
BEHIND_MORE = ("case.ask_records", "case.resume", "case.decline", "case.close_without_opinion", "case.take_back")

if TYPE_CHECKING:
    from PySide6.QtWidgets import QMenu

    from sync.credentials import Credentials
    from workstation.opinion.presenter import OpinionPresenter
    from workstation.reading.page import ReadingPage


class CaseRoom:
    """Worklist and case at once; images and opinion when their libraries have come."""

    def __init__(
        self,
        window: MainWindow,
        store: Store,
        profile: HospitalProfile,
        background: Background,
        registry: ActionRegistry,
        credentials: Credentials | None = None,
        *,
        menu_of: Callable[..., QMenu],
    ) -> None:
        """*menu_of* makes a menu of some actions, by their ids."""
        self._menu_of = menu_of
        self._window = window
        self._store = store
        self._profile = profile
        self._background = background
        self._registry = registry
        self._cases = CasePresenter(store, background, local_now, self._changed, self._say_failure)
        self._desk = Desk(window, store, background, self._cases, registry)
        self._worklist = WorklistPresenter(store, background, local_now, self._say_failure)
        self._worklist_page = WorklistPage()
        self._moves = CaseMovesPresenter(
            store, background, lambda: self._cases.summary, self._changed, self._changed_slowly,
            lambda sentence: window.status.say(sentence),
        )  # fmt: skip
        self._move_dialogs = MoveDialogs(window, self._moves)
        self._releases = ReleaseWatch(
            store, background, local_now, lambda seconds, call: QTimer.singleShot(round(seconds * 1000), call),
            changed=self._release_ended, said=self._say_release,
        )  # fmt: skip
        self._reading_page: ReadingPage | None = None
        self._sending = QTimer()
        self._sending.setSingleShot(True)
        self._case_page = CasePage(background, lambda case_id, key: self._cases.load_document(CaseId(case_id), key))
        self._inspector = ProcessInspector()
        self._plain_slides = PlainSlides(store)
        self._sync_interval_s = 0.0
        self._is_lease_over = False
        self._metered = MeteredNetwork()
        self._control = TransferControl(is_metered=self._metered.is_metered)
        self._sync = SyncLoop(
            background, store, profile, credentials=credentials, control=self._control, inspector=self._inspector
        )
        self._transfers = TransfersPresenter(
            store, background, self._control, local_now, self._sync.sync_now, self._say_failure
        )
        self._transfers_page = TransfersPage()
        self._awake = AwakeWatch(self._sync, background, system_hold(), self._transfers_page.show_awake)
        self._leaving = LeavingPresenter(
            store, background, local_now, self._changed, window.status.say, self._say_failure
        )
        self._leaving_pane = LeavingPane()
        self._transfers_page.add_section(self._leaving_pane)
        self._conflicts = ConflictPresenter(
            store, background, self._changed, review=self._desk.open_case, write=self._write_about,
            locked=self._lock_cases,
        )  # fmt: skip
        self._conflict_dialogs = ConflictDialogs(window, self._conflicts)
        self._news = HospitalNews(
            window.status, self._worklist, profile.hospital_name, local_now,
            offline=window.offline, next_round_in_s=lambda: self._sync.next_round_in_s,
        )  # fmt: skip
        self._views = RecordViews(store, background, time.monotonic)
        self._notices = CaseNotices(self._come_forward)
        self._network = NetworkReturn(self._sync.sync_now)
        self._sending.setInterval(UNDONE_WITHIN_MS)
        self._sending.timeout.connect(self._sync.sync_now)

    def open(
        self,
        sync_interval_s: float,
        *,
        notify_cases: bool = True,
        keep_awake: bool = True,
        notice: str,
        last_case: str | None,
        last_page: str | None,
    ) -> None:
        """Put the first pages in the window and begin to sync."""
        self._notices.is_wanted = notify_cases
        self._awake.want(keep_awake)
        self._window.add_page("worklist", self._worklist_page)
        self._window.add_page("case", self._case_page)
        self._window.add_page("transfers", self._transfers_page)
        self._join_pages()
        self._join_sync()
        self._join_transfers()
        moves = case_actions(
            self._moves, self._move_dialogs, lambda: self._cases.summary, self._case_page.show_messages
        )
        self._registry.add([*self._desk.actions(), *moves, *self._own_actions()])
        self._case_page.use_moves(self._menu_of(*BEHIND_MORE))
        self._releases.start()  # before any case is read
        self._worklist_page.show_notice(notice)
        self._worklist.attach(self._worklist_page)
        self._transfers.attach(self._transfers_page)
        self._leaving.attach(self._leaving_pane)
        self._worklist_page.select_case(CaseId(last_case) if last_case else None)
        self._desk.restore(last_case, last_page)
        self._refresh_outbox()
        self._sync_interval_s = sync_interval_s
        self._conflicts.refresh()
        self._network.listen()
        self._check_lease()
        self._sync.start(sync_interval_s)

    def add_images_and_opinion(self) -> None:
        """Make the two pages whose libraries were imported meanwhile."""
        self._add_images()
        self._add_opinion()

    def _add_images(self) -> None:
        from workstation.reading.page import ReadingPage
        from workstation.reading.presenter import CaseReadingPresenter
        from workstation.reading.reading_actions import reading_actions

        presenter = CaseReadingPresenter(
            self._store, self._background, self._profile.practitioner_reference, self._plain_slides.lender
        )
        page = ReadingPage(self._background, presenter)
        page.stored.connect(self._changed)
        page.refused.connect(lambda sentence: self._window.status.say(sentence, failure=True))
        page.said.connect(self._window.status.say)
        page.images_shown.connect(lambda case_id, keys: self._views.shown("reading", case_id, keys))
        page.state_changed.connect(self._registry.notify)
        arrivals = ImageArrivals(self._background, presenter.build)
        self._sync.changed.connect(arrivals.came)
        self._sync.finished.connect(lambda _report: arrivals.prepare())
        self._reading_page = page
        self._registry.add(reading_actions(page))
        self._window.add_page("reading", page)
        self._desk.attach("reading", page)

    def _add_opinion(self) -> None:
        from workstation.case.document_rendering import draw_pages
        from workstation.opinion.key_images import draw_key_images
        from workstation.opinion.marks_export import export_marks
        from workstation.opinion.opinion_actions import opinion_actions
        from workstation.opinion.page import OpinionPage
        from workstation.opinion.presenter import OpinionPresenter

        lender = self._plain_slides.lender
        presenter = OpinionPresenter(
            self._store,
            self._background,
            now=local_now,
            changed=self._changed,
            sync_requested=self._sync.sync_now,
            export_marks=lambda store, case: export_marks(store, case, lend=lender(case.case_id)),
            draw_key_images=lambda store, case, frozen: draw_key_images(store, case, frozen, lend=lender(case.case_id)),
            lender=lender,
            app_version=app_version(),
            later=lambda seconds, call: QTimer.singleShot(round(seconds * 1000), call),
        )
        page = OpinionPage(presenter, self._background, draw_pages)
        self._window.add_page("opinion", page)
        self._registry.add(opinion_actions(presenter, page))
        page.standing_changed.connect(self._registry.notify)
        self._desk.attach("opinion", _OpinionPages(presenter))

    def on_round_ended(self, listener: Callable[[], None]) -> None:
        """*listener* is called on the UI thread after each round of sync, whatever came of it."""
        self._sync.finished.connect(lambda _report: listener())

    def close(self) -> None:
        """Begin no more rounds, write what is not written yet, end the processes that read foreign files."""
        self._rest()
        self._plain_slides.close()
        self._inspector.close()

    def pause(self) -> tuple[CaseId | None, str]:
        """Write what is not written yet and leave no name on any page; where the reader was. `resume` goes on."""
        place = self._desk.case_id, self._window.current_page
        self._rest()
        self._worklist.put_away()
        self._transfers.put_away()
        self._leaving.put_away()
        return place

    def resume(self, case_id: CaseId | None, page_id: str) -> None:
        """Sync again, and come back to where `pause` left."""
        self._releases.start()
        self._worklist.attach(self._worklist_page)
        self._transfers.attach(self._transfers_page)
        self._leaving.attach(self._leaving_pane)
        self._worklist_page.select_case(case_id)
        if case_id is None:
            self._desk.show_page(page_id)
        else:
            self._desk.open_case(case_id, page_id)
        self._refresh_outbox()
        self._network.listen()
        self._sync.start(self._sync_interval_s)

    def _rest(self) -> None:
        self._sending.stop()
        self._releases.stop()
        self._case_page.messages.keep_draft()
        self._network.ignore()
        self._sync.stop()
        self._awake.rest()
        self._notices.close()
        self._desk.put_away()
        self._plain_slides.give_up()
        self._case_page.document.close_process()

    def _join_pages(self) -> None:
        self._worklist_page.open_requested.connect(lambda case_id: self._desk.open_case(CaseId(case_id)))
        self._case_page.images_requested.connect(lambda: self._registry.run("page.reading"))
        self._case_page.opinion_requested.connect(lambda: self._registry.run("page.opinion"))
        self._case_page.accept_requested.connect(lambda: self._registry.run("case.accept"))
        self._case_page.resume_requested.connect(lambda: self._registry.run("case.resume"))
        self._case_page.take_back_requested.connect(lambda entry_id: self._moves.take_back(entry_id or None))
        self._case_page.messages_requested.connect(lambda: self._registry.run("case.messages"))
        self._case_page.messages_shown.connect(self._moves.note_seen)
        self._case_page.message_sent.connect(self._moves.send)
        self._case_page.message_draft_changed.connect(self._moves.keep_draft)
        self._case_page.override_requested.connect(self._cases.override_mismatch)
        self._case_page.record_shown.connect(lambda case_id, key: self._views.shown("case", case_id, (key,)))
        self._window.page_changed.connect(self._views.page_turned)
        self._cases.attach(_CaseFaces(self._case_page, self._desk, self._releases))
        self._desk.on_changes(self._worklist.changes_happened)
        self._desk.on_changes(lambda changes: self._refresh_outbox() if changes.outbox else None)
        self._desk.on_changes(lambda changes: self._conflicts.refresh() if changes.cases else None)

    def _join_sync(self) -> None:
        self._sync.began.connect(self._news.began)
        self._sync.progressed.connect(self._news.progressed)
        self._sync.changed.connect(self._desk.changes_happened)
        self._sync.finished.connect(self._news.ended)
        self._sync.finished.connect(lambda _report: self._check_lease())
        self._sync.failed.connect(self._news.failed)
        self._sync.finished.connect(self._notices.round_ended)
        self._window.offline.retry_requested.connect(self._sync.sync_now)

    def _come_forward(self) -> None:
        """The reader pressed the tray's notice."""
        self._window.showNormal()
        self._window.activateWindow()

    def _join_transfers(self) -> None:
        page, presenter = self._transfers_page, self._transfers
        self._registry.add(transfer_actions(presenter, page.current_case))
        page.current_changed.connect(self._registry.notify)
        page.pause_requested.connect(lambda: self._registry.run("transfers.pause"))
        page.give_up_requested.connect(lambda: self._registry.run("transfers.give_up"))
        page.try_again_requested.connect(lambda: self._registry.run("transfers.try_again"))
        page.pause_all_requested.connect(lambda: self._registry.run("transfers.pause_all"))
        page.open_requested.connect(lambda case_id: self._desk.open_case(CaseId(case_id)))
        page.limit_chosen.connect(presenter.set_limit)
        page.images_allowed.connect(lambda: presenter.allow_images_on_metered(True))
        self._desk.on_changes(presenter.changes_happened)
        self._metered.on_changed(presenter.network_changed)
        self._join_leaving()
        self._sync.began.connect(lambda: presenter.sync_ran(True))
        self._sync.progressed.connect(presenter.progressed)
        self._sync.finished.connect(lambda report: presenter.sync_ran(False, is_offline=report.offline))
        self._sync.failed.connect(lambda _error: presenter.sync_ran(False))

    def _join_leaving(self) -> None:
        pane, presenter = self._leaving_pane, self._leaving
        question = ExportQuestion(self._window)
        question.folder_chosen.connect(presenter.export)
        self._registry.add(leaving_actions(presenter, pane.current_entry, question.ask))
        pane.current_changed.connect(self._registry.notify)
        pane.retry_requested.connect(lambda: self._registry.run("outbox.retry"))
        pane.export_requested.connect(lambda: self._registry.run("outbox.export"))
        pane.open_requested.connect(lambda case_id: self._desk.open_case(CaseId(case_id)))
        self._desk.on_changes(presenter.changes_happened)

    def _changed(self, changes: Changes) -> None:
        """A presenter changed the store. What must leave is sent at once."""
        self._desk.changes_happened(changes)
        if changes.outbox:
            self._sync.sync_now()

    def _changed_slowly(self, changes: Changes) -> None:
        """What waits to leave stays a few seconds, so that it can be taken back."""
        self._desk.changes_happened(changes)
        self._registry.notify()
        if changes.outbox:
            self._sending.start()

    def _check_lease(self) -> None:
        """Too long without a good round, and no case stays on the screen; a good one brings them all back."""

        def answer(sentence: str) -> None:
            was_over, self._is_lease_over = self._is_lease_over, bool(sentence)
            if sentence and not was_over:
                self._desk.close_case()
            if sentence:
                self._window.status.say(sentence, failure=True)
            if was_over != self._is_lease_over:
                self._worklist.attach(self._worklist_page)

        self._background.store_lane(lambda: find_lease_sentence(self._store), answer)

    def _release_ended(self, changes: Changes) -> None:
        """Off the screen at once; then the hospital is asked whether there is a new one."""
        self._changed(changes)
        self._sync.sync_now()

    def _say_release(self, words: str) -> None:
        """Until when the records of the open case may be looked at."""
        self._case_page.release.show_words(words)
        if self._reading_page is not None:
            self._reading_page.release.show_words(words)

    def _write_about(self, case_id: CaseId, words: str) -> None:
        """Open the case with its messages in front, and *words* to send or change."""
        self._desk.open_case(case_id, then=lambda: self._case_page.bring_messages(words))

    def _lock_cases(self, case_ids: frozenset[CaseId]) -> None:
        self._desk.cases_locked(case_ids)
        self._registry.notify()

    def _say_failure(self, error: Exception) -> None:
        is_own_doing = isinstance(error, CaseLocked) and error.is_own_doing
        self._window.status.say(sentence_for(error), failure=not is_own_doing)

    def _refresh_outbox(self) -> None:
        def look() -> tuple[Sequence[OutboxEntry], frozenset[CaseId]]:
            kept = frozenset(lock.case_id for lock in self._store.conflicts.list_settled_locks())
            return self._store.outbox.list_entries(), kept

        def show(found: tuple[Sequence[OutboxEntry], frozenset[CaseId]]) -> None:
            self._news.show_outbox(*found)
            self._awake.outbox_is(any(entry.state is OutboxState.WAITING for entry in found[0]))

        self._background.store_lane(look, show)

    def _own_actions(self) -> list[Action]:
        return [
            Action(
                "case.conflicts",
                "What the &hospital changed…",
                run=self._conflicts.show_all_again,
                menu="&Case",
                shortcut="Ctrl+Shift+X",
                enabled_when=lambda: self._conflicts.has_open,
            ),
            Action("sync.now", "&Sync now", run=self._sync.sync_now, menu="&Case", shortcut="Ctrl+R", icon="sync"),
            Action(
                "worklist.search",
                "&Search the worklist",
                run=self._worklist_page.focus_search,
                menu="&Go to",
                shortcut="Ctrl+F",
                icon="search",
                page="worklist",
            ),
        ]


class _CaseFaces:
    """Where an opened case shows: its page, and the strip and rail of the window. How long it may be is watched."""

    def __init__(self, page: CasePage, desk: Desk, releases: ReleaseWatch) -> None:
        self._page = page
        self._desk = desk
        self._releases = releases

    def show_case(self, summary: CaseSummary | None) -> None:
        self._page.show_case(summary)
        self._desk.case_shown(summary)
        self._releases.watch(summary.case if summary else None)


class _OpinionPages:
    """The opinion as the desk sees it: it keeps itself up to date."""

    def __init__(self, presenter: OpinionPresenter) -> None:
        self._presenter = presenter

    def open_case(self, case_id: CaseId | None) -> None:
        self._presenter.open_case(case_id)

    def changes_happened(self, changes: Changes) -> bool:
        self._presenter.changes_happened(changes)
        return False


def app_version() -> str:
    """The installed version, which goes into every signed envelope."""
    return metadata.version("reading-room")
