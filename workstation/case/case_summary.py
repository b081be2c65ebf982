"""A case put in words for its page: questions, records in time order, results, what is missing. No Qt here."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime

from sync.records.case import Case, ConsentState, Document, DocumentCategory, LabResult
from sync.records.opinion import Receipt
from sync.records.outbox_entry import OutboxEntry
from sync.records.stored_object import Integrity
from workstation.case.case_moves import TAKEN_BACK, CaseMoves, Standing, moves_of, standing_of
from workstation.case.conversation import Conversation, conversation_of
from workstation.case_state import PRIORITY_WORDS, StateWords
from workstation.completeness import Completeness
from workstation.due import DueWords, due_words
from workstation.left_unsent import LeftUnsent
from workstation.release_words import withheld_sentence, withheld_words
from workstation.size_words import size_words
from workstation.window.patient_identity import PatientIdentity, identity_of

CATEGORY_WORDS = {
    DocumentCategory.IMAGING_REPORT: ("Imaging report", "report"),
    DocumentCategory.PATHOLOGY_REPORT: ("Pathology report", "report"),
    DocumentCategory.LAB: ("Laboratory sheet", "lab"),
    DocumentCategory.NOTE: ("Note", "note"),
    DocumentCategory.CONSENT: ("Release", "consent"),
    DocumentCategory.SLIDE: ("Whole slide", "slide"),
    DocumentCategory.OTHER: ("Document", "report"),
}
MIN_REASON_CHARACTERS = 5


@dataclass(frozen=True, slots=True)
class RecordLine:
    """One record of the case in the list: what it is, from when, how much of it is here."""

    key: str
    """The record's reference, or ``labs``."""
    kind: str
    """``document``, ``slide``, ``study`` or ``labs``."""
    icon: str
    title: str
    details: str
    tone: str
    at: datetime | None
    sentence: str
    """What the pane says where there is no PDF to show."""
    showable: bool


@dataclass(frozen=True, slots=True)
class MissingLine:
    """Something that is not as it should be, in one line."""

    text: str
    tone: str


@dataclass(frozen=True, slots=True)
class FirstReport:
    """What the first reader concluded."""

    title: str
    conclusion: str


@dataclass(frozen=True, slots=True)
class CaseSummary:
    """Everything the case page shows."""

    case: Case
    identity: PatientIdentity
    state: StateWords
    priority: str
    priority_tone: str
    due: DueWords
    reports: tuple[FirstReport, ...]
    records: tuple[RecordLine, ...]
    labs: tuple[LabResult, ...]
    missing: tuple[MissingLine, ...]
    foreign: tuple[str, ...]
    """Which objects are not of the case's patient, and whose they are: one sentence a series and patient."""
    override_reason: str | None
    moves: CaseMoves
    standing: Standing
    conversation: Conversation
    can_write: bool
    """A message about the case would still be read: it is this reader's, open or just answered."""
    read_only: bool
    receipt: str

    @property
    def is_blocked(self) -> bool:
        """A foreign patient's object was found and nobody took responsibility for it: no image may be opened."""
        return bool(self.foreign) and self.override_reason is None

    @property
    def has_ended(self) -> bool:
        """The patient's release ran out: the records are withheld."""
        return self.case.consent is ConsentState.EXPIRED and self.case.release_until is not None

    @property
    def has_images(self) -> bool:
        """There is something here that the reading page can show."""
        return any(line.kind in ("study", "slide") and line.tone != "muted" for line in self.records)


def summarise(
    case: Case,
    here: Completeness,
    state: StateWords,
    now: datetime,
    *,
    override_reason: str | None,
    entries: Sequence[OutboxEntry],
    seen: Collection[str],
    message_draft: str,
    signed: bool,
    receipt: Receipt | None,
    left_unsent: LeftUnsent | None,
    withdrawal: str | None,
) -> CaseSummary:
    """Put *case* and what is *here* of it in words; *entries*: its part of the outbox, *seen*: messages looked at."""
    priority, priority_tone, _ = PRIORITY_WORDS[case.priority]
    finished = state.rank >= 3
    is_closed = signed or case.status.is_terminal or withdrawal is not None
    moves = moves_of(case, entries, is_closed=is_closed)
    return CaseSummary(
        case=case,
        identity=identity_of(case, now.date()),
        state=state,
        priority=priority,
        priority_tone="" if finished else priority_tone,
        due=due_words(case.due, now, finished=finished),
        reports=tuple(FirstReport(report.title, report.conclusion) for report in case.prior_reports),
        records=_records(case, here),
        labs=case.lab_results,
        missing=_missing(case, here, withdrawal),
        foreign=_foreign(case, here),
        override_reason=override_reason,
        moves=moves,
        standing=standing_of(case, entries, moves, now),
        conversation=conversation_of(case, entries, seen, message_draft, now),
        can_write=withdrawal is None and not case.status.is_terminal,
        read_only=is_closed,
        receipt=left_unsent.sentence if left_unsent is not None else _receipt_words(receipt, now),
    )


def is_reason(text: str) -> bool:
    """An override needs words, not a key pressed: at least five characters."""
    return len(text.strip()) >= MIN_REASON_CHARACTERS


def _records(case: Case, here: Completeness) -> tuple[RecordLine, ...]:
    lines = [_document(document, case, here) for document in case.documents]
    for study in case.studies:
        count = here.studies[study.reference]
        modalities = ", ".join(sorted({entry.modality for entry in study.series if entry.modality}))
        lines.append(
            RecordLine(
                key=study.reference,
                kind="study",
                icon="study",
                title=study.description or "Imaging study",
                details=_joined(_day(study.started), modalities, _here(case, count.words("image", "images"))),
                tone=_tone(case, count.is_whole, count.here > 0),
                at=study.started,
                sentence=_study_sentence(case, here, study.reference),
                showable=False,
            )
        )
    if case.lab_results:
        flagged = sum(bool(result.flag) for result in case.lab_results)
        taken = max((r.taken for r in case.lab_results if r.taken), default=None)
        words = f"{len(case.lab_results)} {'value' if len(case.lab_results) == 1 else 'values'}"
        lines.append(
            RecordLine(
                key="labs",
                kind="labs",
                icon="lab",
                title="Laboratory results",
                details=_joined(_day(taken), words, f"{flagged} outside the range" if flagged else ""),
                tone="warning" if flagged else "",
                at=taken,
                sentence="",
                showable=True,
            )
        )
    dated = [line for line in lines if line.at is not None]
    undated = [line for line in lines if line.at is None]
    return tuple(sorted(dated, key=lambda line: line.at.timestamp() if line.at else 0.0) + undated)


def _document(document: Document, case: Case, here: Completeness) -> RecordLine:
    kind_words, picture = CATEGORY_WORDS[document.category]
    is_here = document.reference in here.sources and case.consent is ConsentState.ACTIVE
    is_slide = document.category is DocumentCategory.SLIDE
    is_pdf = document.content_type == "application/pdf"
    sentence = ""
    if not is_here:
        sentence = f"{document.title or kind_words} is not on this computer: {_why_absent(document, case, here)}"
    elif is_slide:
        sentence = "This slide is here. F4 opens the images."
    elif not is_pdf:
        sentence = f"{document.title or kind_words} is here, but this program cannot show {document.content_type} yet."
    size = "" if document.size_bytes is None else size_words(document.size_bytes)
    return RecordLine(
        key=document.reference,
        kind="slide" if is_slide else "document",
        icon=picture,
        title=document.title or kind_words,
        details=_joined(
            _day(document.created),
            kind_words,
            size,
            _here(case, _trust_words(here, document) if is_here else "not here"),
        ),
        tone=_tone(case, is_here, is_here),
        at=document.created,
        sentence=sentence,
        showable=is_here and is_pdf,
    )


def _trust_words(here: Completeness, document: Document) -> str:
    """Said only where the hospital gave no digest that can be relied on."""
    trust = here.trust.get(document.reference)
    return {Integrity.LENGTH: "unverified: only its length was checked", Integrity.SHA1: "weakly verified (SHA-1)"}.get(
        trust or Integrity.SHA256, ""
    )


def _why_absent(document: Document, case: Case, here: Completeness) -> str:
    for rejected in here.rejected:
        if rejected.source == document.reference:
            return rejected.reason
    if case.consent is not ConsentState.ACTIVE:
        return "no release of the patient holds, so the records are withheld."
    return "it has not been downloaded yet."


def _study_sentence(case: Case, here: Completeness, reference: str) -> str:
    study = next(study for study in case.studies if study.reference == reference)
    lines = [f"{study.description or 'Imaging study'}"]
    for entry in study.series:
        count = here.series[entry.series_uid]
        name = " ".join(part for part in (entry.modality, entry.description) if part) or "Series"
        lines.append(f"{name}: {_here(case, count.words('image', 'images') + ' here')}")
    if here.studies[reference].here and case.consent is ConsentState.ACTIVE:
        lines.append("\nF4 opens the images.")
    return "\n".join(lines)


def _here(case: Case, words: str) -> str:
    return withheld_words(case) or words


def _tone(case: Case, whole: bool, some: bool) -> str:
    if case.consent is not ConsentState.ACTIVE or not some:
        return "muted"
    return "" if whole else "warning"


def _missing(case: Case, here: Completeness, withdrawal: str | None) -> tuple[MissingLine, ...]:
    lines = []
    if withdrawal is not None:
        lines.append(MissingLine(withdrawal, "danger"))
    if case.status in TAKEN_BACK:
        return tuple(lines)  # what is not here will not come any more: `standing_of` says why
    if case.consent is ConsentState.MISSING:
        is_listed = bool(case.studies or case.documents)
        listed = "The records are listed, and nothing is downloaded." if is_listed else "No record is listed."
        lines.append(MissingLine(f"Withheld: no release. {listed}", "warning"))
    elif case.consent is ConsentState.EXPIRED:
        lines.append(MissingLine(withheld_sentence(case), "warning"))
    else:
        lines += [
            MissingLine(f"{count.words(one, many)} here", "warning")
            for count, one, many in (
                (here.images, "image", "images"),
                (here.slides, "slide", "slides"),
                (here.documents, "document", "documents"),
            )
            if not count.is_whole
        ]
    lines += [MissingLine(f"{rejected.title}: {rejected.reason}", "danger") for rejected in here.rejected]
    if not case.questions:
        lines.append(MissingLine("The hospital asked no question.", "warning"))
    if case.patient.birth_date is None:
        lines.append(MissingLine("The birth date is missing.", "warning"))
    return tuple(lines)


def _foreign(case: Case, here: Completeness) -> tuple[str, ...]:
    names = {entry.series_uid: f"{entry.modality} {entry.description}" for s in case.studies for entry in s.series}
    count = Counter((names.get(one.series_uid or "", one.title).strip(), one.patient_mismatch) for one in here.foreign)
    return tuple(
        f"{number} {'image' if number == 1 else 'images'} of “{name}”: {said}" for (name, said), number in count.items()
    )


def _receipt_words(receipt: Receipt | None, now: datetime) -> str:
    if receipt is None:
        return ""
    when = receipt.received_at.astimezone(now.tzinfo).strftime("%Y-%m-%d %H:%M")
    return f"The hospital received opinion {receipt.opinion_identifier} on {when}."


def _day(at: datetime | None) -> str:
    return at.date().isoformat() if at else "no date"


def _joined(*parts: str) -> str:
    return " · ".join(part for part in parts if part)
