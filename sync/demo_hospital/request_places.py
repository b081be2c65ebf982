"""What a request to the hospital is, by its method and address: the places at which scripted faults can strike."""

from __future__ import annotations

PLACES: dict[str, str] = {
    "all": "every request to FHIR, DICOMweb and files",
    "everywhere": "every request whatsoever, signing in and enrolment too",
    "signin": "every request of signing in, renewing and signing out",
    "fhir": "every request below /fhir, but for signing in",
    "metadata": "GET of the CapabilityStatement",
    "read": "GET of one resource, or of its history, except Binary",
    "search": "GET of a search's first page",
    "page": "GET of a later page of a search",
    "binary": "GET of a Binary",
    "write": "POST or PUT below /fhir",
    "create": "POST of one resource",
    "transaction": "POST of a Bundle to the base",
    "task": "PUT of a Task",
    "dicomweb": "every request below /dicom-web",
    "query": "QIDO-RS, and metadata",
    "instance": "WADO-RS of an instance, a series or a study",
    "stow": "STOW-RS",
    "file": "GET of a file below /files",
    "bytes": "what is binary, instance or file",
}
"""Name to meaning."""


def request_places(method: str, path: str) -> frozenset[str]:
    """Every name of `PLACES` that fits a request; *path* as sent, without origin and query."""
    head, _, rest = path.strip("/").partition("/")
    if head == "oauth" or rest.startswith(".well-known/"):
        return frozenset({"everywhere", "signin"})
    places = {
        "fhir": lambda: _fhir_places(method, rest),
        "dicom-web": lambda: _dicomweb_places(method, rest),
        "files": lambda: {"file", "bytes"} if method == "GET" else set(),
    }.get(head)
    return frozenset({"everywhere"} if places is None else {"everywhere", "all", *places()})


def _fhir_places(method: str, path: str) -> set[str]:
    parts = path.split("/") if path else []
    if method in ("POST", "PUT"):
        if method == "PUT":
            return {"fhir", "write", "task"} if parts[:1] == ["Task"] else {"fhir", "write"}
        return {"fhir", "write", "create" if parts else "transaction"}
    if parts == ["metadata"]:
        return {"fhir", "metadata"}
    if len(parts) < 2:
        return {"fhir", "search" if parts else "page"}
    return {"fhir", "binary", "bytes"} if parts[0] == "Binary" else {"fhir", "read"}


def _dicomweb_places(method: str, path: str) -> set[str]:
    if method == "POST":
        return {"dicomweb", "stow"}
    parts = path.split("/")
    if parts[0] == "partitions":
        parts = parts[2:]
    # studies/{uid}/series/{uid}/instances/{uid}: an even number of parts names an object, an odd one a list
    if parts[0] == "studies" and len(parts) % 2 == 0:
        return {"dicomweb", "instance", "bytes"}
    return {"dicomweb", "query"}
