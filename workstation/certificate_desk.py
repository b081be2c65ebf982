"""Taking in a signing certificate at a hospital that signs people in: checked against the hospital's own record."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QObject

from sync.audit import DONE, AuditAction
from sync.errors import SigningRefused
from workstation.actions.action import Action
from workstation.background import Background
from workstation.failure_words import sentence_for
from workstation.window.certificate_dialog import CertificateDialog
from workstation.window.main_window import MainWindow

if TYPE_CHECKING:
    from sync.credentials import Credentials
    from sync.hospital_profile import HospitalProfile
    from sync.store.database import Store

LARGEST_FILE_BYTES = 1 << 20
NPI_SYSTEM = "http://hl7.org/fhir/sid/us-npi"


class CertificateDesk(QObject):
    """The dialog, and what is done with its answer. Nothing is kept before every check has passed."""

    def __init__(
        self,
        window: MainWindow,
        background: Background,
        store: Store,
        profile: HospitalProfile,
        credentials: Credentials,
    ) -> None:
        super().__init__(window)
        self._window = window
        self._background = background
        self._store = store
        self._profile = profile
        self._credentials = credentials
        self._dialog: CertificateDialog | None = None

    def action(self) -> Action:
        return Action("hospital.certificate", "Signing &certificate…", self.ask, "H&ospital", icon="sign")

    def ask(self) -> None:
        """Show the dialog, empty."""
        dialog = CertificateDialog(self._window, self._profile.practitioner_name)
        dialog.import_requested.connect(self._take_in)
        dialog.finished.connect(self._closed)
        self._dialog = dialog
        dialog.open()

    def _take_in(self, file: str, pin: str, passphrase: str, authority: str) -> None:
        profile, credentials = self._profile, self._credentials

        def look(_cancelled: Callable[[], bool]) -> tuple[bytes, bytes, str]:
            p12, trust_pem = read_certificate(Path(file), pin, Path(authority) if authority else None)
            return p12, trust_pem, find_npi(profile, credentials)

        def keep(found: tuple[bytes, bytes, str]) -> None:
            p12, trust_pem, npi = found
            self._keep(p12, trust_pem, passphrase, pin, npi)

        if self._dialog is not None:
            self._dialog.show_busy()
        self._background.network_lane(look, keep, self._refused)

    def _keep(self, p12: bytes, trust_pem: bytes, passphrase: str, pin: str, npi: str) -> None:
        store, reader = self._store, self._profile.practitioner_reference

        def enrol_here() -> None:
            from sync.signing.gate import enrol
            from sync.signing.identity import load_identity

            enrol(store, p12, trust_pem, passphrase, pin=pin, practitioner_reference=reader, npi=npi)
            detail = {"sha256": load_identity(p12, pin).certificate_sha256}
            store.audit.append(AuditAction.CERTIFICATE_TAKEN_IN, None, "signing identity", DONE, detail)

        self._background.store_lane(enrol_here, self._kept, self._refused)

    def _kept(self, _nothing: Any) -> None:
        if self._dialog is not None:
            self._dialog.accept()
        self._window.status.say("The certificate is here; opinions can be signed with it.")

    def _refused(self, error: Exception) -> None:
        if self._dialog is not None:
            self._dialog.show_refusal(sentence_for(error))

    def _closed(self) -> None:
        dialog, self._dialog = self._dialog, None
        if dialog is not None:
            dialog.deleteLater()  # and with it what was typed


def read_certificate(file: Path, pin: str, authority: Path | None) -> tuple[bytes, bytes]:
    """The file, and the certificates to trust (PEM): those of *authority*, else those in the file itself.

    SigningRefused or NotValid, in one sentence, for anything that could not sign or be verified later.
    """
    from sync.signing.identity import load_identity, roots_in
    from sync.signing.trust import is_trusted, load_roots

    p12 = _read(file)
    identity = load_identity(p12, pin)
    trust_pem = _read(authority) if authority is not None else roots_in(p12, pin)
    if not trust_pem:
        raise SigningRefused(f"“{file.name}” does not hold its authority; please name the authority's file too.")
    load_roots(trust_pem)
    if not is_trusted(identity.certificate, identity.intermediates, trust_pem):
        raise SigningRefused(f"The certificate of {identity.name} does not come from that authority.")
    return p12, trust_pem


def find_npi(profile: HospitalProfile, credentials: Credentials) -> str:
    """The reader's National Provider Identifier as the hospital has it; empty where it has none. Blocks."""
    from sync.hospital_connection import HospitalConnection

    connection = HospitalConnection(profile, credentials)
    try:
        with connection.open("GET", f"{profile.fhir_base}/{profile.practitioner_reference}") as answer:
            practitioner = connection.read_json(answer)
    finally:
        connection.close()
    numbers = [n.get("value", "") for n in practitioner.get("identifier", ()) if n.get("system") == NPI_SYSTEM]
    return str(numbers[0]) if numbers else ""


def _read(file: Path) -> bytes:
    try:
        if file.stat().st_size > LARGEST_FILE_BYTES:
            raise SigningRefused(f"“{file.name}” is no certificate: it is too big.")
        return file.read_bytes()
    except OSError as error:
        raise SigningRefused(f"“{file.name}” cannot be read ({error.strerror}).") from None
