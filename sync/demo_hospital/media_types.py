"""Which form of a DICOM instance a client accepts (PS3.18 section 8.7): the Accept header taken apart and answered."""

from __future__ import annotations

from dataclasses import dataclass
from email.message import Message

from sync.demo_hospital.refusals import Refusal

SINGLE_PART = "application/dicom"
MULTIPART = "multipart/related"
DICOM_JSON = "application/dicom+json"


@dataclass(frozen=True, slots=True)
class MediaRange:
    """One alternative of an Accept header."""

    media_type: str
    part_type: str
    """The ``type`` parameter of multipart/related."""
    transfer_syntax: str
    """Empty where none is named, ``*`` where any will do."""
    weight: float

    @property
    def form(self) -> str | None:
        """The form of answer this asks for, None if it is none of an instance's."""
        if self.media_type in (SINGLE_PART, "*/*", "application/*"):
            return SINGLE_PART
        if self.media_type == MULTIPART and self.part_type in ("", SINGLE_PART):
            return MULTIPART
        return None


def parse_accept(header: str) -> list[MediaRange]:
    """The alternatives, best first."""
    found = []
    for text in _split_outside_quotes(header or "*/*"):
        message = Message()
        message["Content-Type"] = text.strip()
        parameters = {key.lower(): str(value) for key, value in message.get_params(failobj=[])[1:]}
        try:
            weight = float(parameters.get("q", "1"))
        except ValueError:
            weight = 0.0
        media_type = text.partition(";")[0].strip().lower()
        found.append(
            MediaRange(media_type, parameters.get("type", "").lower(), parameters.get("transfer-syntax", ""), weight)
        )
    return sorted((one for one in found if one.weight > 0), key=lambda one: -one.weight)


def choose_form(header: str, stored_syntaxes: set[str], offered: tuple[str, ...]) -> str:
    """The form to send stored instances in: `SINGLE_PART` or `MULTIPART`, bytes as stored. Raises 406 with the reason.

    Where no transfer syntax is named the stored one is sent, as most archives do; strictly the default would be
    Explicit VR Little Endian (PS3.18 8.7.3.5.2), and this archive does not convert.
    """
    reasons = []
    for wanted in parse_accept(header):
        form = wanted.form
        if form is None or form not in offered:
            if wanted.media_type not in ("*/*", "application/*") or MULTIPART not in offered:
                reasons.append(f"{wanted.media_type} is not offered for this resource")
                continue
            form = MULTIPART
        if wanted.transfer_syntax in ("", "*") or stored_syntaxes <= {wanted.transfer_syntax}:
            return form
        held = ", ".join(sorted(stored_syntaxes))
        reasons.append(f"it is stored in transfer syntax {held}, not {wanted.transfer_syntax}")
    sentence = "Not available as asked: " + ("; ".join(reasons) or "nothing is accepted") + "."
    raise Refusal(406, "not-supported", sentence)


def _split_outside_quotes(header: str) -> list[str]:
    parts, current, quoted = [], "", False
    for character in header:
        if character == '"':
            quoted = not quoted
        if character == "," and not quoted:
            parts.append(current)
            current = ""
        else:
            current += character
    parts.append(current)
    return [part for part in parts if part.strip()]
