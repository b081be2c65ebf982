"""The strip above every page that says whose case this is. Red where the identity is missing."""

from __future__ import annotations

from PySide6.QtCore import QSize
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QVBoxLayout, QWidget

from workstation.window.icons import icon
from workstation.window.patient_identity import PatientIdentity
from workstation.window.theme import set_role

NO_CASE = "No case open"


class PatientStrip(QFrame):
    """Name and identity of the open case; a second, red line where something of it is missing.

    Beside rows of other patients (`set_among_others`) it says first that this is the open case. *name* begins the
    object names of the strip and its parts.
    """

    def __init__(self, parent: QWidget | None = None, *, name: str = "patient-strip") -> None:
        super().__init__(parent)
        self.setObjectName(name)
        self.setProperty("role", "strip")
        self._icon = QLabel()
        self._icon.setPixmap(icon("patient", "text_muted").pixmap(QSize(22, 22)))
        self._name = QLabel(NO_CASE)
        self._name.setObjectName(f"{name}-name")
        self._which = QLabel("Open case")
        self._which.setObjectName(f"{name}-which")
        set_role(self._which, "pill", "accent")
        self._details = QLabel()
        self._details.setObjectName(f"{name}-identity")
        self._details.setProperty("role", "muted")
        self._warning = QFrame()
        self._warning.setObjectName(f"{name}-warning")
        self._warning.setProperty("role", "banner")
        self._warning_text = QLabel()
        self._warning_text.setWordWrap(True)
        warning = QHBoxLayout(self._warning)
        warning.setContentsMargins(12, 6, 12, 6)
        sign = QLabel()
        sign.setPixmap(icon("blocked", "danger").pixmap(QSize(20, 20)))
        warning.addWidget(sign)
        warning.addWidget(self._warning_text, 1)
        row = QHBoxLayout()
        row.setSpacing(10)
        row.addWidget(self._icon)
        row.addWidget(self._which)
        row.addWidget(self._name)
        row.addWidget(self._details)
        row.addStretch(1)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(16, 9, 16, 9)
        layout.addLayout(row)
        layout.addWidget(self._warning)
        self._has_case = self._among_others = False
        self.show_identity(None)

    def show_identity(self, identity: PatientIdentity | None) -> None:
        """Show whose case is open; None: no case is."""
        self._name.setText(identity.name if identity else NO_CASE)
        set_role(self._name, "name" if identity else "muted")
        self._details.setText(identity.details if identity else "")
        self._warning_text.setText(identity.missing if identity else "")
        self._warning.setVisible(bool(identity and identity.missing))
        self._has_case = identity is not None
        self._which.setVisible(self._has_case and self._among_others)

    def set_among_others(self, among_others: bool) -> None:
        """True while other patients are on screen too: the row a reader looks at need not be the open case."""
        self._among_others = among_others
        self._which.setVisible(self._has_case and among_others)
