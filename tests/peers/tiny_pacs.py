"""tiny-pacs, a second image archive on loopback: everything that Orthanc does one way, it does another."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.peers.installing import BIN
from tests.peers.serving import free_port, listens, running

_ON_LOOPBACK = """
import socket, sys
bind = socket.socket.bind
def bind_here(self, address):
    return bind(self, ("127.0.0.1", *address[1:]) if address[0] in ("", "0.0.0.0") else address)
socket.socket.bind = bind_here
from tiny_pacs.__main__ import main
main()
"""
"""Its DIMSE service would listen to the whole network, and no setting keeps it from that."""


@contextmanager
def tiny_pacs(folder: Path, token: str) -> Iterator[str]:
    """The base address of its DICOMweb services; it keeps what it is given in memory and checks the bearer itself."""
    folder.mkdir(parents=True, exist_ok=True)
    port = free_port()
    settings = {
        "ae": {"port": free_port()},
        "components": {
            "HttpServer": {"on": True, "host": "127.0.0.1", "port": port, "allow_remote": False},
            "DICOMWeb": {"on": True, "prefix": "/dicomweb", "auth": "token", "tokens": [token]},
        },
    }
    (folder / "settings.yaml").write_text(json.dumps(settings), "utf-8")  # YAML holds JSON
    command: list[str | Path] = [BIN / "python", "-c", _ON_LOOPBACK, "run", "-c", folder / "settings.yaml"]
    environment = {"PATH": os.environ.get("PATH", ""), "HOME": str(folder), "LC_ALL": "C.UTF-8"}
    with running("tiny-pacs", command, folder, listens(port), environment):
        yield f"http://127.0.0.1:{port}/dicomweb"
