"""multipart/related bodies taken apart (RFC 2046 section 5.1, RFC 2387), every part's bytes as they came."""

from __future__ import annotations

from dataclasses import dataclass
from email.message import Message

from sync.demo_hospital.refusals import invalid


@dataclass(frozen=True, slots=True)
class Part:
    """One part: its media type without parameters, in lower case, and its bytes."""

    media_type: str
    content: bytes


def find_boundary(content_type: str) -> tuple[str, str, str]:
    """Media type, ``type`` parameter and boundary of a Content-Type header; empty where it has none."""
    message = Message()
    message["Content-Type"] = content_type
    parameters = {name.lower(): str(value) for name, value in message.get_params(failobj=[])[1:]}
    media_type = content_type.partition(";")[0].strip().lower()
    return media_type, parameters.get("type", "").lower(), parameters.get("boundary", "")


def split_parts(body: bytes, boundary: str) -> list[Part]:
    """The parts of *body*. Raises `Refusal` 400 where it is not closed or a part has no end to its headers."""
    if not boundary:
        raise invalid("the multipart body names no boundary")
    # A boundary stands at the start of a line; the line break before it is its own and no part's
    pieces = (b"\r\n" + body).split(b"\r\n--" + boundary.encode("latin-1"))
    if len(pieces) < 3 or not pieces[-1].startswith(b"--"):
        raise invalid("the multipart body is not closed by its boundary")
    return [_part(piece) for piece in pieces[1:-1]]


def _part(piece: bytes) -> Part:
    head, end, content = piece.lstrip(b" \t").partition(b"\r\n\r\n")
    if not end or not head.startswith(b"\r\n"):
        raise invalid("a part of the multipart body has no end to its headers")
    for line in head.decode("latin-1").split("\r\n"):
        name, _, value = line.partition(":")
        if name.strip().lower() == "content-type":
            return Part(value.partition(";")[0].strip().lower(), content)
    return Part("", content)
