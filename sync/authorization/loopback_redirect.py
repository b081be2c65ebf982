"""Where the browser comes back to after a sign-in: one request, on loopback, on a port of the moment (RFC 8252)."""

from __future__ import annotations

import hmac
import html
import socket
import time
from collections.abc import Callable
from contextlib import suppress
from types import TracebackType
from urllib.parse import parse_qs, urlsplit

from sync.errors import SignInFailed

HOST = "127.0.0.1"
PATH = "/callback"
_POLL_S = 0.1
_READ_TIMEOUT_S = 3.0
_LARGEST_HEAD_BYTES = 16 * 1024

_PAGE = """<!doctype html><html lang="en"><meta charset="utf-8"><title>Reading Room</title>
<body style="font-family: system-ui, sans-serif; margin: 20vh auto; max-width: 30em; text-align: center">
<h1 style="font-size: 1.4em">{title}</h1><p>{text}</p></body></html>"""


class LoopbackRedirect:
    """Listens from the moment it is made until `close`; anything but the answer that is waited for is turned away."""

    def __init__(self) -> None:
        self._listener = socket.create_server((HOST, 0))
        self._listener.settimeout(_POLL_S)

    @property
    def uri(self) -> str:
        """The redirect URI of this sign-in."""
        return f"http://{HOST}:{self._listener.getsockname()[1]}{PATH}"

    def wait(self, state: str, timeout_s: float, cancelled: Callable[[], bool]) -> str:
        """The whole address that the browser was sent back to, its state being *state*. Blocks.

        `SignInFailed` after *timeout_s*, when *cancelled*, or where the hospital sent an error instead of a code.
        """
        end = time.monotonic() + timeout_s
        while time.monotonic() < end:
            if cancelled():
                raise SignInFailed("The sign-in was cancelled.")
            try:
                line, _ = self._listener.accept()
            except TimeoutError:
                continue
            with line:
                answer = self._answer(line, state)
            if answer is not None:
                return answer
        raise SignInFailed("Nobody signed in within the time given; nothing has changed.")

    def close(self) -> None:
        self._listener.close()

    def __enter__(self) -> LoopbackRedirect:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _answer(self, line: socket.socket, state: str) -> str | None:
        """Answer one request; the address it asked for where it is the one that is waited for."""
        target = _read_target(line)
        parts = urlsplit(target)
        given = parse_qs(parts.query)
        if parts.path != PATH:
            _reply(line, "404 Not Found", "Nothing here", "This address only takes the end of a sign-in.")
            return None
        states = given.get("state", [])
        if len(states) != 1 or not hmac.compare_digest(states[0].encode(), state.encode()):
            _reply(
                line, "400 Bad Request", "Not this sign-in", "Reading Room did not begin this sign-in and ignores it."
            )
            return None
        if "error" in given or len(given.get("code", [])) != 1:
            _reply(line, "200 OK", "Not signed in", "The hospital did not sign you in. You can close this window.")
            said = " ".join(given.get("error_description", given.get("error", [""]))[0].split())[:200]
            raise SignInFailed(f"The hospital did not sign you in{': ' + said if said else '.'}")
        _reply(line, "200 OK", "Back to Reading Room", "You can close this window and go on in Reading Room.")
        return self.uri.removesuffix(PATH) + target


def _read_target(line: socket.socket) -> str:
    """The request target of a GET; empty for anything else, or when the other side dawdles."""
    head = b""
    end = time.monotonic() + _READ_TIMEOUT_S
    try:
        while b"\r\n\r\n" not in head:
            line.settimeout(max(0.01, end - time.monotonic()))
            piece = line.recv(4096)
            if not piece or len(head) > _LARGEST_HEAD_BYTES:
                return ""
            head += piece
    except OSError:
        return ""
    words = head.split(b"\r\n", 1)[0].decode("latin-1").split(" ")
    return words[1] if len(words) == 3 and words[0] == "GET" and words[1].startswith("/") else ""


def _reply(line: socket.socket, status: str, title: str, text: str) -> None:
    body = _PAGE.format(title=html.escape(title), text=html.escape(text)).encode()
    head = (
        f"HTTP/1.1 {status}\r\nContent-Type: text/html; charset=utf-8\r\nContent-Length: {len(body)}\r\n"
        "Cache-Control: no-store\r\nReferrer-Policy: no-referrer\r\n"
        "Content-Security-Policy: default-src 'none'; style-src 'unsafe-inline'\r\nConnection: close\r\n\r\n"
    )
    with suppress(OSError):  # the browser need not hear it for the sign-in to be good
        line.settimeout(_READ_TIMEOUT_S)
        line.sendall(head.encode() + body)
        line.shutdown(socket.SHUT_WR)
