"""What a request to a hospital is allowed by: an access token, and how to come by a new one when it is refused."""

from __future__ import annotations

from typing import Protocol

from sync.errors import SignInNeeded


class Credentials(Protocol):
    """The access token of one account. Called from several threads at once."""

    def bearer(self) -> str:
        """The access token (RFC 6750) to send now, empty: send none. May ask the authorization server for one.

        `SignInNeeded` where there is none to be had without a person.
        """
        ...

    def refresh(self) -> bool:
        """The hospital refused the token: get another. False where there is none to be had without a person.

        Raises what a request raises while the authorization server cannot be reached (`Offline`, `HospitalBusy`).
        """
        ...


class NoBearer:
    """Nobody: for what a hospital tells everybody. No token is sent."""

    def bearer(self) -> str:
        return ""

    def refresh(self) -> bool:
        return False


class StaticBearer:
    """One token that never changes: for the demo hospital and for tests."""

    def __init__(self, token: str, hospital_name: str) -> None:
        self._token = token
        self._hospital_name = hospital_name

    def bearer(self) -> str:
        if not self._token:
            raise SignInNeeded(f"You are not signed in at {self._hospital_name}.", 401)
        return self._token

    def refresh(self) -> bool:
        return False
