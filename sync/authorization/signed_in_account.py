"""A signed-in account: its access token in memory, its refresh token in the keyring, renewed and revoked.

The refresh token rotates. A new one is durable in the keyring before anything that came with it is used, so that a
kill in between costs nothing; it is never written to disk by us.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from contextlib import suppress

from sync.authorization.authorization_server import AnswerLost, AuthorizationServer, Tokens
from sync.errors import KeyringUnavailable, ProfileRefused, SignInNeeded, SyncError
from sync.hospital_profile import HospitalProfile
from sync.secret_keeper import SecretKeeper, SystemKeyring

_EARLY_S = 30.0
"""An access token is renewed this long before it expires."""


def credentials_of(profile: HospitalProfile) -> SignedInAccount | None:
    """The account of *profile*, its sign-in kept by this computer's keyring; None where a fixed token is used."""
    return SignedInAccount(profile, SystemKeyring()) if profile.needs_sign_in else None


class SignedInAccount:
    """The `Credentials` of a profile whose hospital signs people in. Usable from several threads."""

    def __init__(
        self,
        profile: HospitalProfile,
        keeper: SecretKeeper,
        server: AuthorizationServer | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._profile = profile
        self._keeper = keeper
        self._server = server or AuthorizationServer(profile.fhir_base, profile.client_id, profile.trust)
        self._clock = clock
        self._lock = threading.RLock()
        self._access_token = ""
        self._expires_at: float | None = None
        self._unkept_refresh_token = ""
        """Only where there is no keyring: then the sign-in lasts as long as the program runs."""
        self._is_lost = False
        self.needs_person = False
        """The last question for a token could not be answered: somebody must sign in."""
        self.notice = ""
        """A sentence for the user about how long this sign-in lasts; empty where there is nothing to say."""

    @property
    def server(self) -> AuthorizationServer:
        return self._server

    @property
    def key_name(self) -> str:
        """The name of the refresh token in the keyring."""
        return f"{self._profile.practitioner_reference} at {self._profile.fhir_base}"

    def bearer(self) -> str:
        with self._lock:
            if self._access_token and (self._expires_at is None or self._clock() < self._expires_at):
                return self._access_token
            if not self.refresh():
                raise SignInNeeded(self._why_sign_in(), 401)
            return self._access_token

    def refresh(self) -> bool:
        with self._lock:
            self._access_token = ""
            refresh_token = self._unkept_refresh_token or self._find_kept()
            self.needs_person = not refresh_token
            if not refresh_token:
                return False
            if self._server.configuration.issuer != self._profile.issuer:
                raise ProfileRefused(
                    f"{self._profile.hospital_name} names another authority for signing in than before; "
                    "nothing was sent to it."
                )
            try:
                tokens = self._server.renew(refresh_token)
            except AnswerLost:
                self._is_lost = True
                raise
            except SignInNeeded:
                self._forget()
                self.needs_person = True
                return False
            self.accept(tokens)
            return True

    def accept(self, tokens: Tokens) -> None:
        """Take the tokens of a new sign-in or of a renewal: the refresh token is kept before the other is used."""
        with self._lock:
            self._keep(tokens.refresh_token)
            self._access_token = tokens.access_token
            lives = tokens.expires_in_s
            self._expires_at = None if lives is None else self._clock() + max(lives - _EARLY_S, lives / 2)
            self._is_lost = self.needs_person = False

    def forget_access_token(self) -> None:
        """The window is locked: nothing that opens the hospital stays in memory where a keyring can give it back."""
        with self._lock:
            self._access_token = ""

    def sign_out(self) -> str:
        """Forget everything here, and have the hospital forget it; a sentence where the hospital was not reached."""
        with self._lock:
            try:
                refresh_token = self._unkept_refresh_token or self._find_kept()
            except SignInNeeded:
                refresh_token = ""
            try:
                if refresh_token:
                    self._server.revoke(refresh_token)
            except SyncError:
                return "You are signed out here; the hospital could not be told and ends the sign-in by itself."
            finally:
                self._forget()
                self._is_lost = False
                self.needs_person = True
                self.notice = ""
            return ""

    def _keep(self, refresh_token: str) -> None:
        self.notice = ""
        if not refresh_token:
            self._forget()
            self.notice = "The hospital lets this sign-in last only for a short time."
            return
        try:
            self._keeper.put(self.key_name, refresh_token)
            self._unkept_refresh_token = ""
        except KeyringUnavailable as error:
            self._unkept_refresh_token = refresh_token
            self.notice = f"{error} This sign-in therefore lasts until Reading Room is closed."

    def _find_kept(self) -> str:
        try:
            return self._keeper.find(self.key_name) or ""
        except KeyringUnavailable as error:
            self.needs_person = True
            raise SignInNeeded(f"{error} Sign in at {self._profile.hospital_name} again.", 401) from error

    def _forget(self) -> None:
        self._access_token = self._unkept_refresh_token = ""
        with suppress(KeyringUnavailable):  # what cannot be reached was refused or revoked; it opens nothing
            self._keeper.delete(self.key_name)

    def _why_sign_in(self) -> str:
        name = self._profile.hospital_name
        if self._is_lost:
            return f"{name} ended this sign-in because an answer of it was lost on the way; please sign in again."
        return f"You are not signed in at {name}, or the sign-in has run out; please sign in."
