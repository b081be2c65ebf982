"""A line to a hospital that loses answers: requests always arrive and are carried out, replies may not come back."""

from __future__ import annotations

import re
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field


@dataclass
class FaultyLine:
    """A proxy in front of a hospital. ``cut`` gets the request line and the reply, and gives what is let through."""

    port: int
    cut: Callable[[str, bytes], bytes] = lambda line, reply: reply
    before: Callable[[str], None] = lambda line: None
    """Called when a request has come, before it goes on to the hospital."""
    lines: list[str] = field(default_factory=list)


@contextmanager
def faulty_line(hospital_port: int) -> Iterator[FaultyLine]:
    listener = socket.create_server(("127.0.0.1", 0))
    line = FaultyLine(listener.getsockname()[1])

    def serve() -> None:
        while True:
            try:
                client, _ = listener.accept()
            except OSError:
                return
            threading.Thread(target=_pass_on, args=(client, hospital_port, line), daemon=True).start()

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    try:
        yield line
    finally:
        listener.shutdown(socket.SHUT_RDWR)
        listener.close()
        thread.join(2)


def _pass_on(client: socket.socket, hospital_port: int, line: FaultyLine) -> None:
    with client:
        request = b""
        while b"\r\n\r\n" not in request:
            piece = client.recv(65536)
            if not piece:
                return
            request += piece
        head, _, body = request.partition(b"\r\n\r\n")
        length = re.search(rb"(?i)content-length: *(\d+)", head)
        while len(body) < (int(length.group(1)) if length else 0):
            body += client.recv(65536)
        first = head.split(b"\r\n")[0].decode()
        line.lines.append(first)
        line.before(first)
        head = re.sub(rb"(?i)\r\nconnection: [^\r]*", b"", head) + b"\r\nConnection: close"
        with socket.create_connection(("127.0.0.1", hospital_port)) as upstream:
            upstream.sendall(head + b"\r\n\r\n" + body)
            reply = b""
            while piece := upstream.recv(1 << 20):
                reply += piece
        client.sendall(line.cut(first, reply))
