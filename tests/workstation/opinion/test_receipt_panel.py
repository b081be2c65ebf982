"""The receipt beside the form: nothing of a long reference is lost."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from PySide6.QtWidgets import QApplication, QLabel, QToolButton

from sync.records.case import CaseId
from sync.records.opinion import Receipt
from workstation.opinion.receipt_panel import ReceiptPanel

LONG = "DiagnosticReport/0f5d8c1e-4b7a-4c39-9a51-6f2d83b1e7c4-of-the-second-archive"


@pytest.mark.qt
def test_that_a_long_reference_is_elided_in_the_middle_told_whole_and_copied_whole(qapp: QApplication) -> None:
    panel = ReceiptPanel()
    panel.setFixedWidth(294)
    panel.show_receipt(Receipt(CaseId("SO-1"), "SO-1/1/v1", LONG, "9", datetime.now(UTC), False))
    qapp.processEvents()
    text, copy = panel.findChild(QLabel, "receipt-text"), panel.findChild(QToolButton, "receipt-copy")
    assert text is not None and copy is not None
    line = text.text().split("\n")[0]
    assert line.startswith("DiagnosticReport/") and "…" in line and line.endswith("archive")
    assert text.fontMetrics().horizontalAdvance(line) <= 294 - 28
    assert text.toolTip() == LONG
    copy.click()
    assert QApplication.clipboard().text() == LONG
    panel.show_receipt(Receipt(CaseId("SO-1"), "SO-1/1/v1", "DiagnosticReport/7", "9", datetime.now(UTC), True))
    assert text.text().startswith("DiagnosticReport/7\n") and "there already" in text.text()
    panel.close()
