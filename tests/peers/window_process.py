"""A process of its own: the whole way by hands in one window, from a computer that knows no hospital to the receipt.

python -m tests.peers.window_process HOME PICTURES FHIR_BASE CA_FILE IDENTITY_P12 TRUST_PEM

The address of the hospital is typed on the window's first page; the sign-in page opens in `FormBrowser`. Each step is
told in a line when it is done.
"""

from __future__ import annotations

import sys
from pathlib import Path

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QAbstractButton, QLabel, QLineEdit, QWidget

from sync.demo_hospital.identity import ACCOUNT_PASSPHRASE, KEY_PIN
from tests.peers.authorization_server import FormBrowser
from tests.peers.journey_place import CHEST, STORE_PIN
from workstation.startup import RunningApplication, build_application
from workstation.tour.hands import Hands
from workstation.tour.itinerary import Tour, Visit

FIRST_ROUND_S = 120.0


class NewReader:
    """Somebody at this computer for the first time. Uses only what can be seen in the window."""

    def __init__(self, running: RunningApplication, pictures: Path) -> None:
        self._running = running
        self._window = running.window
        self._pictures = pictures
        self._hands = Hands()

    def name_the_hospital(self, address: str, ca_file: str) -> None:
        """Its address, and the certificate of its own authority under *More settings*; then the browser has the word.

        Ends where the store asks for the PIN that will open it."""
        self._hands.write(self._hands.wait_for("hospitals-address", QLineEdit), address)
        self._press("hospitals-more")
        self._hands.write(self._hands.wait_for("hospitals-ca", QLineEdit), ca_file)
        self._press("hospitals-continue")
        self._hands.wait_for("lock-again", QLineEdit)
        self._photograph("signed-in")

    def protect(self, pin: str) -> str:
        """Choose the PIN; what the page said of it."""
        words = self._hands.find("lock-text", QLabel).text()
        for name in ("lock-word", "lock-again"):
            self._hands.write(self._hands.find(name, QLineEdit), pin)
        self._press("lock-open")
        synced = self._hands.wait_for("status-sync", QLabel)
        self._hands.wait_until(lambda: self._running.is_ready, f"every page ({self._running.failure})")
        self._hands.wait_until(lambda: "Synced" in synced.accessibleName(), "the first round", FIRST_ROUND_S)
        self._photograph("worklist")
        return words

    def take_in_certificate(self, p12: str, trust_pem: str) -> None:
        """As after a letter from the hospital: its file, the PIN in the letter, a passphrase of one's own."""
        assert self._running.registry.run("hospital.certificate")
        typed = {
            "file": p12, "pin": KEY_PIN, "passphrase": ACCOUNT_PASSPHRASE, "again": ACCOUNT_PASSPHRASE,
            "authority": trust_pem,
        }  # fmt: skip
        for name, text in typed.items():
            self._hands.write(self._hands.wait_for(f"certificate-{name}", QLineEdit), text)
        dialog = self._hands.find("certificate-dialog", QWidget)
        self._hands.photograph(dialog, self._pictures / "certificate.png")
        self._press("certificate-take")
        self._hands.wait_until(lambda: self._hands.look_for("certificate-dialog", QWidget) is None, "the certificate")

    def sign(self, tour: Tour) -> str:
        """What the receipt says."""
        self._hands.key(self._window, Qt.Key.Key_F6)
        tour.open_signing()
        for name, text in (("signing-passphrase", ACCOUNT_PASSPHRASE), ("signing-pin", KEY_PIN)):
            self._hands.write(self._hands.find(name, QLineEdit), text)
        tour.confirm_signing()
        receipt = self._hands.wait_for("receipt-text", QLabel)
        self._hands.wait_until(lambda: "DiagnosticReport" in receipt.text(), "the hospital's receipt")
        self._photograph("receipt")
        return f"{receipt.toolTip()}\n{receipt.text()}"  # a long reference is elided in the text

    def _press(self, name: str) -> None:
        self._hands.click(self._hands.wait_for(name, QAbstractButton))

    def _photograph(self, name: str) -> None:
        self._hands.photograph(self._window, self._pictures / f"{name}.png")


def say(line: str) -> None:
    print(" ".join(line.split()), flush=True)


def main() -> None:
    home, pictures = Path(sys.argv[1]), Path(sys.argv[2])
    fhir_base, ca_file, p12, trust_pem = sys.argv[3:7]
    pictures.mkdir()
    running = build_application(home, "")
    running.open_browser = FormBrowser(Path(ca_file))
    reader = NewReader(running, pictures)
    reader.name_the_hospital(fhir_base, ca_file)
    say("signed in")
    say("protected " + reader.protect(STORE_PIN))
    reader.take_in_certificate(p12, trust_pem)
    say("certified")
    tour = Tour(running.window, pictures, ACCOUNT_PASSPHRASE, KEY_PIN)
    tour.prepare(Visit(CHEST, None, "An answer.", "Findings."))
    say("read")
    say("delivered " + reader.sign(tour))
    running.close()


if __name__ == "__main__":
    main()
