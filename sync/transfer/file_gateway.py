"""Fetching one file over HTTP from a given offset. RFC 9110 14 (Range, If-Range), RFC 9530 (Repr-Digest).

One request, one answer; resuming and checking are `file_download`'s.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol
from urllib.parse import urljoin

from sync.errors import DamagedTransfer
from sync.fhir.wrapped_binary import is_wrapped, unwrapped
from sync.hospital_connection import HospitalConnection
from sync.repr_digest import WANT_SHA256, read_sha256
from sync.secure_lines import HttpAnswer

_CONTENT_RANGE = re.compile(r"bytes (\d+)-\d+/(\d+|\*)")


@dataclass(frozen=True, slots=True)
class FileAnswer:
    """What the server says of the file before its bytes come."""

    offset: int
    """Where the bytes begin: as asked (206), else 0 and the file starts anew."""
    total_bytes: int | None
    strong_etag: str | None
    sha256: str | None
    """Repr-Digest, lower-case hexadecimal."""


class FileGateway(Protocol):
    """Raises `Offline`, `HospitalBusy`, `Refused`, `ProfileRefused`."""

    def fetch_file(
        self,
        url: str,
        accept: str,
        offset: int,
        etag: str | None,
        begin: Callable[[FileAnswer], None],
        write: Callable[[bytes], None],
    ) -> None:
        """Calls ``begin`` once, then ``write`` with the bytes from ``FileAnswer.offset`` on.

        ``offset`` > 0 asks to resume, on condition that ``etag`` is still the file's.
        """


class HttpFileGateway:
    """`FileGateway` over HTTP; a FHIR Binary that comes wrapped as JSON is unwrapped."""

    def __init__(self, connection: HospitalConnection) -> None:
        self._connection = connection
        self._base = connection.profile.fhir_base + "/"

    def fetch_file(
        self,
        url: str,
        accept: str,
        offset: int,
        etag: str | None,
        begin: Callable[[FileAnswer], None],
        write: Callable[[bytes], None],
    ) -> None:
        headers = {"Accept": f"{accept}, */*;q=0.5", **WANT_SHA256}
        if offset and etag:
            headers |= {"Range": f"bytes={offset}-", "If-Range": etag}
        address = urljoin(self._base, url)
        with self._connection.open("GET", address, headers=headers) as response:
            if is_wrapped(response.headers.get("Content-Type", "")) and "fhir" not in accept:
                content = unwrapped(self._connection.read_body(response))
                begin(FileAnswer(0, len(content), None, None))
                write(content)
                return
            begin(_answer(response))
            for chunk in self._connection.stream_body(response):
                write(chunk)


def _answer(response: HttpAnswer) -> FileAnswer:
    etag = response.headers.get("ETag", "")
    strong = etag if etag.startswith('"') else None
    sha256 = read_sha256(response.headers.get("Repr-Digest", ""))
    if response.status_code == 206:
        found = _CONTENT_RANGE.match(response.headers.get("Content-Range", ""))
        if found is None:
            raise DamagedTransfer("The hospital sent part of a file without saying which.")
        total = found.group(2)
        return FileAnswer(int(found.group(1)), int(total) if total.isdigit() else None, strong, sha256)
    length = response.headers.get("Content-Length", "")
    return FileAnswer(0, int(length) if length.isdigit() else None, strong, sha256)
