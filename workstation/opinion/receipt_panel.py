"""The hospital's acknowledgement: what it calls the opinion, and when it came there by its clock."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtGui import QGuiApplication, QResizeEvent
from PySide6.QtWidgets import QFrame, QGridLayout, QLabel, QToolButton

from sync.records.opinion import Receipt
from workstation.window.icons import icon

SIDE_PX, GAP_PX = 14, 6


class ReceiptPanel(QFrame):
    """A long reference is elided in the middle, as both ends tell; its whole is in the tooltip and can be copied."""

    def __init__(self) -> None:
        super().__init__()
        self.setObjectName("receipt-panel")
        self.setProperty("role", "card")
        self._reference, self._more = "", ""
        title = QLabel("Receipt")
        title.setProperty("role", "heading")
        title.setIndent(0)
        self._copy = QToolButton()
        self._copy.setObjectName("receipt-copy")
        self._copy.setIcon(icon("copy", "text_muted"))
        self._copy.setToolTip("Copy the hospital's reference")
        self._copy.setAccessibleName("Copy the hospital's reference")
        self._copy.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self._copy.clicked.connect(lambda: QGuiApplication.clipboard().setText(self._reference))
        self._text = QLabel()
        self._text.setObjectName("receipt-text")
        self._text.setTextFormat(Qt.TextFormat.PlainText)
        self._text.setWordWrap(True)
        self._text.setIndent(0)
        self._text.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        layout = QGridLayout(self)
        layout.setContentsMargins(SIDE_PX, 10, SIDE_PX, 12)
        layout.setSpacing(GAP_PX)
        layout.setColumnStretch(0, 1)
        layout.addWidget(title, 0, 0)
        layout.addWidget(self._copy, 0, 1)
        layout.addWidget(self._text, 1, 0, 1, 2)
        self.hide()

    def show_receipt(self, receipt: Receipt | None) -> None:
        """None: there is none yet."""
        self.setVisible(receipt is not None)
        self._reference = receipt.diagnostic_report_reference if receipt is not None else ""
        self._more = _words(receipt) if receipt is not None else ""
        self._text.setToolTip(self._reference)
        self._show()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._show()

    def _show(self) -> None:
        room = self.width() - 2 * SIDE_PX
        reference = self._text.fontMetrics().elidedText(self._reference, Qt.TextElideMode.ElideMiddle, room)
        self._text.setText(f"{reference}\n{self._more}" if self._reference else "")


def _words(receipt: Receipt) -> str:
    moment = f"{receipt.received_at.astimezone():%Y-%m-%d %H:%M:%S %Z}"
    again = "\nIt was there already: an earlier answer was lost on the way." if receipt.already_there else ""
    return f"Received {moment} (hospital time)\nOpinion {receipt.opinion_identifier}{again}"
