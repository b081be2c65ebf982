"""A tiny HTTP server on a raw socket that answers exactly the bytes it is told to: cut bodies, odd framing."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from sync.hospital_profile import HospitalProfile

Answer = Callable[[str, dict[str, str]], bytes]
"""From the request line and its headers (lower-case names) to the whole reply, status line to last byte."""


@dataclass
class ScriptedServer:
    port: int
    requests: list[tuple[str, dict[str, str]]] = field(default_factory=list)

    @property
    def base(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def profile(self) -> HospitalProfile:
        return HospitalProfile(
            name="test",
            hospital_name="Test Hospital",
            fhir_base=f"{self.base}/fhir",
            dicomweb_base=f"{self.base}/dicom-web",
            files_base=f"{self.base}/files",
            token="secret-token",
            practitioner_reference="Practitioner/me",
            practitioner_name="Dr Me",
        )


def reply(status: str, body: bytes = b"", /, *, length: int | None = -1, **headers: str) -> bytes:
    """One HTTP/1.1 reply. ``length`` -1: the true Content-Length; None: none at all, the end of the line ends it."""
    lines = [f"HTTP/1.1 {status}", "Connection: close"]
    if length is not None:
        lines.append(f"Content-Length: {len(body) if length == -1 else length}")
    lines += [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + body


@contextmanager
def scripted_server(answer: Answer) -> Iterator[ScriptedServer]:
    listener = socket.create_server(("127.0.0.1", 0))
    server = ScriptedServer(listener.getsockname()[1])

    def serve() -> None:
        while True:
            try:
                line, _ = listener.accept()
            except OSError:
                return
            threading.Thread(target=_converse, args=(line, server, answer), daemon=True).start()

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    try:
        yield server
    finally:
        listener.shutdown(socket.SHUT_RDWR)
        listener.close()
        thread.join(2)


def _converse(line: socket.socket, server: ScriptedServer, answer: Answer) -> None:
    with line:
        received = b""
        while b"\r\n\r\n" not in received:
            piece = line.recv(65536)
            if not piece:
                return
            received += piece
        head, _, body = received.partition(b"\r\n\r\n")
        first, *rest = head.decode("latin-1").split("\r\n")
        headers = {name.lower(): value.strip() for name, _, value in (row.partition(":") for row in rest)}
        missing = int(headers.get("content-length", "0")) - len(body)
        while missing > 0 and (piece := line.recv(65536)):
            missing -= len(piece)
        server.requests.append((first, headers))
        line.sendall(answer(first, headers))
