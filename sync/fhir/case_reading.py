"""Reading everything around one Task: what it asks, its manifest with all records, the releases, the form.

Asks through the gateway and gives resources back; what they mean is `case_mapping`'s.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable

from sync.fhir.case_mapping import manifest_of, questionnaire_of
from sync.fhir.elements import Json, child, children, reference_of, relative_reference, resources_in, text
from sync.fhir.fhir_gateway import FhirGateway
from sync.fhir.message_mapping import MESSAGE_KINDS
from sync.fhir.records_mapping import NAMED_WITHOUT_RELEASE, listed_references, without_content
from sync.fhir.searches import consents, messages, questionnaire, records


class CaseReading:
    """The resources of one case, gathered step by step; each resource once, the newest reading of it."""

    def __init__(self, fhir: FhirGateway, fhir_base: str, task: Json, known: Iterable[Json]) -> None:
        self._fhir = fhir
        self._fhir_base = fhir_base
        self._task = task
        self._resources = {reference_of(resource): resource for resource in known}

    @property
    def resources(self) -> tuple[Json, ...]:
        """Everything read so far, without the Task."""
        return tuple(r for r in self._resources.values() if text(r, "resourceType") != "Task")

    def read_request(self) -> None:
        """What the worklist page did not include: the request, the patient, who asks."""
        self._read_missing([self._reference(self._task, "focus"), self._reference(self._task, "for")])
        request = self._resources.get(self._reference(self._task, "focus"), {})
        self._read_missing([self._reference(request, "subject"), self._reference(request, "requester")])

    def read_consents(self) -> None:
        """The active releases of the patient, replacing those known before: one may have been withdrawn."""
        for reference in [r for r in self._resources if r.startswith("Consent/")]:
            del self._resources[reference]
        if patient := self._reference(self._task, "for"):
            self._search(consents(patient))

    def read_records(self) -> None:
        """The manifest and all that is on it, one by one where a server does not include; and what that points to."""
        manifest = manifest_of(self._task, self._fhir_base)
        if not manifest:
            return
        self._resources.pop(manifest, None)
        self._search(records(manifest.partition("/")[2], self._includes("List:item", "ImagingStudy:endpoint")))
        self._read_missing([manifest])
        listed = listed_references(self._resources.get(manifest, {}), self._fhir_base)
        self._read_missing(listed)
        further: list[str] = []
        for reference in listed:
            resource = self._resources.get(reference, {})
            holders = [resource, *children(resource, "series")]
            pointers = [pointer for holder in holders for pointer in children(holder, "endpoint")]
            pointers += children(resource, "result")
            further += [relative_reference(pointer, self._fhir_base) for pointer in pointers]
        self._read_missing(further)

    def read_messages(self) -> None:
        """What the hospital and the reader wrote about the case, and who did, where the server can be asked for it."""
        request = self._reference(self._task, "focus")
        kinds = [kind for kind in MESSAGE_KINDS if kind in self._fhir.capability().based_on_search]
        for kind in kinds if request else ():
            self._search(messages(kind, request))
        senders = [child(found, "sender") for found in self._resources.values() if text(found, "resourceType") in kinds]
        self._read_missing([relative_reference(sender, self._fhir_base) for sender in senders])

    def read_record_names(self) -> None:
        """What the manifest lists, without its content: all that is read where the patient gave no release."""
        manifest = manifest_of(self._task, self._fhir_base)
        if not manifest:
            return
        self._resources.pop(manifest, None)
        self._read_missing([manifest])
        listed = listed_references(self._resources.get(manifest, {}), self._fhir_base)
        self._read_missing(reference for reference in listed if reference.partition("/")[0] in NAMED_WITHOUT_RELEASE)
        for reference in self._resources.keys() & set(listed):
            self._resources[reference] = without_content(self._resources[reference])

    def read_questionnaire(self, find_known: Callable[[str], str | None]) -> str:
        """``Questionnaire/id`` of the form; asked for once, for ``url|version`` never changes. Empty where unknown."""
        canonical = questionnaire_of(self._task)
        if not canonical:
            return ""
        if known := find_known(canonical):
            return known
        url, _, version = canonical.partition("|")
        for page in self._fhir.search(questionnaire(canonical)):
            for resource in resources_in(page.bundle):
                if text(resource, "url") == url and version in ("", text(resource, "version")):
                    self._resources[reference_of(resource)] = resource
                    return reference_of(resource)
        return ""

    def _includes(self, *wanted: str) -> list[str]:
        capability = self._fhir.capability()
        return [include for include in wanted if capability.can_include(include)]

    def _search(self, url: str) -> None:
        for page in self._fhir.search(url):
            self._resources.update({reference_of(resource): resource for resource in resources_in(page.bundle)})

    def _read_missing(self, references: Iterable[str]) -> None:
        wanted = [
            reference
            for reference in dict.fromkeys(references)
            if reference not in self._resources and all(reference.partition("/")[::2]) and ":" not in reference
        ]
        if wanted:
            self._resources.update(self._fhir.read_many(wanted))

    def _reference(self, resource: Json, name: str) -> str:
        return relative_reference(child(resource, name), self._fhir_base)
