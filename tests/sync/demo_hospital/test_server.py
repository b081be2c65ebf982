"""The hospital as a process: it announces itself when it answers, stops when told, and loses nothing when killed."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import requests

from sync.demo_hospital.cohort import build_cohort
from sync.demo_hospital.server import serve
from sync.errors import SyncError
from tests.sync.demo_hospital.tiny_cohort import write_tiny_images

Json = dict[str, Any]

PROGRAM = """
import json, sys
from pathlib import Path
from sync.demo_hospital.server import serve
if __name__ == "__main__":
    serve(Path(sys.argv[1]), 0, None, lambda a: print(json.dumps(a.to_json()), flush=True), lambda t, d: None,
          stop_with_stdin=True)
"""


@pytest.fixture(scope="module")
def state_dir(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("hospital")
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr("sync.demo_hospital.cohort.STORIES", ())
        build_cohort(folder, lambda text, done: None, write_tiny_images)
    return folder


class Running:
    """A hospital in a process of its own."""

    def __init__(self, state_dir: Path) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-c", PROGRAM, str(state_dir)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        assert self.process.stdout is not None
        self.announced: Json = json.loads(self.process.stdout.readline())

    def request(self, method: str, path: str, body: Json | None = None) -> requests.Response:
        headers = {"Authorization": f"Bearer {self.announced['token']}"}
        return requests.request(method, self.announced["fhir_base"] + path, json=body, headers=headers, timeout=10)

    def end(self) -> int:
        for pipe in (self.process.stdin, self.process.stdout):
            assert pipe is not None
            pipe.close()
        return self.process.wait(10)


@pytest.fixture
def running(state_dir: Path) -> Iterator[Running]:
    hospital = Running(state_dir)
    yield hospital
    hospital.process.kill()
    hospital.end()


def test_that_an_answered_transaction_survives_a_kill(running: Running, state_dir: Path) -> None:
    assert running.announced["practitioner_reference"] == "Practitioner/demo-specialist"
    communication = {"resourceType": "Communication", "status": "completed", "identifier": [{"value": "m1"}]}
    bundle = {
        "resourceType": "Bundle",
        "type": "transaction",
        "entry": [{"resource": communication, "request": {"method": "POST", "url": "Communication"}}],
    }
    assert running.request("POST", "", bundle).status_code == 200
    os.kill(running.process.pid, signal.SIGKILL)
    running.end()
    again = Running(state_dir)
    try:
        assert again.request("GET", "/Communication?identifier=m1").json()["total"] == 1
        assert again.announced == running.announced, "the same port, the same token"
    finally:
        assert again.end() == 0, "it stops when its standard input ends"


def test_that_the_command_line_sets_faults(state_dir: Path) -> None:
    command = [sys.executable, "-m", "workstation", "hospital", "serve", "--port", "0", "--state", str(state_dir)]
    command += ["--faults", "answer-503=3:read@1", "--stop-with-stdin"]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        announced: Json = json.loads(process.stdout.readline())
        headers = {"Authorization": f"Bearer {announced['token']}"}
        address = announced["fhir_base"] + "/Organization/lindenhof"
        answers = [requests.get(address, headers=headers, timeout=10) for _ in range(2)]
        assert process.stdin is not None
        process.stdin.close()
    assert [answer.status_code for answer in answers] == [503, 200]
    assert answers[0].headers["Retry-After"] == "3"


def test_that_it_stops_quietly_when_told_to(running: Running) -> None:
    running.process.send_signal(signal.SIGTERM)
    assert running.process.wait(10) == 0


def test_that_a_remembered_port_that_is_taken_is_given_up_for_another(running: Running, state_dir: Path) -> None:
    second = Running(state_dir)
    assert second.announced["fhir_base"] != running.announced["fhir_base"]
    assert second.request("GET", "/metadata").status_code == 200
    assert second.end() == 0


def test_that_a_port_asked_for_and_taken_is_refused_before_anything_is_built(tmp_path: Path) -> None:
    built: list[str] = []
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(SyncError, match=f"Port {port} on 127.0.0.1 is taken"):
            serve(tmp_path, port, None, lambda _: None, lambda text, done: built.append(text))
    assert built == [] and list(tmp_path.iterdir()) == []


def test_that_a_person_is_told_the_address_the_user_and_how_to_stop(state_dir: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    command = [sys.executable, "-m", "workstation", "hospital", "serve", "--port", str(port), "--state", str(state_dir)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None and process.stderr is not None
        announced: Json = json.loads(process.stdout.readline())
        process.send_signal(signal.SIGINT)
        said = process.stderr.read().splitlines()
    assert process.returncode == 0
    assert announced["fhir_base"] == f"http://127.0.0.1:{port}/fhir"
    assert len(said) <= 6 and not any(line.startswith("progress ") for line in said)
    for word in (f"http://127.0.0.1:{port}:", "“marwick”", announced["account_passphrase"], "Ctrl+C"):
        assert word in said[-1]


def test_that_a_folder_of_local_data_that_is_none_is_refused(state_dir: Path, tmp_path: Path) -> None:
    with pytest.raises(SyncError, match="is not a folder"):
        serve(state_dir, 0, tmp_path / "nowhere", lambda _: None, lambda text, done: None)


def test_that_a_client_that_dies_in_mid_request_is_no_fault_of_the_hospitals(
    running: Running, capfd: pytest.CaptureFixture[str]
) -> None:
    port = int(running.announced["fhir_base"].rpartition(":")[2].partition("/")[0])
    head = "POST /fhir HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/fhir+json\r\nContent-Length: 900\r\n"
    with socket.create_connection(("127.0.0.1", port), timeout=10) as line:
        line.sendall(f"{head}Authorization: Bearer {running.announced['token']}\r\n\r\n{{".encode())
    assert running.request("GET", "/metadata").status_code == 200
    assert running.end() == 0
    assert capfd.readouterr().err == ""
