"""How a story's assignment came to stand where it stands: the versions of its Task and Consent, and what was written.

Pure functions; resources out, oldest version first, with every reference pointing backwards.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from sync.demo_hospital import case_resources as fhir
from sync.demo_hospital.case_resources import IDS, NS
from sync.demo_hospital.hospital_resources import COORDINATOR
from sync.demo_hospital.story import Progress, Story

Json = dict[str, Any]

_BEGUN_AFTER = timedelta(hours=5)
_ANSWERED_AFTER = timedelta(hours=22)


def task_versions(story: Story, sheet: fhir.CaseSheet) -> list[Json]:
    """The Task as it was assigned, and as it is now."""
    requested = fhir.task(sheet, story.performer)
    begun = fhir.instant(sheet.authored + _BEGUN_AFTER)
    accepted = {**requested, "status": "accepted", "lastModified": begun}
    if story.progress is Progress.ACCEPTED:
        return [requested, accepted]
    if story.progress is Progress.ON_HOLD:
        in_progress = {**accepted, "status": "in-progress", "executionPeriod": {"start": begun}}
        return [requested, in_progress, {**in_progress, "status": "on-hold", **_business("records-missing")}]
    if story.progress is Progress.CANCELLED:
        reason = {"text": story.closing_words}
        return [requested, accepted, {**accepted, "status": "cancelled", "statusReason": reason}]
    if story.progress is Progress.CONSENT_WITHDRAWN:
        return [requested, {**requested, **_business("consent-withdrawn")}]
    return [requested]


def consent_versions(story: Story, sheet: fhir.CaseSheet, source: str | None) -> list[Json]:
    """The release as it was signed (*source* is the signed form), or not, and whether it still holds."""
    if source is None:
        return [fhir.consent(sheet, None, status="proposed")]
    released = [fhir.consent(sheet, source)]
    if story.progress is Progress.CONSENT_WITHDRAWN:
        released.append(fhir.consent(sheet, source, status="inactive"))
    return released


def messages(story: Story, sheet: fhir.CaseSheet) -> list[Json]:
    """For a case that waits: what the specialist asked for, and what the coordinator answered."""
    if not story.wanted:
        return []
    about: Json = {
        "status": "active",
        "category": [fhir.concept(f"{NS}/CodeSystem/message-kind", "records-missing")],
        "basedOn": [{"reference": f"ServiceRequest/sr-{sheet.slug}"}],
        "about": [{"reference": f"Task/task-{sheet.slug}"}],
        "subject": {"reference": sheet.patient_reference},
    }
    texts = ("Without the earlier examinations the question cannot be answered.", *story.wanted)
    asked: Json = {
        "resourceType": "CommunicationRequest",
        "id": f"{sheet.slug}-missing",
        "identifier": [{"system": f"{IDS}/message", "value": f"{sheet.case_id}/1"}],
        **about,
        "authoredOn": fhir.instant(sheet.authored + _BEGUN_AFTER),
        "requester": {"reference": fhir.OWNER},
        "recipient": [{"reference": COORDINATOR}],
        "payload": [{"contentString": text} for text in texts],
    }
    answered: Json = {
        "resourceType": "Communication",
        "id": f"{sheet.slug}-answer",
        "identifier": [{"system": f"{IDS}/message", "value": f"{sheet.case_id}/2"}],
        **about,
        "status": "completed",
        "sent": fhir.instant(sheet.authored + _ANSWERED_AFTER),
        "sender": {"reference": COORDINATOR},
        "recipient": [{"reference": fhir.OWNER}],
        "payload": [{"contentString": "The other hospital has been asked for all of it; a disc is on its way."}],
    }
    return [asked, answered]


def _business(code: str) -> Json:
    return {"businessStatus": fhir.concept(f"{NS}/CodeSystem/case-status", code)}
