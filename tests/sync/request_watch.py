"""What comes to a hospital of the tests and how much of each answer leaves it; and two instants to do something at.

Stands around the whole hospital, so it sees every request, also those that a scripted fault strikes.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from starlette.types import ASGIApp, Message, Receive, Scope, Send


@dataclass
class WatchedRequest:
    """One request. ``first_byte``: from where a range was asked for; 0 where the whole was."""

    method: str
    path: str
    first_byte: int = 0
    sent_bytes: int = 0
    is_whole: bool = False
    """The answer left to its end, as far as the hospital can tell."""

    def __str__(self) -> str:
        return f"{self.method} {self.path}"


@dataclass
class RequestWatch:
    """*before* is called when a request has come and nothing was done for it yet; where it says False nothing is, and
    the line is closed. *after* is called when a request was carried out and nothing of its answer has left; both get
    its number, counted from 1. *sent* is called after each piece of an answer. The hospital waits for all of them."""

    before: Callable[[int], bool] = lambda _number: True
    after: Callable[[int], None] = lambda _number: None
    sent: Callable[[WatchedRequest], None] = lambda _request: None
    requests: list[WatchedRequest] = field(default_factory=list)

    def around(self, app: ASGIApp) -> ASGIApp:
        async def answer(scope: Scope, receive: Receive, send: Send) -> None:
            request = WatchedRequest(scope["method"], scope["path"], _first_byte(dict(scope["headers"])))
            self.requests.append(request)
            number = len(self.requests)
            if not self.before(number):
                send.__self__.transport.abort()  # type: ignore[attr-defined]
                while (await receive())["type"] != "http.disconnect":
                    pass
                return
            await app(scope, receive, _WatchedAnswer(request, number, self, send).send)

        return answer


class _WatchedAnswer:
    """Stands in for uvicorn's own cycle, on whose transport the scripted faults write."""

    def __init__(self, request: WatchedRequest, number: int, watch: RequestWatch, send: Send) -> None:
        self._request = request
        self._number = number
        self._watch = watch
        self._send = send

    async def send(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self._watch.after(self._number)
        await self._send(message)
        if message["type"] == "http.response.body":
            self._request.sent_bytes += len(message.get("body", b""))
            self._request.is_whole = not message.get("more_body", False)
            self._watch.sent(self._request)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._send.__self__, name)  # type: ignore[attr-defined]


def _first_byte(headers: dict[bytes, bytes]) -> int:
    asked = re.fullmatch(rb"bytes=(\d+)-\d*", headers.get(b"range", b""))
    return int(asked[1]) if asked else 0
