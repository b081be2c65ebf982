"""What the hospital's FHIR server can do, read from its CapabilityStatement (FHIR R4 CapabilityStatement.rest)."""

from __future__ import annotations

from dataclasses import dataclass

from sync.fhir.elements import Json, children, text, texts


@dataclass(frozen=True, slots=True)
class Capability:
    """The few abilities that decide how cases are read, and how, and whether, an opinion is uploaded."""

    transaction: bool
    versioned_update: bool
    """Task accepts ``If-Match``: without it a lost answer could become a second opinion."""
    identifier_search: frozenset[str]
    """Resource types that can be searched by ``identifier``: what is there already can be found."""
    conditional_create: frozenset[str] = frozenset()
    """Those of them that also take ``ifNoneExist``; elsewhere it is left out, for a server may refuse it."""
    batch: bool = False
    """Several readings may travel in one request."""
    includes: frozenset[str] = frozenset()
    """What a search may bring along: ``Task:focus``, ``List:item``, … (searchInclude)."""

    creates: frozenset[str] = frozenset()
    """Resource types that a client may create."""
    based_on_search: frozenset[str] = frozenset()
    """Resource types that can be searched by ``based-on``: the messages of a case."""

    def can_include(self, wanted: str) -> bool:
        return wanted in self.includes or f"{wanted.partition(':')[0]}:*" in self.includes


def capability_from_statement(statement: Json) -> Capability:
    rest = next((r for r in children(statement, "rest") if text(r, "mode") == "server"), {})
    resources = {text(resource, "type"): resource for resource in children(rest, "resource")}

    def searchable_by(name: str) -> frozenset[str]:
        return frozenset(
            kind
            for kind, resource in resources.items()
            if any(text(parameter, "name") == name for parameter in children(resource, "searchParam"))
        )

    searchable = searchable_by("identifier")
    includes = {
        f"{kind}:*" if allowed in ("*", f"{kind}:*") else ":".join(allowed.split(":")[:2])
        for kind, resource in resources.items()
        for allowed in texts(resource, "searchInclude")
    }
    return Capability(
        creates=frozenset(
            kind
            for kind, resource in resources.items()
            if any(text(interaction, "code") == "create" for interaction in children(resource, "interaction"))
        ),
        batch=any(text(i, "code") == "batch" for i in children(rest, "interaction")),
        includes=frozenset(includes),
        transaction=any(text(i, "code") == "transaction" for i in children(rest, "interaction")),
        versioned_update=text(resources.get("Task", {}), "versioning") == "versioned-update",
        identifier_search=searchable,
        based_on_search=searchable_by("based-on"),
        conditional_create=frozenset(k for k in searchable if resources[k].get("conditionalCreate") is True),
    )
