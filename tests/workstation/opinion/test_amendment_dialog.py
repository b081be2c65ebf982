"""The question before an amendment: as high as its words need, with its message and without, in the window's middle."""

from __future__ import annotations

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QLabel, QWidget

from workstation.opinion.amendment_dialog import AmendmentDialog
from workstation.opinion.drop_amendment_dialog import DropAmendmentDialog


@pytest.mark.qt
def test_that_the_dialog_has_no_holes_and_grows_for_what_it_refuses(qapp: QApplication) -> None:
    window = QWidget()
    window.resize(1200, 900)
    window.show()
    dialog = AmendmentDialog(window, "SO-1/1/v1")
    dialog.open_over(window)
    qapp.processEvents()
    for label in dialog.findChildren(QLabel):
        if label.isVisible() and label.wordWrap():
            assert label.height() <= label.heightForWidth(label.width()) + 1, label.text()
    before = dialog.height()
    dialog.confirm.click()
    assert dialog.message.isVisible()
    assert dialog.height() > before
    dialog.reason.setPlainText("The biopsy came later.")
    assert dialog.height() == before
    middle = window.frameGeometry().center() - dialog.geometry().center()
    assert max(abs(middle.x()), abs(middle.y())) <= 40
    dialog.close()
    window.close()
    window.deleteLater()


@pytest.mark.qt
def test_that_an_amendment_is_dropped_by_a_deliberate_choice_alone(qapp: QApplication) -> None:
    window = QWidget()
    window.show()
    dropped: list[bool] = []
    for answer in (Qt.Key.Key_Return, Qt.Key.Key_Escape, None):
        dialog = DropAmendmentDialog(window, "correction", "SO-1/1/v1")
        dialog.drop_requested.connect(lambda: dropped.append(True))
        dialog.open()
        qapp.processEvents()
        assert dropped == []
        if answer is None:
            dialog.drop.click()
        else:
            QTest.keyClick(dialog, answer)
        assert not dialog.isVisible()
    assert dropped == [True]
    window.close()
    window.deleteLater()
