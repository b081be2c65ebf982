"""QIDO-RS listing and WADO-RS instance retrieval. DICOM PS3.18 10.6 (search), 10.4 (retrieve).

The bytes are handed on as they come; whether they are the object asked for, whole and of the right patient, is judged
at the door (`sync.transfer.door`).
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, Protocol
from urllib.parse import quote

from sync.dicomweb.multipart import PartReader, boundary_of
from sync.errors import DamagedTransfer, Refused
from sync.hospital_connection import HospitalConnection
from sync.repr_digest import WANT_SHA256, read_sha256
from sync.secure_lines import HttpAnswer

_PAGE_SIZE = 500
_MAX_PAGES = 1000
_NOT_ACCEPTABLE = frozenset({400, 406, 415})
"""400 too: that is how Orthanc answers an Accept it does not know."""
ACCEPT_LADDER = (
    # As stored, so nothing is transcoded; one part, so its length is known; then ever less particular.
    "application/dicom; transfer-syntax=*",
    'multipart/related; type="application/dicom"; transfer-syntax=*',
    'multipart/related; type="application/dicom"',
    "*/*",
)


@dataclass(frozen=True, slots=True)
class InstanceEntry:
    """One instance as the archive lists it."""

    series_uid: str
    sop_instance_uid: str
    instance_number: int | None
    modality: str
    series_description: str
    frame_count: int = 1


@dataclass(frozen=True, slots=True)
class Reply:
    """What a reply tells of the object that came in it."""

    framed: bool
    """Its framing (length, chunks or closing boundary) proves that it is whole; where the line's end was the only end,
    a cut cannot be told."""
    sha256: str | None = None
    """Of the object, as the archive names it (Repr-Digest, RFC 9530), lower-case hexadecimal; not compared yet."""


class DicomwebGateway(Protocol):
    """All raise `Offline`, `HospitalBusy`, `Refused`, `DamagedTransfer`."""

    accept: str
    """The form that the archive understood, of `ACCEPT_LADDER`; set it to what was remembered of an earlier time."""

    def list_instances(self, study_uid: str) -> tuple[InstanceEntry, ...]:
        """Every instance of the study, in the archive's order, each SOP instance once."""

    def fetch_instance(self, study_uid: str, series_uid: str, sop_uid: str, write: Callable[[bytes], None]) -> Reply:
        """Streams one Part 10 file into ``write``, byte for byte. Raises where a cut can be told."""


class HttpDicomwebGateway:
    """`DicomwebGateway` over HTTP for one base address; remembers which Accept the archive understood."""

    def __init__(self, connection: HospitalConnection, base: str) -> None:
        self._connection = connection
        self._base = base.rstrip("/")
        self.accept = ACCEPT_LADDER[0]

    def list_instances(self, study_uid: str) -> tuple[InstanceEntry, ...]:
        entries: dict[str, InstanceEntry] = {}
        for series in self._pages("studies", study_uid, "series"):
            series_uid = _value(series, "0020000E")
            if not series_uid:
                continue
            modality, description = _value(series, "00080060"), _value(series, "0008103E")
            for instance in self._pages("studies", study_uid, "series", series_uid, "instances"):
                if sop_uid := _value(instance, "00080018"):
                    number, frames = _value(instance, "00200013"), _value(instance, "00280008")
                    entries.setdefault(
                        sop_uid,
                        InstanceEntry(
                            series_uid,
                            sop_uid,
                            int(number) if number.isdigit() else None,
                            modality,
                            description,
                            int(frames) if frames.isdigit() else 1,
                        ),
                    )
        return tuple(entries.values())

    def fetch_instance(self, study_uid: str, series_uid: str, sop_uid: str, write: Callable[[bytes], None]) -> Reply:
        url = self._url("studies", study_uid, "series", series_uid, "instances", sop_uid)
        known = ACCEPT_LADDER.index(self.accept) if self.accept in ACCEPT_LADDER else 0
        # What was remembered first; should the archive have changed, the ladder from its top.
        for accept in dict.fromkeys((*ACCEPT_LADDER[known:], *ACCEPT_LADDER)):
            headers = {"Accept": accept, **WANT_SHA256}
            with self._connection.open("GET", url, headers=headers, accepted=_NOT_ACCEPTABLE) as response:
                if response.status_code in _NOT_ACCEPTABLE:
                    continue
                self.accept = accept
                return self._copy_object(response, write)
        raise Refused(f"{self._connection.profile.hospital_name} offers this image in no form that can be read.", 406)

    def _copy_object(self, response: HttpAnswer, write: Callable[[bytes], None]) -> Reply:
        chunks = self._connection.stream_body(response)
        boundary = boundary_of(response.headers.get("Content-Type", ""))
        if boundary is None:
            for chunk in chunks:
                write(chunk)
            framed = "Content-Length" in response.headers or "chunked" in response.headers.get("Transfer-Encoding", "")
            return Reply(framed, read_sha256(response.headers.get("Repr-Digest", "")))
        parts = PartReader(chunks, boundary)
        if parts.next_part() is None:
            raise DamagedTransfer("The hospital's answer holds no image.")
        for chunk in parts.stream():
            write(chunk)
        if parts.next_part() is not None:
            raise DamagedTransfer("The hospital's answer holds more than the one image that was asked for.")
        return Reply(framed=True)  # a digest would be that of all the parts together, not of the object

    def _url(self, *segments: str) -> str:
        """UIDs come from a server and may hold anything; quoted, they stay one segment of the path each."""
        return "/".join((self._base, *(quote(segment, safe="") for segment in segments)))

    def _pages(self, *segments: str) -> Iterator[dict[str, Any]]:
        """QIDO-RS pages until one brings nothing new: a server may have a lower limit of its own, or ignore ours."""
        seen: set[str] = set()
        offset = 0
        for _ in range(_MAX_PAGES):
            url = f"{self._url(*segments)}?limit={_PAGE_SIZE}&offset={offset}"
            with self._connection.open("GET", url, headers={"Accept": "application/dicom+json"}) as response:
                found = [] if response.status_code == 204 else self._read_list(response)
            fresh = {json.dumps(item, sort_keys=True): item for item in found}
            new_keys = [key for key in fresh if key not in seen]
            seen.update(new_keys)
            yield from (fresh[key] for key in new_keys)
            offset += len(found)
            if not new_keys:
                return
        raise DamagedTransfer("The hospital's list of images does not end.")

    def _read_list(self, response: HttpAnswer) -> list[dict[str, Any]]:
        try:
            found = json.loads(self._connection.read_body(response) or b"[]")
        except ValueError:
            raise DamagedTransfer("The hospital's list of images cannot be read.") from None
        if not isinstance(found, list):
            raise DamagedTransfer("The hospital's list of images cannot be read.")
        return [item for item in found if isinstance(item, dict)]


def _value(item: dict[str, Any], tag: str) -> str:
    """The first value of an element in the DICOM JSON model (DICOM PS3.18 F.2), as text."""
    element = item.get(tag)
    values = element.get("Value") if isinstance(element, dict) else None
    return str(values[0]).strip() if isinstance(values, list) and values and values[0] is not None else ""
