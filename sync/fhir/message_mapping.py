"""From Communication and CommunicationRequest (FHIR R4) to the messages of a case. Text only; attachments stay there.

Messages are taken in without the patient's release too, as the question is: a missing release is what one writes about.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime

from sync.fhir.elements import (
    Json,
    child,
    children,
    identifier_value,
    instant,
    reference_of,
    relative_reference,
    text,
    texts,
)
from sync.fhir.names import MESSAGE_SYSTEM
from sync.records.message import Message

MESSAGE_KINDS = ("Communication", "CommunicationRequest")
_UNSAID = frozenset({"entered-in-error", "draft", "preparation", "not-done"})
"""States of what nobody said, or took back."""
_NO_DATE = datetime.min.replace(tzinfo=UTC)


def messages_of(
    resources: Iterable[Json], request: str, task: str, reader: str, by_reference: Mapping[str, Json], fhir_base: str
) -> tuple[Message, ...]:
    """Those about *request* (``ServiceRequest/x``) or *task*, oldest first; *reader* is ``Practitioner/x``."""
    ours = {request, task} - {""}
    found = []
    for resource in resources:
        if text(resource, "resourceType") not in MESSAGE_KINDS or text(resource, "status") in _UNSAID:
            continue
        pointers = (*children(resource, "basedOn"), *children(resource, "about"))
        if ours.isdisjoint(relative_reference(pointer, fhir_base) for pointer in pointers):
            continue
        found.append(_message(resource, reader, by_reference, fhir_base))
    return tuple(sorted(found, key=lambda message: (message.sent or _NO_DATE, message.reference)))


def _message(resource: Json, reader: str, by_reference: Mapping[str, Json], fhir_base: str) -> Message:
    is_request = text(resource, "resourceType") == "CommunicationRequest"
    author = child(resource, "requester" if is_request else "sender")
    sender = relative_reference(author, fhir_base)
    words = [text(part, "contentString") for part in children(resource, "payload") if text(part, "contentString")]
    wanted = tuple(words[1:]) if is_request else ()
    return Message(
        reference=reference_of(resource),
        identifier=identifier_value(resource, MESSAGE_SYSTEM),
        is_from_reader=bool(sender) and sender == reader,
        sender=text(author, "display") or _name(by_reference.get(sender, {})),
        sent=instant(resource, "authoredOn" if is_request else "sent") or instant(resource, "received"),
        text="\n".join(words[:1] if is_request else words) or "(a message without text)",
        wanted=wanted,
    )


def _name(person: Json) -> str:
    for name in children(person, "name"):
        words = text(name, "text") or " ".join((*texts(name, "prefix"), *texts(name, "given"), text(name, "family")))
        if words.strip():
            return words.strip()
    return text(person, "name") or text(child(person, "practitioner"), "display")
