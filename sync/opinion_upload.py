"""Writing one signed opinion to the hospital: one transaction, or part by part where the server has none.

Both end in the Task's versioned update, which is what makes it happen once. Protocol 1.4.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sync.audit import AuditAction
from sync.conflicts import Conflict
from sync.errors import ForeignObject, SyncError
from sync.fhir.bundle_check import find_fault
from sync.fhir.elements import Json, child, children, reference_of, resources_in, text, version_id
from sync.fhir.names import OPINION_SYSTEM
from sync.fhir.opinion_mapping import HeldVersion, opinion_bundle
from sync.fhir.searches import by_identifier, by_patient, by_target
from sync.records.amendment import amendment_of
from sync.records.case import Case, CaseStatus
from sync.records.opinion import SignedOpinion
from sync.small_deliveries import moved_task
from sync.transfer.hospital import Hospital

if TYPE_CHECKING:
    from sync.store.database import Store

_NOT_ACCEPTED_YET = (CaseStatus.REQUESTED.value, CaseStatus.RECEIVED.value)
_REWRITTEN_KEYS = ("reference", "url")


class OpinionUpload:
    """One write of one opinion, after a fresh look. Raises what the gateway raises; `ForeignObject` on a collision."""

    def __init__(self, store: Store, hospital: Hospital, case: Case, signed: SignedOpinion) -> None:
        self._store = store
        self._hospital = hospital
        self._fhir = hospital.fhir
        self._case = case
        self._signed = signed

    def send(self, task: Json) -> None:
        """*task*: as just read; its version guards everything."""
        capability = self._fhir.capability()
        if not capability.versioned_update:
            raise Conflict(
                f"{self._hospital.profile.hospital_name} cannot take an opinion exactly once "
                "(it lacks versioned updates), so nothing was sent."
            )
        task = self._accepted(task)
        bundle = opinion_bundle(self._signed, self._case, task, capability.conditional_create, self._find_amended())
        if fault := find_fault(bundle):
            raise Conflict(f"The opinion on case {self._case.case_id} cannot be sent: {fault}.")
        outcome = "begun"
        try:
            if capability.transaction:
                self._fhir.transaction(bundle)
            else:
                self._send_parts(bundle)
            outcome = "done"
        except SyncError as error:
            outcome = type(error).__name__
            raise
        finally:
            detail: Json = {"task_version": version_id(task), "entries": len(bundle["entry"])}
            subject = self._signed.frozen.opinion_identifier
            self._store.audit.append(AuditAction.UPLOADED, self._case.case_id, subject, outcome, detail)

    def _find_amended(self) -> HeldVersion | None:
        """What the hospital holds of the version that this one amends; None for one that amends nothing."""
        amendment = amendment_of(self._signed.frozen)
        if amendment is None:
            return None
        number = amendment.opinion_identifier
        receipt = self._store.opinions.find_receipt_of(number)
        wanted = {"system": OPINION_SYSTEM, "value": number}
        if "DocumentReference" in self._fhir.capability().identifier_search:
            address = by_identifier("DocumentReference", OPINION_SYSTEM, number)
        else:
            address = by_patient("DocumentReference", self._case.patient.reference)
        for page in self._fhir.search(address):
            for found in resources_in(page.bundle):
                if receipt is not None and wanted in _identifiers(found):
                    # As it is now, with its version: a search may show an older one.
                    return HeldVersion(self._fhir.read(reference_of(found)), receipt.diagnostic_report_reference)
        raise Conflict(
            f"The hospital does not show opinion {number} on case {self._case.case_id}, which this one amends; "
            "nothing was sent."
        )

    def _accepted(self, task: Json) -> Json:
        """An opinion on an assignment nobody accepted yet accepts it first: the states have an order (protocol 1.3)."""
        if text(task, "status") not in _NOT_ACCEPTED_YET:
            return task
        return self._fhir.update(moved_task(task, CaseStatus.ACCEPTED.value, {}, None), version_id(task))

    def _send_parts(self, bundle: Json) -> None:
        """Each part's place is on disk before the next part leaves, so that a kill repeats one Binary at most."""
        subject = self._signed.frozen.opinion_identifier
        places = self._store.outbox.list_parts(subject)
        *parts, last = children(bundle, "entry")
        for entry in parts:
            role = text(entry, "fullUrl")
            if role in places:
                continue
            request = child(entry, "request")
            if text(request, "method") == "PUT":
                self._fhir.update(child(entry, "resource"), _guarded_version(request))
                continue
            resource = _rewritten(child(entry, "resource"), places)
            reference = self._find_part(resource) or self._create_part(entry, resource)
            self._store.outbox.put_part(subject, role, reference)
            places[role] = reference
        task = _rewritten(child(last, "resource"), places)
        self._fhir.update(task, _guarded_version(child(last, "request")))

    def _create_part(self, entry: Json, resource: Json) -> str:
        created = self._fhir.create(resource, text(child(entry, "request"), "ifNoneExist"))
        if created.existed:
            self._check_same(resource, self._fhir.read(created.reference))
        return created.reference

    def _find_part(self, resource: Json) -> str:
        """Where an earlier attempt put this part, if its answer was lost; a Binary has nothing to be known by."""
        kind = text(resource, "resourceType")
        if kind == "Binary":
            return ""
        if kind == "Provenance":
            # Its signature is the opinion's own: no other record of the same targets carries it.
            address = by_target([text(target, "reference") for target in children(resource, "target")][3])
        else:
            identifier = _identifiers(resource)[0]
            if kind in self._fhir.capability().identifier_search:
                address = by_identifier(kind, text(identifier, "system"), text(identifier, "value"))
            else:
                address = by_patient(kind, self._case.patient.reference)
        for page in self._fhir.search(address):
            for found in resources_in(page.bundle):
                if _is_same_part(resource, found):
                    self._check_same(resource, found)
                    return f"{kind}/{text(found, 'id')}"
        return ""

    def _check_same(self, ours: Json, theirs: Json) -> None:
        if _digests(ours) != _digests(theirs):
            number = self._signed.frozen.opinion_identifier
            raise ForeignObject(f"The hospital holds another report under the number {number}; it must be looked into.")


def _guarded_version(request: Json) -> str:
    return text(request, "ifMatch").removeprefix('W/"').rstrip('"')


def _is_same_part(ours: Json, theirs: Json) -> bool:
    if text(ours, "resourceType") == "Provenance":
        return _signatures(ours) == _signatures(theirs)
    return _identifiers(ours)[0] in _identifiers(theirs)


def _signatures(provenance: Json) -> list[str]:
    return [text(signature, "data") for signature in children(provenance, "signature")]


def _identifiers(resource: Json) -> list[Json]:
    """Only system and value: a server may add a use or an assigner."""
    found = resource.get("identifier", [])
    listed = [*(found if isinstance(found, list) else [found]), child(resource, "masterIdentifier")]
    return [{"system": text(i, "system"), "value": text(i, "value")} for i in listed if isinstance(i, dict) and i]


def _digests(resource: Json) -> list[str]:
    """The stated hashes of everything attached (FHIR R4 Attachment.hash), in a fixed order."""
    attachments = [child(content, "attachment") for content in children(resource, "content")]
    attachments += children(resource, "presentedForm")
    return sorted(text(attachment, "hash") for attachment in attachments)


def _rewritten(value: Any, places: dict[str, str], key: str = "") -> Any:
    """A copy in which references to other parts are the places those got."""
    if isinstance(value, dict):
        return {name: _rewritten(item, places, name) for name, item in value.items()}
    if isinstance(value, list):
        return [_rewritten(item, places, key) for item in value]
    if isinstance(value, str) and key in _REWRITTEN_KEYS:
        return places.get(value, value)
    return value
