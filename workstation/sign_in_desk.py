"""Signing in and out of the hospital whose cases are open: when it is asked for, and what happens then."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject
from PySide6.QtWidgets import QApplication

from sync.audit import AuditAction
from workstation.actions.action import Action
from workstation.background import Background, Ticket
from workstation.failure_words import sentence_for
from workstation.window.browser_pane import open_in_browser
from workstation.window.main_window import MainWindow
from workstation.window.sign_in_dialog import SignInDialog

if TYPE_CHECKING:
    from sync.authorization.signed_in_account import SignedInAccount
    from sync.hospital_profile import HospitalProfile

SIGN_IN_KEY = "Ctrl+Shift+I"


class SignInDesk(QObject):
    """Asks once when the sign-in has run out: by itself only over the worklist, for a reader's hand is not interrupted.

    *signed_in* is called after each sign-in, so that what waits can leave; *note* keeps what happened for the audit.
    """

    def __init__(
        self,
        window: MainWindow,
        background: Background,
        profile: HospitalProfile,
        account: SignedInAccount,
        signed_in: Callable[[], object],
        note: Callable[[AuditAction, str], object],
        open_browser: Callable[[str], object] = open_in_browser,
    ) -> None:
        super().__init__(window)
        self._window = window
        self._background = background
        self._profile = profile
        self._account = account
        self._signed_in = signed_in
        self._note = note
        self._open_browser = open_browser
        self._dialog: SignInDialog | None = None
        self._signing_in: Ticket | None = None
        self._was_asked = False
        self._told = ""

    def actions(self) -> list[Action]:
        return [
            Action("hospital.sign_in", "&Sign in…", self.ask, "H&ospital", SIGN_IN_KEY, icon="patient"),
            Action("hospital.sign_out", "Sign &out", self._sign_out, "H&ospital", icon="quit"),
        ]

    def say_notice(self) -> None:
        """How long this sign-in lasts, once, where that is worth a word."""
        if self._account.notice and self._account.notice != self._told:
            self._told = self._account.notice
            self._window.status.say(self._told)

    def round_ended(self) -> None:
        """A round of sync is over: is there something to say of the sign-in?"""
        self.say_notice()
        if not self._account.needs_person or self._was_asked:
            return
        self._was_asked = True
        is_free = not self._window.is_covered and QApplication.activeModalWidget() is None
        if self._window.current_page == "worklist" and is_free:
            self.ask()
        else:
            self._window.status.say(
                f"The sign-in at {self._profile.hospital_name} has run out; {SIGN_IN_KEY} signs in again.", failure=True
            )

    def ask(self) -> None:
        """Show the dialog, or the one that is shown already."""
        if self._dialog is None:
            dialog = SignInDialog(
                self._window,
                self._profile.hospital_name,
                self._profile.practitioner_name,
                is_run_out=self._account.needs_person,
            )
            dialog.sign_in_requested.connect(self._begin)
            dialog.cancel_requested.connect(self._cancel)
            dialog.finished.connect(self._closed)
            self._dialog = dialog
        self._dialog.open()

    def _begin(self) -> None:
        from sync.authorization.sign_in import sign_in_again

        assert self._dialog is not None
        profile, account, deliver = self._profile, self._account, self._background.deliver

        def show(address: str) -> None:
            deliver(lambda: self._show_browser(address))

        self._dialog.show_looking()
        self._signing_in = self._background.network_lane(
            lambda cancelled: sign_in_again(profile, account, show, cancelled), self._succeeded, self._refused
        )

    def _show_browser(self, address: str) -> None:
        if self._signing_in is not None and self._dialog is not None:
            self._dialog.show_waiting(address)
            self._open_browser(address)

    def _succeeded(self, _nothing: object) -> None:
        self._signing_in = None
        self._was_asked = False
        if self._dialog is not None:
            self._dialog.accept()
        self._note(AuditAction.SIGN_IN, "done")
        self._told = self._account.notice
        self._window.status.say(self._told or f"You are signed in as {self._profile.practitioner_name}.")
        self._signed_in()

    def _refused(self, error: Exception) -> None:
        self._signing_in = None
        self._note(AuditAction.SIGN_IN_FAILED, "refused")
        if self._dialog is not None:
            self._dialog.show_refusal(sentence_for(error))

    def _cancel(self) -> None:
        if self._signing_in is not None:
            self._signing_in.cancel()
            self._signing_in = None

    def _closed(self) -> None:
        dialog, self._dialog = self._dialog, None
        if dialog is not None:
            dialog.deleteLater()

    def _sign_out(self) -> None:
        account, hospital = self._account, self._profile.hospital_name
        self._note(AuditAction.SIGN_OUT, "done")
        self._was_asked = True  # who signs out on purpose is not asked to sign in again
        done = f"You are signed out of {hospital}. What is on this computer stays, encrypted; {SIGN_IN_KEY} signs in."
        self._background.network_lane(
            lambda _cancelled: account.sign_out(),
            lambda sentence: self._window.status.say(sentence or done),
            lambda error: self._window.status.say(sentence_for(error), failure=True),
        )
