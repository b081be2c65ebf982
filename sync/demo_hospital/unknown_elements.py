"""Resources with elements and extensions nobody knows, as a newer or a careless server sends them. Pure functions."""

from __future__ import annotations

from typing import Any

Json = dict[str, Any]

_UNKNOWN_EXTENSION = {"url": "https://elsewhere.example/StructureDefinition/unheard-of", "valueString": "unheard of"}


def with_unknown_elements(resource: Json) -> Json:
    """*resource* and every resource in it, each with an unknown element, an unknown part and an unknown extension."""
    odd = dict(resource)
    if resource.get("resourceType") == "Bundle":
        odd["entry"] = [
            {**entry, "resource": with_unknown_elements(entry["resource"])} if "resource" in entry else entry
            for entry in resource.get("entry", [])
        ]
    odd["unheardOf"] = {"number": 1.50, "list": [{"deep": None}, "text"]}
    odd["_status"] = {"extension": [_UNKNOWN_EXTENSION]}
    odd["extension"] = [*resource.get("extension", []), _UNKNOWN_EXTENSION]
    return odd
