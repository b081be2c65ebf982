"""The CapabilityStatement: what this hospital can do, derived from the tables its code runs on."""

from __future__ import annotations

from collections.abc import Container
from typing import Any

from sync.demo_hospital.fhir_parameters import PARAMETERS, ParameterKind
from sync.demo_hospital.identity import HOSPITAL_NAME
from sync.demo_hospital.write_rules import CREATED_BY_READERS, UPDATED_BY_READERS

Json = dict[str, Any]


def capability_statement(own_base: str, dated: str, lacking: Container[str] = ()) -> Json:
    """FHIR R4 CapabilityStatement of the running server, kind ``instance``.

    *lacking* names scripted faults of kind LACKING: what this hospital pretends it cannot do.
    """
    system = [] if "no-transaction" in lacking else [{"code": "transaction"}]
    return {
        "resourceType": "CapabilityStatement",
        "id": "demo-hospital",
        "status": "active",
        "date": dated,
        "publisher": HOSPITAL_NAME,
        "kind": "instance",
        "software": {"name": "Reading Room demo hospital"},
        "implementation": {"description": "Invented patients on this computer, for demonstration", "url": own_base},
        "fhirVersion": "4.0.1",
        "format": ["application/fhir+json"],
        "rest": [
            {
                "mode": "server",
                "security": {"cors": False, "description": "SMART App Launch, or the demonstration's own token"},
                "resource": [_resource(kind, lacking) for kind in sorted(PARAMETERS)],
                "interaction": [*system, {"code": "batch"}],
            }
        ],
    }


def _resource(kind: str, lacking: Container[str]) -> Json:
    interactions = ["read", "vread", "history-instance", "search-type"]
    if kind in CREATED_BY_READERS:
        interactions.append("create")
    if kind in UPDATED_BY_READERS:
        interactions.append("update")
    parameters = [{"name": "_id", "type": "token"}, {"name": "_lastUpdated", "type": "date"}]
    parameters += [{"name": name, "type": parameter.kind.value} for name, parameter in sorted(PARAMETERS[kind].items())]
    creates_if = kind in CREATED_BY_READERS and "identifier" in PARAMETERS[kind]
    is_guarded = kind in UPDATED_BY_READERS and "no-versioned-update" not in lacking
    includes = [n for n, parameter in sorted(PARAMETERS[kind].items()) if parameter.kind is ParameterKind.REFERENCE]
    return {
        "type": kind,
        "interaction": [{"code": code} for code in interactions],
        "versioning": "versioned-update" if is_guarded else "versioned",
        "readHistory": True,
        "updateCreate": False,
        "conditionalCreate": creates_if and "no-conditional-create" not in lacking,
        "conditionalUpdate": False,
        "conditionalDelete": "not-supported",
        "searchInclude": [] if "no-include" in lacking else [f"{kind}:{name}" for name in includes],
        "searchParam": parameters,
    }
