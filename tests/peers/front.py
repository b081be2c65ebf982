"""nginx in front of the real servers, as a hospital has it: one address, TLS, the bearer checked, files with Range."""

from __future__ import annotations

import base64
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.peers import token_check
from tests.peers.installing import find_program
from tests.peers.orthanc import PASSWORD, USER
from tests.peers.serving import free_port, listens, running

_CONFIGURATION = """
worker_processes 1;
daemon off;
pid {folder}/nginx.pid;
error_log {folder}/nginx-errors.log;
{user}
events {{ worker_connections 128; }}
http {{
  access_log off;
  sendfile on;
  default_type application/octet-stream;
  client_max_body_size 2g;
  client_body_temp_path {folder}/body;
  proxy_temp_path {folder}/proxy;
  fastcgi_temp_path {folder}/fastcgi;
  uwsgi_temp_path {folder}/uwsgi;
  scgi_temp_path {folder}/scgi;
  server {{
    listen 127.0.0.1:{port} ssl;
    ssl_certificate {certificate};
    ssl_certificate_key {certificate};
    ssl_protocols TLSv1.2 TLSv1.3;
    proxy_set_header Host $http_host;
    proxy_set_header Forwarded "host=$http_host;proto=https";
    auth_request /token;
    location = /token {{
      internal;
      auth_request off;
      proxy_pass http://127.0.0.1:{token_port};
      proxy_pass_request_body off;
      proxy_set_header Content-Length "";
    }}
    location = /fhir/metadata {{ auth_request off; proxy_pass http://127.0.0.1:{fhir_port}; }}
    location = /fhir/.well-known/smart-configuration {{
      auth_request off;
      default_type application/json;
      alias {folder}/smart-configuration.json;
    }}
    location /fhir {{ proxy_pass http://127.0.0.1:{fhir_port}; }}
    location /dicom-web {{
      proxy_pass http://127.0.0.1:{archive_port};
      proxy_set_header Authorization "Basic {archive_account}";
      proxy_buffering off;
      proxy_request_buffering off;
      proxy_connect_timeout 5s;
    }}
    location /files/ {{ root {folder}/www; }}
  }}
}}
"""


@dataclass(frozen=True)
class Front:
    """The hospital's one address, and the folder whose files it offers under ``/files/``."""

    origin: str
    folder: Path

    @property
    def fhir_base(self) -> str:
        return f"{self.origin}/fhir"

    @property
    def dicomweb_base(self) -> str:
        return f"{self.origin}/dicom-web"

    @property
    def files_base(self) -> str:
        return f"{self.origin}/files"

    def add_file(self, name: str, content: bytes) -> str:
        """Its address."""
        path = self.folder / "www" / "files" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
        return f"{self.files_base}/{name}"


def origin_at(port: int) -> str:
    return f"https://127.0.0.1:{port}"


@contextmanager
def front(
    folder: Path, port: int, *, certificate: Path, fhir_port: int, archive_port: int, token_arguments: list[str],
    smart_configuration: str = "{}",
) -> Iterator[Front]:  # fmt: skip
    """*certificate* is one PEM with key and certificate; *token_arguments* say which bearers pass (`token_check`)."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "smart-configuration.json").write_text(smart_configuration, "utf-8")
    token_port = free_port()
    configuration = _CONFIGURATION.format(
        folder=folder, port=port, token_port=token_port, fhir_port=fhir_port, archive_port=archive_port,
        archive_account=base64.b64encode(f"{USER}:{PASSWORD}".encode()).decode(),
        certificate=certificate,
        # Its workers would otherwise be somebody who may not read a test's own folder.
        user="user root;" if os.geteuid() == 0 else "",
    )  # fmt: skip
    path = folder / "nginx.conf"
    path.write_text(configuration, "utf-8")
    environment = {"PATH": os.environ.get("PATH", ""), "LC_ALL": "C.UTF-8"}
    nginx: list[str | Path] = [
        find_program("nginx") or "nginx",
        "-e",
        folder / "nginx-errors.log",
        "-p",
        folder,
        "-c",
        path,
    ]
    checking = [sys.executable, token_check.__file__, str(token_port), *token_arguments]
    with (
        running("token-check", checking, folder, listens(token_port), environment),
        running("nginx", nginx, folder, listens(port), environment),
    ):
        yield Front(origin_at(port), folder)
