"""What an invented patient's story consists of. Data only."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from sync.demo_hospital.phantoms import PhantomPatient


class Images(Enum):
    """Which phantom a story's study is."""

    CHEST_CT = "chest CT, whole"
    CHEST_CT_PART = "chest CT, the slices around the nodule"
    BRAIN_MR = "brain MR"


class Progress(Enum):
    """How far an assignment has come when the hospital opens."""

    REQUESTED = "requested"
    ACCEPTED = "accepted"
    ON_HOLD = "waits for records"
    CANCELLED = "cancelled after it was accepted"
    CONSENT_WITHDRAWN = "the patient has withdrawn the release"


@dataclass(frozen=True, slots=True)
class LabValue:
    """One laboratory value; a limit that does not exist is None."""

    loinc: str
    name: str
    value: float
    unit: str
    """UCUM."""
    low: float | None
    high: float | None


@dataclass(frozen=True, slots=True)
class Letter:
    """A letter or report of another department, as words under headings."""

    category: str
    """Of DocumentReference: imaging-report, pathology-report, note."""
    loinc: tuple[str, str]
    title: str
    department: str
    author: str
    days_before: int
    """Before the question was asked."""
    sections: tuple[tuple[str, str], ...]
    conclusion: str = ""
    """Also stored as a DiagnosticReport, unless empty."""


@dataclass(frozen=True, slots=True)
class Story:
    """One patient's case."""

    case_id: str
    patient: PhantomPatient
    family: str
    given: str
    questions: tuple[str, ...]
    diagnosis: str
    diagnosis_code: str
    order_details: tuple[str, ...]
    performer: str
    priority: str
    asked_days_ago: int
    due_in_days: int
    images: Images | None
    """None: no study belongs to the records."""
    letters: tuple[Letter, ...]
    labs: tuple[LabValue, ...]
    released: bool = True
    """False: the patient has not signed the release yet."""
    has_slide: bool = False
    foreign_patient: PhantomPatient | None = None
    """Whose image strayed into this study."""
    same_images_as: str | None = None
    """Number of the case whose phantom is taken again, under this patient's name: it costs no painting."""
    progress: Progress = Progress.REQUESTED
    closing_words: str = ""
    """Why the assignment was cancelled."""
    wanted: tuple[str, ...] = ()
    """The records an on-hold case waits for."""
    due_moves_along: bool = False
    """While nobody has accepted it, every start of the hospital finds it due in `due_in_days` days again."""


CT_REPORT = ("24627-2", "CT Chest")
MR_REPORT = ("24590-2", "MR Brain")
PATHOLOGY = ("22634-0", "Pathology report")
REFERRAL = ("57133-1", "Referral note")
RADIOLOGY_DEPARTMENT = "Department of Diagnostic Radiology"
