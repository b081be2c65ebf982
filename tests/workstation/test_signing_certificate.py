"""A reader's own signing certificate is taken in once it opens, may sign, is trusted, and is the reader's."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from PySide6.QtWidgets import QApplication

from sync.credentials import StaticBearer
from sync.demo_hospital.identity import KEY_PIN, DemoIdentity, load_identity
from sync.errors import NotValid, SigningRefused
from sync.signing.gate import SigningGate, find_signer
from sync.store.database import Store, open_store
from tests.sync.small_hospital import TOKEN, HospitalServer, SmallHospital
from workstation.background import Background
from workstation.certificate_desk import CertificateDesk, read_certificate
from workstation.window.certificate_dialog import CertificateDialog
from workstation.window.main_window import MainWindow

pytestmark = pytest.mark.qt
PASSPHRASE = "a passphrase of the test"


@pytest.fixture(scope="module")
def identity(tmp_path_factory: pytest.TempPathFactory) -> DemoIdentity:
    return load_identity(tmp_path_factory.mktemp("identity"))


@pytest.fixture
def file(identity: DemoIdentity, tmp_path: Path) -> Path:
    path = tmp_path / "marwick.p12"
    path.write_bytes(identity.p12)
    return path


@pytest.fixture
def hospital(tmp_path: Path) -> Iterator[SmallHospital]:
    with HospitalServer() as server, server.hospital(tmp_path / "hospital") as hospital:
        hospital.add_case(instances=0, slide=False)
        yield hospital


@pytest.fixture
def window(qapp: QApplication) -> Iterator[MainWindow]:
    window = MainWindow()
    window.show()
    yield window
    for dialog in window.findChildren(CertificateDialog):
        dialog.reject()
    window.close()
    window.deleteLater()


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    opened = open_store(tmp_path / "profile")
    yield opened
    opened.close()


@pytest.fixture
def background(qapp: QApplication) -> Iterator[Background]:
    lanes = Background()
    yield lanes
    lanes.shutdown()


def until(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 10
    while not condition():
        assert time.monotonic() < deadline
        QApplication.processEvents()
        time.sleep(0.005)


def dialog_of(window: MainWindow) -> CertificateDialog:
    (dialog,) = (d for d in window.findChildren(CertificateDialog) if d.isVisible())
    return dialog


def test_that_a_certificate_that_passed_every_check_signs_from_then_on(
    window: MainWindow, background: Background, store: Store, hospital: SmallHospital, file: Path
) -> None:
    profile = hospital.profile()
    desk = CertificateDesk(window, background, store, profile, StaticBearer(TOKEN, "x"))
    desk.action().run()
    dialog = dialog_of(window)
    for step, (entry, words) in enumerate(
        ((dialog.file, str(file)), (dialog.pin, "000000"), (dialog.passphrase, "short"), (dialog.again, PASSPHRASE))
    ):
        dialog.take.click()
        assert dialog.message.text(), step  # each thing that is missing is said
        entry.setText(words)
    dialog.passphrase.setText(PASSPHRASE)
    dialog.take.click()
    until(lambda: "PIN is wrong" in dialog.message.text())
    assert find_signer(store) is None
    dialog.pin.setText(KEY_PIN)
    dialog.take.click()
    until(lambda: not dialog.isVisible())
    signer = find_signer(store)
    assert signer is not None and signer.reference == profile.practitioner_reference
    identity = SigningGate(store).check(PASSPHRASE, KEY_PIN)
    assert identity.name == signer.name
    (row,) = [entry for entry in store.audit.entries() if entry.action == "certificate taken in"]
    assert (row.outcome, row.detail) == (
        "done",
        {"sha256": identity.certificate_sha256},
    )


def test_that_a_certificate_of_somebody_else_is_not_kept(
    window: MainWindow, background: Background, store: Store, hospital: SmallHospital, file: Path
) -> None:
    hospital.state.put_resource({"resourceType": "Practitioner", "id": "other"})
    other = replace(hospital.profile(), practitioner_reference="Practitioner/other")
    CertificateDesk(window, background, store, other, StaticBearer(TOKEN, "x")).ask()
    dialog = dialog_of(window)
    dialog.import_requested.emit(str(file), KEY_PIN, PASSPHRASE, "")
    until(lambda: "belongs to another practitioner" in dialog.message.text())
    assert find_signer(store) is None


def test_that_a_certificate_needs_an_authority_that_vouches_for_it(
    identity: DemoIdentity, file: Path, tmp_path: Path
) -> None:
    assert read_certificate(file, KEY_PIN, None)[0] == identity.p12
    stranger = tmp_path / "stranger.pem"
    stranger.write_bytes(load_identity(tmp_path / "other").trust_pem)
    with pytest.raises(SigningRefused, match="does not come from that authority"):
        read_certificate(file, KEY_PIN, stranger)
    stranger.write_text("no certificate")
    with pytest.raises(NotValid):
        read_certificate(file, KEY_PIN, stranger)
    with pytest.raises(SigningRefused, match="cannot be read"):
        read_certificate(tmp_path / "absent.p12", KEY_PIN, None)
