"""The composition root: the one file that sees everything. Shows the window with Qt alone, then brings in the rest.

Order: window painted → (demo hospital) → store, worklist, case → images and opinion, whose libraries load meanwhile.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, QTimer, Signal
from PySide6.QtWidgets import QApplication

from sync.errors import StoreUnavailable, SyncError
from sync.site_rules import site_rules
from sync.store.profile_lock import ProfileLock
from sync.vault.key_record import has_record
from sync.vault.keys import Unlock
from workstation.actions.action import Action
from workstation.actions.menus import Menus, Palette, ShortcutSheet
from workstation.actions.registry import ActionRegistry
from workstation.background import Background
from workstation.demo_mode import DemoAccount, DemoHospital
from workstation.failure_words import sentence_for
from workstation.lock_room import LockRoom
from workstation.logs import report_bug
from workstation.passphrase_desk import PassphraseDesk
from workstation.places import DEMO_PROFILE, hospital_profile_path, profile_directory, remember_profile
from workstation.settings import IDLE_LOCK_S, KEEP_AWAKE, NOTIFY_CASES, SYNC_INTERVAL_S, Settings
from workstation.unlocking import DEMO_PASSPHRASE, known_unlock
from workstation.window.browser_pane import open_in_browser
from workstation.window.main_window import MainWindow
from workstation.window.qt_messages import log_qt_messages
from workstation.window.theme import apply_theme, set_high_dpi_rounding

if TYPE_CHECKING:
    from sync.audit import AuditAction
    from sync.authorization.signed_in_account import SignedInAccount
    from sync.hospital_profile import HospitalProfile
    from sync.store.database import Store
    from workstation.case_room import CaseRoom
    from workstation.hospital_list import OpenedHospital

log = logging.getLogger("ui.startup")


@dataclass(frozen=True, slots=True)
class _Opened:
    """What the store lane brings back from the first look at the disk."""

    profile: HospitalProfile
    store: Store
    open_case: str | None
    open_page: str | None
    account: SignedInAccount | None
    """None where the profile has a fixed token."""
    keep_awake_rule: bool | None
    """What the site says of it; None leaves it to the reader."""


class RunningApplication(QObject):
    """The program while it runs. Everything of it hangs on this object; `close` takes it all down."""

    ready = Signal()
    """Every page is there and the last open case is back."""
    failed = Signal(str)
    """The program cannot open, and this sentence says why. The window stays, for the caller to close."""

    def __init__(
        self,
        home: Path,
        profile_name: str,
        demo: DemoHospital | None,
        account: DemoAccount | None,
        unlock_file: Path | None,
    ) -> None:
        super().__init__()
        self._home = home
        self._profile_name = profile_name
        self._demo = demo
        self.account = account
        """The demo specialist's account, once it is known; None outside the demonstration."""
        self.is_ready = False
        self.open_browser: Callable[[str], object] = open_in_browser
        """How a sign-in page is shown; a test has a browser of its own."""
        self.wants_hospitals = False
        """The window was closed to open another hospital: the caller shows the list of them."""
        self._signed_in: SignedInAccount | None = None
        self.failure = ""
        self.window = MainWindow()
        self.background = Background(self)
        self.registry = ActionRegistry()
        self._menus = Menus(self.window, self.registry, lambda: self.window.current_page)
        self._store: Store | None = None
        self._room: CaseRoom | None = None
        self._unlock_file = unlock_file
        self._profile_lock: ProfileLock | None = None
        self.lock_room = LockRoom(self.window, self.background, self.registry)
        self._closed = False
        self.background.failed.connect(lambda sentence: self.window.status.say(sentence, failure=True))
        self.window.page_requested.connect(lambda page_id: self.registry.run(f"page.{page_id}"))
        self.window.page_changed.connect(lambda _page_id: self.registry.notify())
        self.window.closed.connect(self.close)
        self.registry.add(self._window_actions())

    def open(self) -> None:
        """Show the window; the rest begins after its first paint."""
        self.window.show()
        self.window.activateWindow()  # keys must reach it at once, also where no window manager hands out the focus
        QTimer.singleShot(0, self._begin)

    def close(self) -> None:
        """Stop syncing, write what was accepted, end every thread and the demo hospital. Safe to call twice."""
        if self._closed:
            return
        self._closed = True
        self.lock_room.stop()
        if self._room is not None:
            self._room.close()
        if not self.background.shutdown():
            log.info("a thread was still busy when the program ended")
        if self._store is not None:
            self._store.close()
        if self._demo is not None:
            self._demo.stop()
        if self._profile_lock is not None:
            self._profile_lock.release()
        self.window.close()

    def _begin(self) -> None:
        if self._closed:
            return
        if not self._profile_name:
            self._choose_hospital()
            return
        try:
            directory = profile_directory(self._home, self._profile_name)
            self._profile_lock = ProfileLock.take(directory, "the window")
            from workstation.plain_slides import sweep_plain_slides

            sweep_plain_slides(directory)
        except StoreUnavailable as error:
            self._fail(error)
            return
        if self._demo is None or self.account is not None:
            self._open_store()
            return
        demo = self._demo
        deliver, show = self.background.deliver, self.window.show_opening

        def on_progress(text: str, fraction: float) -> None:
            deliver(lambda: show(f"Building the demo hospital: {text}", fraction))

        self.window.show_opening("Starting the demo hospital…")
        self.background.network_lane(lambda _cancelled: demo.start(on_progress), self._hospital_answers, self._fail)

    def _choose_hospital(self) -> None:
        """No profile was named: the list of hospitals comes first, and the start goes on from it."""
        from workstation.hospital_choice import HospitalChoice
        from workstation.window.hospitals_page import HospitalsPage

        page = HospitalsPage()
        choice = HospitalChoice(self._home, page, self.background, self._hospital_chosen, self.open_browser)
        self.window.cover_with(page)
        choice.refresh()

    def _hospital_chosen(self, opened: OpenedHospital) -> None:
        self._profile_name, self._signed_in = opened.profile_name, opened.account
        self.window.cover_with(None)
        self._begin()

    def _hospital_answers(self, account: DemoAccount) -> None:
        self.account = account
        self._open_store()

    def _open_store(self) -> None:
        self.window.show_opening("Opening your cases…")
        home, name, account = self._home, self._profile_name, self.account
        try:
            unlock = known_unlock(home, name, self._unlock_file)
        except SyncError as error:
            self._fail(error)
            return
        if unlock is not None:
            self.background.store_lane(lambda: _open(home, name, account, unlock), self._store_opened, self._fail)
            return
        directory = profile_directory(home, name)
        self.lock_room.ask_at_start(
            directory, lambda given: _open(home, name, account, given), self._store_opened, self._fail
        )

    def _store_opened(self, opened: _Opened) -> None:
        from workstation.case_room import CaseRoom

        self._store = opened.store
        settings = Settings.load(self._home)
        account = self._signed_in or opened.account
        self._room = CaseRoom(
            self.window,
            opened.store,
            opened.profile,
            self.background,
            self.registry,
            account,
            menu_of=self._menus.menu_of,
        )
        if account is not None:
            self._join_sign_in(opened, account, self._room)
        self._room.open(
            settings.get(SYNC_INTERVAL_S),
            notify_cases=bool(settings.get(NOTIFY_CASES)),
            keep_awake=bool(settings.get(KEEP_AWAKE) if opened.keep_awake_rule is None else opened.keep_awake_rule),
            notice=self.account.notice if self.account else "",
            last_case=opened.open_case,
            last_page=opened.open_page,
        )
        hint = f"Demonstration: the passphrase is “{DEMO_PASSPHRASE}”." if self._profile_name == DEMO_PROFILE else ""
        self.lock_room.watch(opened.store, self._room, settings.get(IDLE_LOCK_S), hint)
        self._passphrase = PassphraseDesk(self.window, self.background, opened.store)
        self.registry.add([self._passphrase.action(enabled_when=lambda: self._profile_name != DEMO_PROFILE)])
        self.background.cpu_lane(_import_viewers, lambda _nothing: self._viewers_came(), self._fail)

    def _join_sign_in(self, opened: _Opened, account: SignedInAccount, room: CaseRoom) -> None:
        from workstation.certificate_desk import CertificateDesk
        from workstation.sign_in_desk import SignInDesk

        def signed_in() -> None:
            self.registry.run("sync.now")

        def note(action: AuditAction, outcome: str) -> None:
            profile, audit = opened.profile.name, opened.store.audit
            self.background.store_lane(lambda: audit.append(action, None, profile, outcome, {}))

        desk = SignInDesk(self.window, self.background, opened.profile, account, signed_in, note, self.open_browser)
        certificates = CertificateDesk(self.window, self.background, opened.store, opened.profile, account)
        self.registry.add([*desk.actions(), certificates.action()])
        room.on_round_ended(desk.round_ended)
        desk.say_notice()
        self.lock_room.locked.connect(account.forget_access_token)

    def _viewers_came(self) -> None:
        assert self._room is not None
        try:
            self._room.add_images_and_opinion()
        except Exception as error:  # noqa: BLE001 - a page that cannot be made is said, whatever the reason
            report_bug(error)
            self._fail(error)
            return
        self.is_ready = True
        self.ready.emit()
        self._sweep_vault()
        self._check_audit()

    def _sweep_vault(self) -> None:
        """Leftovers of interrupted writes go now that the reader can work: a million files take seconds to list."""
        assert self._store is not None
        sweep = self._store.vault.sweep
        self.background.cpu_lane(sweep, failed=lambda error: log.info("the vault was not swept (%s)", type(error)))

    def _check_audit(self) -> None:
        """A trail that is not whole is said at once; it is not repaired, and nothing is kept from being read."""
        assert self._store is not None

        def say(fault: str | None) -> None:
            if fault is not None:
                log.error("the audit trail is not whole")
                self.window.status.say(f"The audit trail of this computer is not whole: {fault}", failure=True)

        self.background.cpu_lane(self._store.audit.verify, say)

    def _fail(self, error: Exception) -> None:
        self.failure = sentence_for(error)
        self.window.show_opening(self.failure)
        self.failed.emit(self.failure)

    def _window_actions(self) -> list[Action]:
        return [
            Action("help.shortcuts", "&Keyboard shortcuts", self._show_sheet, "&Help", "F1", icon="keys"),
            Action("help.palette", "Do &what…", self._show_palette, "&Help", "Ctrl+K", icon="search"),
            Action(
                "hospital.list",
                "&Hospitals…",
                self._show_hospitals,
                "H&ospital",
                "Ctrl+Shift+H",
                enabled_when=lambda: self._demo is None and bool(self._profile_name),
                icon="case",
            ),
            self.lock_room.action(),
            Action("app.quit", "&Quit", self._quit, "&Case", "Ctrl+Q", icon="quit"),
        ]

    def _show_hospitals(self) -> None:
        self.wants_hospitals = True
        self.window.close()

    def _quit(self) -> None:
        self.window.close()

    def _show_sheet(self) -> None:
        from workstation.further_keys import FURTHER_KEYS  # with the viewers' tables: not before somebody asks

        ShortcutSheet(self.registry, FURTHER_KEYS, self.window).open()

    def _show_palette(self) -> None:
        Palette(self.registry, self.window.current_page, self.window).open()


def build_application(
    home: Path,
    profile: str,
    *,
    demo: DemoHospital | None = None,
    account: DemoAccount | None = None,
    unlock_file: Path | None = None,
) -> RunningApplication:
    """The whole program over the data in *home*, window shown; it goes on opening while Qt's events are processed.

    An empty *profile* shows the list of hospitals first.

    *demo* is stopped with the application, and started by it unless the *account* of the started one is given. The
    store is opened with the first line of *unlock_file*; without, the window asks (and never for the demo).
    """
    app = make_qt_application()
    app.setQuitOnLastWindowClosed(True)
    running = RunningApplication(home, profile, demo, account, unlock_file)
    running.open()
    return running


def make_qt_application() -> QApplication:
    """The one QApplication of this process, in our look."""
    existing = QApplication.instance()
    if isinstance(existing, QApplication):
        apply_theme(existing)
        return existing
    log_qt_messages()
    set_high_dpi_rounding()
    app = QApplication(["readingroom"])
    app.setApplicationName("Reading Room")
    apply_theme(app)
    return app


def _open(home: Path, name: str, account: DemoAccount | None, unlock: Unlock) -> _Opened:
    """On the store lane: the hospital's address, the store, and where the last run ended.

    A store that has no passphrase yet gets this one; one that a demo of the first version left stays as it is.
    """
    from sync.audit import DONE, AuditAction
    from sync.authorization.signed_in_account import credentials_of
    from sync.hospital_profile import HospitalProfile
    from sync.store.database import DATABASE_FILE, open_store
    from workstation.demo_mode import enrol_demo_identity, write_demo_profile

    if account is not None:
        write_demo_profile(home, account)
    profile = HospitalProfile.load(hospital_profile_path(home, name))
    directory = profile_directory(home, name)
    is_new = not (directory / DATABASE_FILE).exists()
    if name != DEMO_PROFILE and not has_record(directory):
        from sync.store.protection import protect_store

        protect_store(directory, unlock)
    store = open_store(directory, unlock=unlock, sweep=False)
    try:
        store.audit.actor = profile.practitioner_reference
        if is_new:
            store.audit.append(AuditAction.STORE_MADE, None, "store", DONE, {"opens_with": unlock.kind})
        if account is not None:
            enrol_demo_identity(home, store, account)
            store.session.put("demo_signing_hint", account.signing_hint)
        remember_profile(home, name)
        last_case, last_page = store.session.find("open_case"), store.session.find("open_page")
        keep_awake_rule = site_rules(directory).keep_awake
        return _Opened(profile, store, last_case, last_page, credentials_of(profile), keep_awake_rule)
    except BaseException:
        store.close()
        raise


def _import_viewers() -> None:
    """What the image and opinion pages need, imported off the UI thread while the worklist is read already."""
    import workstation.opinion.page
    import workstation.reading.page  # noqa: F401
