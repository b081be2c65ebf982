"""The exceptions sync raises.

SyncError                       anything expected: has a sentence for the user
├── Offline                     no route, time-out, connection lost            (transient)
├── HospitalBusy                429, 503                                       (transient)
├── Refused                     the hospital said no: 400, 403, 404, 410, 422
│   └── SignInNeeded            401
├── Superseded                  409, 412: somebody else changed it first
├── DamagedTransfer             bytes are not what was promised                (transient)
├── ForeignObject               an object of another patient, or not the one asked for
├── UnsafeCase                  an assignment that leaves open whose it is, about whom, or how it stands
├── NotAdmitted                 a file that came whole and was turned away at the door
├── DoorClosed                  nothing can be checked at the moment, so nothing is let in
├── NoRoom                      a file that would not leave enough of the disk free
├── ExportNotAllowed               the site keeps its data inside the encryption
├── CaseLocked                  the hospital took the case away; it cannot be looked at any more
├── StoreUnavailable            wrong key, disk full, damaged database
│   └── StoreOutdated           made by an older version, opened for reading only
├── FolderRefused               a folder that cannot be made or written into
├── ProfileRefused              a hospital this program does not talk to (no TLS, not a FHIR server)
├── ConnectionNotSafe           TLS: whoever answers did not prove to be the hospital
├── SignInFailed                no sign-in came about: refused, timed out, somebody else's account
├── KeyringUnavailable          the system's keyring is absent or locked
├── SigningRefused              wrong passphrase or PIN, locked, expired, unanswered items
└── NotValid                    a signed file that does not verify

Everything else is a bug and goes to the crash report.
"""


class SyncError(Exception):
    """An expected failure. ``str(error)`` is one plain sentence for the user."""

    transient = False


class Offline(SyncError):
    """The hospital cannot be reached now."""

    transient = True


class HospitalBusy(SyncError):
    """The hospital asks us to come back later."""

    transient = True

    def __init__(self, sentence: str, retry_after_s: float | None = None) -> None:
        super().__init__(sentence)
        self.retry_after_s = retry_after_s


class Refused(SyncError):
    """The hospital refuses this request; repeating it does not help."""

    def __init__(self, sentence: str, http_status: int) -> None:
        super().__init__(sentence)
        self.http_status = http_status


class SignInNeeded(Refused):
    """The access token is missing, wrong or expired."""


class Superseded(SyncError):
    """The version this change was based on is not the current one."""


class DamagedTransfer(SyncError):
    """What arrived is cut short or does not match its digest."""

    transient = True


class ForeignObject(SyncError):
    """An object that belongs to another patient or is not the one that was asked for."""


class UnsafeCase(SyncError):
    """What the hospital sent leaves open whose assignment it is, about whom, or how it stands: it is not taken in."""


class NotAdmitted(SyncError):
    """A file that came as the hospital promised it, and cannot be opened safely."""


class DoorClosed(SyncError):
    """The check of arriving files does not work on this computer at the moment; what came is fetched again later."""


class NoRoom(SyncError):
    """This file does not fit on the disk; a smaller one may."""


class CaseLocked(SyncError):
    """The case was taken away from this reader, was given back by them, or is not on this computer any more."""

    def __init__(self, sentence: str, *, is_own_doing: bool = False) -> None:
        super().__init__(sentence)
        self.is_own_doing = is_own_doing


class ExportNotAllowed(SyncError):
    """The site does not let what could not be delivered be saved outside the encryption."""


class StoreUnavailable(SyncError):
    """The encrypted store cannot be opened or written."""


class StoreOutdated(StoreUnavailable):
    """An older version of the program made the store, and who only reads does not bring it up to date."""


class StoreLocked(StoreUnavailable):
    """The store opens only with its passphrase or PIN, and none was given yet."""


class UnlockRefused(StoreLocked):
    """That passphrase or PIN does not open the store, is too weak for it, or comes too soon after wrong ones."""

    def __init__(self, sentence: str, *, wait_s: float = 0.0) -> None:
        super().__init__(sentence)
        self.wait_s = wait_s


class ProfileHeld(StoreUnavailable):
    """Another program has the same profile open for writing; the sentence says who."""


class FolderRefused(SyncError):
    """A folder that somebody named cannot be made or written into."""


class ProfileRefused(SyncError):
    """This program does not talk to that hospital, and the sentence says why."""


class ConnectionNotSafe(SyncError):
    """Whoever answers did not prove to be the hospital (TLS); nothing was sent."""


class SignInFailed(SyncError):
    """No sign-in came about, and the sentence says why; what was before still holds."""


class KeyringUnavailable(SyncError):
    """The operating system's keyring is absent, locked, or refuses."""


class SigningRefused(SyncError):
    """Nothing was signed, and the sentence says why."""


class NotValid(SyncError):
    """A signed report or envelope that does not verify."""
