"""Orthanc with its DICOMweb plug-in, as an image archive on loopback."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import requests

from tests.peers.installing import find_program
from tests.peers.serving import free_port, listens, running

USER, PASSWORD = "archive", "archive-secret"
PLUGIN = Path("/usr/share/orthanc/plugins/libOrthancDicomWeb.so")
_LIMIT_S = 60


@dataclass(frozen=True)
class Orthanc:
    """A running Orthanc. Its own interface (not DICOMweb) is the independent witness of what it holds."""

    port: int

    def own(self, method: str, path: str) -> requests.Response:
        url = f"http://127.0.0.1:{self.port}/{path}"
        answer = requests.request(method, url, auth=(USER, PASSWORD), timeout=_LIMIT_S)
        answer.raise_for_status()
        return answer

    def store(self, files: Sequence[Path]) -> None:
        """STOW-RS of Part 10 files in one request (DICOM PS3.18 10.5)."""
        body, kind = stow_body(files)
        answer = requests.post(
            f"http://127.0.0.1:{self.port}/dicom-web/studies",
            body,
            headers={"Content-Type": kind},
            auth=(USER, PASSWORD),
            timeout=_LIMIT_S,
        )
        answer.raise_for_status()

    def clear(self) -> None:
        for study in self.own("GET", "studies").json():
            self.own("DELETE", f"studies/{study}")

    def digests(self) -> dict[str, str]:
        """SHA-256 of every file it holds, by SOP Instance UID."""
        held = {}
        for instance in self.own("GET", "instances?expand").json():
            content = self.own("GET", f"instances/{instance['ID']}/file").content
            held[instance["MainDicomTags"]["SOPInstanceUID"]] = hashlib.sha256(content).hexdigest()
        return held


def stow_body(files: Sequence[Path]) -> tuple[bytes, str]:
    """Body and Content-Type of a STOW-RS request with these Part 10 files."""
    boundary = "one-file-after-another"
    parts = [
        f"--{boundary}\r\nContent-Type: application/dicom\r\n\r\n".encode() + path.read_bytes() + b"\r\n"
        for path in files
    ]
    body = b"".join([*parts, f"--{boundary}--\r\n".encode()])
    return body, f'multipart/related; type="application/dicom"; boundary={boundary}'


@contextmanager
def orthanc(folder: Path) -> Iterator[Orthanc]:
    folder.mkdir(parents=True, exist_ok=True)
    port = free_port()
    settings = {
        "Name": "READING-ROOM-TEST",
        "StorageDirectory": str(folder / "storage"),
        "IndexDirectory": str(folder / "storage"),
        "Plugins": [str(PLUGIN)],
        "HttpPort": port,
        "HttpThreadsCount": 8,
        "DicomServerEnabled": False,
        "RemoteAccessAllowed": False,
        "AuthenticationEnabled": True,
        "RegisteredUsers": {USER: PASSWORD},
        "OverwriteInstances": False,
        "HttpCompressionEnabled": False,
        "DicomWeb": {"Enable": True, "Root": "/dicom-web/", "StudiesMetadata": "Full", "SeriesMetadata": "Full"},
    }
    (folder / "orthanc.json").write_text(json.dumps(settings), "utf-8")
    command: list[str | Path] = [find_program("Orthanc") or "Orthanc", folder / "orthanc.json"]
    with running("orthanc", command, folder, listens(port), {"PATH": os.environ.get("PATH", ""), "LC_ALL": "C.UTF-8"}):
        yield Orthanc(port)
