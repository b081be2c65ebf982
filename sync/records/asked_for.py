"""What an opinion was asked for, at one moment, in words a reader can compare: question, due date, records, form.

`sync.records.terms` decides whether a signature still holds; this shows the reader what became of it.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from sync.records.case import Case, CaseId


@dataclass(frozen=True, slots=True)
class NamedRecord:
    """One record of the manifest. ``version_id`` as the hospital counts."""

    reference: str
    version_id: str
    title: str


@dataclass(frozen=True, slots=True)
class AskedFor:
    """As it stood when somebody looked. ``patient`` is the reference; ``due`` has a zone."""

    patient: str
    questions: tuple[str, ...]
    due: datetime | None
    form: str
    records: tuple[NamedRecord, ...]

    def to_json(self) -> dict[str, Any]:
        """Plain values, to be kept beside the signature."""
        return {**asdict(self), "due": self.due.isoformat() if self.due else None}

    @classmethod
    def from_json(cls, kept: dict[str, Any]) -> AskedFor:
        """What `to_json` gave."""
        due = kept["due"]
        return cls(
            str(kept["patient"]),
            tuple(kept["questions"]),
            datetime.fromisoformat(due) if due else None,
            str(kept["form"]),
            tuple(NamedRecord(**record) for record in kept["records"]),
        )


@dataclass(frozen=True, slots=True)
class Difference:
    """One thing that changed: its lines then, and its lines now."""

    what: str
    before: tuple[str, ...]
    now: tuple[str, ...]


def asked_for(case: Case) -> AskedFor:
    """What the hospital asks for, as this computer knows it."""
    records = [NamedRecord(s.reference, s.version_id, s.description or "Imaging study") for s in case.studies]
    records += [NamedRecord(d.reference, d.version_id, d.title) for d in case.documents]
    records += [NamedRecord(r.reference, r.version_id, r.title) for r in case.prior_reports]
    records += [
        NamedRecord(r.reference, r.version_id, f"{r.name} {r.value} {r.unit}".strip()) for r in case.lab_results
    ]
    return AskedFor(case.patient.reference, case.questions, case.due, case.questionnaire, tuple(records))


def find_differences(before: AskedFor, now: AskedFor) -> tuple[Difference, ...]:
    """Everything that is not as it was, the question first; nothing that stayed the same."""
    found = [
        Difference("The patient", (before.patient,), (now.patient,)),
        Difference("The clinical question", before.questions or ("No question",), now.questions or ("No question",)),
        Difference("The due date", (_day(before.due),), (_day(now.due),)),
        _records_difference(before.records, now.records),
        Difference("The opinion form", (before.form,), (now.form,)),
    ]
    return tuple(difference for difference in found if difference.before != difference.now)


def differences_sentence(case_id: CaseId, differences: tuple[Difference, ...]) -> str:
    """All that changed, in one sentence, and what next."""
    *first, last = [difference.what[:1].lower() + difference.what[1:] for difference in differences]
    named = f"{', '.join(first)} and {last}" if first else last
    return f"The hospital changed {named} of case {case_id} after you signed; review it and sign again."


def _records_difference(before: tuple[NamedRecord, ...], now: tuple[NamedRecord, ...]) -> Difference:
    """Only the records that came, went or were replaced: a case may have hundreds that stayed."""
    then = {record.reference: record for record in before}
    today = {record.reference: record for record in now}
    lines_then, lines_now = [], []
    for reference, record in then.items():
        newer = today.get(reference)
        if newer is None:
            lines_then.append(record.title)
            lines_now.append(f"Removed: {record.title}")
        elif newer.version_id != record.version_id:
            lines_then.append(f"{record.title} (version {record.version_id})")
            lines_now.append(f"Replaced: {newer.title} (version {newer.version_id})")
    for reference, record in today.items():
        if reference not in then:
            lines_then.append("–")
            lines_now.append(f"Added: {record.title}")
    return Difference("The records", tuple(lines_then), tuple(lines_now))


def _day(due: datetime | None) -> str:
    return f"{due.astimezone():%d %B %Y}".lstrip("0") if due else "No date"
