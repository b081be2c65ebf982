"""One hospital as a sync round sees it: its FHIR server, its image archives, its files, all on one connection."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from sync.credentials import Credentials
from sync.dicomweb.dicomweb_gateway import DicomwebGateway, HttpDicomwebGateway
from sync.fhir.fhir_gateway import FhirGateway, HttpFhirGateway
from sync.hospital_connection import HospitalConnection
from sync.hospital_profile import HospitalProfile
from sync.transfer.file_gateway import FileGateway, HttpFileGateway


@dataclass(frozen=True, slots=True)
class Hospital:
    """The gateways of one profile. Usable from several threads; `close` ends the connection."""

    profile: HospitalProfile
    fhir: FhirGateway
    files: FileGateway
    archive: Callable[[str], DicomwebGateway]
    """The image archive at a DICOMweb base address (a study's Endpoint may name its own)."""
    close: Callable[[], None]
    interrupt: Callable[[], None] = lambda: None
    """Whatever waits for the hospital now fails at once."""


def connect_hospital(profile: HospitalProfile, credentials: Credentials | None = None) -> Hospital:
    """Prepares the gateways; nothing is sent before the first question. Without *credentials*: the profile's token."""
    connection = HospitalConnection(profile, credentials)
    archives: dict[str, HttpDicomwebGateway] = {}

    def archive(base: str) -> DicomwebGateway:
        return archives.setdefault(base, HttpDicomwebGateway(connection, base))

    return Hospital(
        profile, HttpFhirGateway(connection), HttpFileGateway(connection), archive, connection.close,
        connection.interrupt,
    )  # fmt: skip
