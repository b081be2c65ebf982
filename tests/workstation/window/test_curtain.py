"""While the window is locked no dialog lies over the lock page, whether it was open, busy or still to come."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from PySide6.QtWidgets import QApplication, QDialog

from workstation.window.curtain import Curtain
from workstation.window.main_window import MainWindow
from workstation.window.passphrase_dialog import PassphraseDialog

pytestmark = pytest.mark.qt


@pytest.fixture
def window(qapp: QApplication) -> Iterator[MainWindow]:
    made = MainWindow()
    made.show()
    yield made
    made.close()
    made.deleteLater()


def dialogs_seen() -> list[QDialog]:
    QApplication.processEvents()
    return [w for w in QApplication.topLevelWidgets() if isinstance(w, QDialog) and w.isVisible()]


def test_that_an_open_dialog_is_closed_for_good(window: MainWindow) -> None:
    dialog, curtain = PassphraseDialog(window), Curtain(window)
    dialog.open()
    curtain.draw()
    assert dialogs_seen() == []
    curtain.open()
    assert dialogs_seen() == []


def test_that_a_dialog_that_cannot_be_called_off_is_hidden_and_comes_back_with_what_became_of_it(
    window: MainWindow,
) -> None:
    dialog, curtain = PassphraseDialog(window), Curtain(window)
    dialog.open()
    dialog.present.setText("correct horse battery")
    dialog.show_busy("Setting it…")
    curtain.draw()
    assert dialogs_seen() == []
    assert dialog.present.text() == "", "no secret waits behind the lock page"
    assert QApplication.activeModalWidget() is None, "the lock page has the keyboard"
    dialog.show_problem("That is not what opens the store now.")
    assert dialogs_seen() == []
    curtain.open()
    assert dialogs_seen() == [dialog]
    assert dialog.message.text() == "That is not what opens the store now."
    dialog.cancel.click()
    assert dialogs_seen() == []


def test_that_a_dialog_done_with_behind_the_curtain_does_not_come_back(window: MainWindow) -> None:
    dialog, curtain = PassphraseDialog(window), Curtain(window)
    dialog.open()
    dialog.show_busy("Setting it…")
    curtain.draw()
    dialog.accept()
    curtain.open()
    assert dialogs_seen() == []


def test_that_a_dialog_that_opens_while_the_window_is_locked_waits_for_the_pages(window: MainWindow) -> None:
    curtain = Curtain(window)
    curtain.draw()
    late = QDialog(window)
    late.open()
    assert dialogs_seen() == []
    assert QApplication.activeModalWidget() is None, "the lock page has the keyboard"
    curtain.open()
    assert dialogs_seen() == [late]
    late.reject()
