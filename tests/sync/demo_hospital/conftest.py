"""A hospital answering on a real loopback port, with a few small resources, for the tests of its services."""

from __future__ import annotations

import asyncio
import socket
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import requests
import uvicorn
from starlette.types import ASGIApp, Receive, Scope, Send

from sync.demo_hospital import case_resources as fhir
from sync.demo_hospital.faults import FaultScript
from sync.demo_hospital.hospital_resources import COORDINATOR, put_hospital_resources
from sync.demo_hospital.identity import DemoIdentity, load_identity
from sync.demo_hospital.server import make_app
from sync.demo_hospital.state import HospitalState

Json = dict[str, Any]

SHEET = fhir.CaseSheet(
    case_id="SO-2026-00900",
    patient_reference="Patient/p1",
    questions=("Is it there?",),
    asked_by="Test",
    working_diagnosis="Not known",
    diagnosis_code=None,
    order_details=("imaging-reread",),
    priority="routine",
    authored=datetime(2026, 11, 1, 9, tzinfo=UTC),
    due=datetime(2026, 11, 15, 9, tzinfo=UTC),
    requester=COORDINATOR,
    requester_name="Test",
    status="in-progress",
)


@dataclass(frozen=True)
class Answering:
    """A hospital under test: its state and how to talk to it."""

    state: HospitalState
    origin: str
    token: str
    faults: FaultScript = field(default_factory=FaultScript)
    """What goes wrong from now on; change it at any time."""

    @property
    def headers(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.token}"}

    def get(self, path: str, **headers: str) -> requests.Response:
        url = path if path.startswith("http") else self.origin + path
        return requests.get(url, headers={**self.headers, **headers}, timeout=10)

    def post(self, path: str, body: Json, **headers: str) -> requests.Response:
        return requests.post(self.origin + path, json=body, headers={**self.headers, **headers}, timeout=10)

    def put(self, path: str, body: Json, **headers: str) -> requests.Response:
        return requests.put(self.origin + path, json=body, headers={**self.headers, **headers}, timeout=10)


def fill(state: HospitalState) -> None:
    """One case without images."""
    put_hospital_resources(state)
    state.put_resource({"resourceType": "Patient", "id": "p1", "name": [{"family": "Testfall"}]})
    for resource in (fhir.consent(SHEET, None), fhir.service_request(SHEET, []), fhir.manifest(SHEET, [])):
        state.put_resource(resource)
    state.put_resource(fhir.task(SHEET, "radiologist"))


class OnePort:
    """A port that stays open while the hospital behind it changes: starting a server for each test takes too long."""

    def __init__(self) -> None:
        self.app: ASGIApp | None = None
        self.origin = ""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        assert self.app is not None
        await self.app(scope, receive, send)


@pytest.fixture(scope="session")
def one_port() -> Iterator[OnePort]:
    port = OnePort()
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port.origin = f"http://127.0.0.1:{listener.getsockname()[1]}"
        server = uvicorn.Server(uvicorn.Config(port, log_level="error", lifespan="off"))
        thread = threading.Thread(target=lambda: asyncio.run(server.serve([listener])))
        thread.start()
        yield port
        server.should_exit = True
        thread.join(5)


@pytest.fixture(scope="session")
def identity(tmp_path_factory: pytest.TempPathFactory) -> DemoIdentity:
    return load_identity(tmp_path_factory.mktemp("identity"))


@pytest.fixture
def hospital(tmp_path: Path, one_port: OnePort, identity: DemoIdentity) -> Iterator[Answering]:
    """A hospital with one case, answering until the test ends."""
    with HospitalState(tmp_path / "state") as state:
        fill(state)
        answering = Answering(state, one_port.origin, identity.token)
        one_port.app = make_app(state, identity, answering.faults)
        yield answering
