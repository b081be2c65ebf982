"""A Binary that a server gives as a FHIR resource whatever was asked for: the content inside. FHIR R4 2.37.5."""

from __future__ import annotations

import base64
import json

from sync.errors import DamagedTransfer


def is_wrapped(content_type: str) -> bool:
    """Whether this Content-Type announces the resource rather than its content."""
    return "fhir+json" in content_type


def unwrapped(body: bytes) -> bytes:
    """The content; `DamagedTransfer` where there is none to be had."""
    try:
        return base64.b64decode(json.loads(body)["data"], validate=True)
    except (ValueError, KeyError, TypeError):
        raise DamagedTransfer("The hospital sent a document in a form that cannot be read.") from None
