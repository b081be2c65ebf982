"""A hospital that a gateway test talks to: our demo hospital, or real servers behind nginx. Same doors, same cases."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, ExitStack, contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Protocol

import requests

from sync.demo_hospital.case_resources import OWNER
from sync.demo_hospital.fhir_parameters import PARAMETERS
from sync.demo_hospital.state import BASE_PLACEHOLDER, HospitalState
from sync.hospital_profile import HospitalProfile
from tests.peers.authorization_server import authorization_server
from tests.peers.fhir_server import fhir_server
from tests.peers.front import Front, front, origin_at
from tests.peers.orthanc import Orthanc, orthanc, stow_body
from tests.peers.serving import free_port
from tests.sync.faulty_line import FaultyLine, faulty_line
from tests.sync.small_hospital import STUDY_UID, TOKEN, SmallHospital
from tests.sync.tls_server import Authority

Json = dict[str, Any]
_LIMIT_S = 60
_KINDS = [*(kind for kind in sorted(PARAMETERS) if kind != "Task"), *({"Binary"} - set(PARAMETERS)), "Task"]
"""The Task last: until then there is nothing to see."""


def study_of(case_id: str) -> str:
    """The Study Instance UID of a case that `Site.add_case` made; its one series adds ``.1``."""
    return f"{STUDY_UID}{len(case_id)}"


class Site(Protocol):
    """What a test may do to a hospital, besides talking to it as the program does."""

    @property
    def name(self) -> str: ...
    def profile(self, port: int | None = None, token: str = TOKEN) -> HospitalProfile: ...
    def add_case(self, *, instances: int = 3, slide: bool = True) -> str:
        """A case of this test's own; its number."""

    def resource(self, reference: str) -> Json: ...
    def count(self, kind: str) -> int: ...
    def change(self, reference: str, **elements: Any) -> None:
        """The hospital's own edit."""

    def add_file(self, name: str, content: bytes) -> str:
        """The address of a file offered under ``/files``; again with other content, the file has changed."""

    def send_images(self, files: Sequence[Path]) -> requests.Response:
        """STOW-RS (DICOM PS3.18 10.5) by the hospital's own doors."""

    def faulty_archive(self) -> AbstractContextManager[tuple[FaultyLine, HospitalProfile]]:
        """The same hospital, but its archive's replies pass a line that may cut them."""

    def archive_digests(self) -> dict[str, str]:
        """SHA-256 of each Part 10 file in the archive, by SOP Instance UID."""


def send(profile: HospitalProfile, files: Sequence[Path]) -> requests.Response:
    body, kind = stow_body(files)
    headers = {"Authorization": f"Bearer {profile.token}", "Content-Type": kind, "Accept": "application/dicom+json"}
    trust = profile.site_ca_file or True
    return requests.post(f"{profile.dicomweb_base}/studies", body, headers=headers, verify=trust, timeout=_LIMIT_S)


@dataclass
class DemoSite:
    """Our own."""

    hospital: SmallHospital
    name: str = "demo hospital"
    _numbers: Iterator[int] = field(default_factory=lambda: itertools.count(1))

    def profile(self, port: int | None = None, token: str = TOKEN) -> HospitalProfile:
        return replace(self.hospital.profile(port), token=token)

    def send_images(self, files: Sequence[Path]) -> requests.Response:
        return send(self.profile(), files)

    @contextmanager
    def faulty_archive(self) -> Iterator[tuple[FaultyLine, HospitalProfile]]:
        with faulty_line(self.hospital.port) as line:
            yield line, self.profile(line.port)

    def add_case(self, *, instances: int = 3, slide: bool = True) -> str:
        case_id = f"SO-{next(self._numbers)}"
        self.hospital.add_case(case_id, instances=instances, slide=slide)
        return case_id

    def resource(self, reference: str) -> Json:
        return self.hospital.resource(reference)

    def count(self, kind: str) -> int:
        return self.hospital.count(kind)

    def change(self, reference: str, **elements: Any) -> None:
        self.hospital.change(reference, **elements)

    def add_file(self, name: str, content: bytes) -> str:
        path = self.hospital.folder / f"{name}-{len(list(self.hospital.folder.iterdir()))}"
        path.write_bytes(content)
        self.hospital.state.put_file(path, "application/octet-stream", name)
        return f"{self.profile().files_base}/{name}"

    def archive_digests(self) -> dict[str, str]:
        from sync.demo_hospital.state import digest_file

        return {i.sop_uid: digest_file(i.path) for i in self.hospital.state.list_instances("")}


@dataclass
class PeerSite:
    """Orthanc, sekmet-fhir and nginx. Cases are made as for the demo hospital and then handed over."""

    front: Front
    authority: Authority
    archive: Orthanc
    fhir_port: int
    folder: Path
    name: str = "real servers"
    _numbers: Iterator[int] = field(default_factory=lambda: itertools.count(1))

    def profile(self, port: int | None = None, token: str = TOKEN) -> HospitalProfile:
        origin = self.front.origin if port is None else origin_at(port)
        return HospitalProfile(
            name="peers",
            hospital_name="Real Servers",
            fhir_base=f"{origin}/fhir",
            dicomweb_base=f"{origin}/dicom-web",
            files_base=f"{origin}/files",
            token=token,
            practitioner_reference=OWNER,
            practitioner_name="Dr. Ilse Marwick",
            site_ca_file=str(self.authority.ca_file),
        )

    def send_images(self, files: Sequence[Path]) -> requests.Response:
        return send(self.profile(), files)

    @contextmanager
    def faulty_archive(self) -> Iterator[tuple[FaultyLine, HospitalProfile]]:
        port = free_port()
        certificate = self.authority.issue("second-front")
        with (
            faulty_line(self.archive.port) as line,
            front(
                self.folder / f"front-{port}", port, certificate=certificate, fhir_port=self.fhir_port,
                archive_port=line.port, token_arguments=["static", TOKEN],
            ),
        ):  # fmt: skip
            yield line, self.profile(port)

    def add_case(self, *, instances: int = 3, slide: bool = True) -> str:
        case_id = f"SO-{next(self._numbers)}"
        folder = self.folder / case_id
        with HospitalState(folder / "state") as state:
            SmallHospital(state, 0, folder).add_case(case_id, instances=instances, slide=slide)
            self.take_over(state)
        return case_id

    def take_over(self, state: HospitalState) -> None:
        """Everything that *state* knows: resources to the FHIR server, instances to the archive, files to nginx."""
        instances = [instance.path for instance in state.list_instances("")]
        for start in range(0, len(instances), 50):
            self.archive.store(instances[start : start + 50])
        for kind in _KINDS:
            for resource in state.list_resources(kind):
                for stored in _files_named_in(state, resource.json):
                    self.front.add_file(stored.id, stored.path.read_bytes())
                self.put(_at(resource.json, self.front.origin))

    def put(self, resource: Json) -> None:
        self._ask("PUT", f"{resource['resourceType']}/{resource['id']}", resource)

    def resource(self, reference: str) -> Json:
        return self._ask("GET", reference)

    def count(self, kind: str) -> int:
        return len(self.search(f"{kind}?_count=1000"))

    def search(self, query: str) -> list[Json]:
        return [e["resource"] for e in self._ask("GET", query).get("entry", ()) if e["search"]["mode"] == "match"]

    def change(self, reference: str, **elements: Any) -> None:
        changed = {**self.resource(reference), **elements}
        self.put({key: value for key, value in changed.items() if value is not None})

    def add_file(self, name: str, content: bytes) -> str:
        return self.front.add_file(name, content)

    def archive_digests(self) -> dict[str, str]:
        return self.archive.digests()

    def clear(self) -> None:
        """No assignments and no images; what was delivered before stays, as it does in a hospital."""
        for task in self.search("Task?_count=1000"):
            self._ask("DELETE", f"Task/{task['id']}")
        self.archive.clear()

    def _ask(self, method: str, path: str, body: Json | None = None) -> Json:
        """Past nginx, so that what happened stands without the program's own way in."""
        answer = requests.request(method, f"http://127.0.0.1:{self.fhir_port}/fhir/{path}", json=body, timeout=_LIMIT_S)
        assert answer.ok, f"{method} {path}: {answer.text[:500]}"
        told: Json = answer.json()
        return told


@contextmanager
def peer_site(folder: Path, reader: str = "") -> Iterator[PeerSite]:
    """The real servers together. With *reader*, people sign in there and are all that practitioner; else one bearer
    passes for ever."""
    folder.mkdir(parents=True, exist_ok=True)
    port = free_port()
    authority = Authority(folder, "site-authority")
    certificate = authority.issue("front")
    base = f"{origin_at(port)}/fhir"
    with ExitStack() as running:
        archive = running.enter_context(orthanc(folder / "orthanc"))
        fhir_port = running.enter_context(fhir_server(folder / "fhir", base))
        passes, configuration = ["static", TOKEN], "{}"
        if reader:
            signing_in = authorization_server(folder / "authorization", certificate, base, reader)
            server = running.enter_context(signing_in)
            passes = ["jwt", server.issuer, base, server.jwks_url, str(authority.ca_file)]
            configuration = server.smart_configuration
        entrance = running.enter_context(
            front(
                folder / "front", port, certificate=certificate, fhir_port=fhir_port, archive_port=archive.port,
                token_arguments=passes, smart_configuration=configuration,
            )
        )  # fmt: skip
        yield PeerSite(entrance, authority, archive, fhir_port, folder / "cases")


def _at(node: Any, origin: str) -> Any:
    """Addresses of the hospital's own, wherever they stand."""
    if isinstance(node, dict):
        return {key: _at(value, origin) for key, value in node.items()}
    if isinstance(node, list):
        return [_at(item, origin) for item in node]
    return node.replace(BASE_PLACEHOLDER, origin) if isinstance(node, str) else node


def _files_named_in(state: HospitalState, resource: Json) -> list[Any]:
    contents = resource.get("content", ()) if resource["resourceType"] == "DocumentReference" else ()
    names = [content["attachment"].get("url", "").rpartition("/files/")[2] for content in contents]
    return [stored for name in names if name and (stored := state.find_file(name))]
