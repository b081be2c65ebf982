"""sekmet-fhir, an independent FHIR R4 server (SQLite), on loopback without any protection of its own."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.peers.installing import BIN
from tests.peers.serving import free_port, listens, running


@contextmanager
def fhir_server(folder: Path, public_base: str) -> Iterator[int]:
    """Its port. *public_base* is what stands before ``/Task`` in every address that it gives."""
    folder.mkdir(parents=True, exist_ok=True)
    port = free_port()
    settings = {
        "base_url": public_base,
        "host": "127.0.0.1",
        "port": port,
        # It would act on Tasks by itself.
        "simulator": {"enabled": False},
        "log_inbound": False,
    }
    path = folder / "settings.yaml"
    path.write_text(json.dumps(settings), "utf-8")  # YAML holds JSON
    environment = {"PATH": os.environ.get("PATH", ""), "HOME": str(folder), "LC_ALL": "C.UTF-8"}
    with running("fhir", [BIN / "sekmet", "serve", "--config", path], folder, listens(port), environment):
        yield port
