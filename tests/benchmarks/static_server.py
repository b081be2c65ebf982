"""Files over HTTP at the speed of C: nginx where it is installed, else a few lines around sendfile(2)."""

from __future__ import annotations

import http.server
import multiprocessing
import os
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http import HTTPStatus
from pathlib import Path

_NGINX = """
daemon off; master_process off; pid {work}/nginx.pid; error_log {work}/error.log;
events {{ worker_connections 64; }}
http {{
    access_log off; sendfile on; tcp_nodelay on; default_type application/octet-stream; keepalive_requests 100000;
    client_body_temp_path {work}; proxy_temp_path {work}; fastcgi_temp_path {work};
    uwsgi_temp_path {work}; scgi_temp_path {work};
    types {{ application/dicom dcm; }}
    server {{ listen 127.0.0.1:{port}; root {root}; }}
}}
"""


@contextmanager
def static_server(root: Path, work: Path) -> Iterator[tuple[str, str]]:
    """Serves *root*; its base address and the server's name. *work* is for the server's own files."""
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = int(probe.getsockname()[1])
    nginx = shutil.which("nginx", path=f"{os.environ.get('PATH', '')}:/usr/sbin:/usr/local/sbin")
    if nginx is not None:
        configuration = work / "nginx.conf"
        configuration.write_text(_NGINX.format(work=work, port=port, root=root))
        server = subprocess.Popen([nginx, "-c", str(configuration), "-p", str(work)], stderr=subprocess.DEVNULL)
        end, name = server.terminate, "nginx"
        wait = server.wait
    else:
        child = multiprocessing.get_context("spawn").Process(target=_serve, args=(str(root), port), daemon=True)
        child.start()
        end, name = child.terminate, "sendfile server"
        wait = child.join
    try:
        _await(port)
        yield f"http://127.0.0.1:{port}", name
    finally:
        end()
        wait(10)


def _await(port: int) -> None:
    deadline = time.monotonic() + 20
    while True:
        try:
            socket.create_connection(("127.0.0.1", port), 1).close()
        except OSError:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.05)
        else:
            return


class _SendFile(http.server.SimpleHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        with Path(self.translate_path(self.path)).open("rb") as file:
            size = os.fstat(file.fileno()).st_size
            self.send_response(HTTPStatus.OK)
            self.send_header("Content-Length", str(size))
            self.end_headers()
            self.wfile.flush()
            sent = 0
            while sent < size:
                sent += os.sendfile(self.connection.fileno(), file.fileno(), sent, size - sent)

    def log_message(self, *_arguments: object) -> None:
        pass


def _serve(root: str, port: int) -> None:
    os.chdir(root)
    http.server.ThreadingHTTPServer(("127.0.0.1", port), _SendFile).serve_forever()
