"""The outermost layer of the hospital: carries out the scripted faults of the line, of statuses and of bytes.

Closing a connection, or sending a body without saying its length, is nothing ASGI can express; it is done on uvicorn's
own transport, and so this layer works behind uvicorn only.
"""

from __future__ import annotations

import asyncio
import base64
import hashlib
import json
from email.utils import formatdate
from http import HTTPStatus
from typing import Any

from starlette.concurrency import run_in_threadpool
from starlette.datastructures import MutableHeaders
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from sync.demo_hospital.fault_events import EVENTS
from sync.demo_hospital.faults import FaultScript, Struck
from sync.demo_hospital.refusals import Refusal
from sync.demo_hospital.state import HospitalState

SLOW_PIECE_BYTES = 64 * 1024
SLOW_PIECE_S = 0.25
DEFAULT_DELAY_S = 2.0
DEFAULT_RETRY_AFTER_S = "1"

_ANSWERS = {
    400: ("invalid", "The request is malformed"),
    401: ("login", "The access token is no longer valid"),
    403: ("forbidden", "Access is refused"),
    404: ("not-found", "It is not known here"),
    409: ("conflict", "Somebody else is changing it"),
    410: ("deleted", "It has been deleted"),
    412: ("conflict", "A newer version is there"),
    422: ("business-rule", "A rule of the hospital is broken"),
    429: ("throttled", "There are too many requests"),
    500: ("exception", "Something failed inside the hospital"),
    503: ("transient", "The hospital's computers are being looked after"),
}


class _LineCut(Exception):
    """The connection is gone on purpose; whoever is still writing may stop."""


class FaultyAnswers:
    """ASGI middleware around the whole hospital."""

    def __init__(self, app: ASGIApp, script: FaultScript, state: HospitalState) -> None:
        self._app = app
        self._script = script
        self._state = state

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        struck = self._script.meet(scope["method"], scope["path"])
        scope["faults"] = struck
        for name in struck:
            if name in EVENTS:
                await run_in_threadpool(EVENTS[name], self._state, struck[name])
        if "offline" in struck:
            await _hang_up(receive, send)
            return
        if "silent" in struck:
            await _wait_for_disconnect(receive)
            return
        statuses = [int(name.removeprefix("answer-")) for name in struck if name.startswith("answer-")]
        if statuses:
            await _answer(statuses[0], struck, scope, receive, send)
            return
        if "changed-etag" in struck:
            changing = (b"range", b"if-range", b"if-none-match")
            scope["headers"] = [(name, value) for name, value in scope["headers"] if name not in changing]
        line = _FaultyLine(struck, scope, receive, send)
        try:
            await self._app(scope, receive, line.send)
        except Exception:
            if not line.is_cut:
                raise


class _FaultyLine:
    """One answer on its way out, spoilt."""

    def __init__(self, struck: Struck, scope: Scope, receive: Receive, send: Send) -> None:
        self._struck = struck
        self._has_body = scope["method"] != "HEAD"
        self._receive = receive
        self._send = send
        self._sent_bytes = 0
        self._damaged_at = -1
        self._cut_at: int | None = None
        self._is_raw = False
        self.is_cut = False

    async def send(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            await self._begin(message)
        else:
            await self._continue(message)

    async def _begin(self, message: Message) -> None:
        is_success = message["status"] < 300
        if "lost-response-after-commit" in self._struck and is_success:
            await self._cut()
        if "slow" in self._struck:
            await asyncio.sleep(float(self._struck["slow"] or DEFAULT_DELAY_S))
        headers = MutableHeaders(raw=message.setdefault("headers", []))
        length_bytes = int(headers.get("content-length", 0))
        if is_success:
            self._spoil_headers(headers)
            if "damaged-bytes" in self._struck and length_bytes:
                self._damaged_at = length_bytes // 2
            for name in ("cut-with-length", "cut-without-length", "cut-chunked", "stalled"):
                if name in self._struck and self._has_body:
                    self._cut_at = int(float(self._struck[name] or length_bytes // 2))
                    self._is_raw = name == "cut-without-length"
                    if name == "cut-chunked" and "content-length" in headers:
                        del headers["content-length"]  # the server then sends chunks of its own accord
        if self._is_raw:
            _write_head(self._send, message)
            return
        await self._send(message)

    def _spoil_headers(self, headers: MutableHeaders) -> None:
        if "wrong-digest" in self._struck:
            other = base64.b64encode(hashlib.sha256(b"other bytes").digest()).decode()
            headers["Repr-Digest"] = f"sha-256=:{other}:"
        if "changed-etag" in self._struck:
            headers["ETag"] = f'"{hashlib.sha256(str(id(self)).encode() + formatdate().encode()).hexdigest()}"'

    async def _continue(self, message: Message) -> None:
        body: bytes = message.get("body", b"")
        at = self._damaged_at - self._sent_bytes
        if 0 <= at < len(body):
            body = body[:at] + bytes([body[at] ^ 1]) + body[at + 1 :]
        ends_here = False
        if self._cut_at is not None:
            left = self._cut_at - self._sent_bytes
            ends_here = len(body) >= left
            body = body[:left]
        self._sent_bytes += len(body)
        if ends_here:
            await self._write(body, more_body=True)
            if "stalled" in self._struck:
                self.is_cut = True
                await _wait_for_disconnect(self._receive)
                raise _LineCut
            await self._cut(politely=True)
        await self._write(body, more_body=bool(message.get("more_body", False)))

    async def _write(self, body: bytes, *, more_body: bool) -> None:
        if self._is_raw:
            _cycle_of(self._send).transport.write(body)
            await _cycle_of(self._send).flow.drain()
            if not more_body:
                await self._cut(politely=True)
            return
        if "slow" in self._struck:
            for start in range(0, len(body) - SLOW_PIECE_BYTES, SLOW_PIECE_BYTES):
                await self._send(_body(body[start : start + SLOW_PIECE_BYTES], more_body=True))
                await asyncio.sleep(SLOW_PIECE_S)
            body = body[-(len(body) % SLOW_PIECE_BYTES or SLOW_PIECE_BYTES) :]
        await self._send(_body(body, more_body=more_body))

    async def _cut(self, *, politely: bool = False) -> None:
        """Hang up: at once, or *politely* when what was written has left."""
        self.is_cut = True
        await _hang_up(self._receive, self._send, politely=politely)
        raise _LineCut


def _body(body: bytes, *, more_body: bool) -> Message:
    return {"type": "http.response.body", "body": body, "more_body": more_body}


async def _answer(status: int, struck: Struck, scope: Scope, receive: Receive, send: Send) -> None:
    """A refusal in FHIR's form; the request is read to its end first, as a server that thinks before it refuses."""
    while (await receive()).get("more_body"):
        pass
    code, sentence = _ANSWERS[status]
    headers = {}
    if status == 401:
        headers["WWW-Authenticate"] = 'Bearer realm="demo hospital", error="invalid_token"'
    if status in (429, 503):
        headers["Retry-After"] = struck[f"answer-{status}"] or DEFAULT_RETRY_AFTER_S
    outcome = Refusal(status, code, f"{sentence} (a scripted fault).").to_operation_outcome()
    response = Response(json.dumps(outcome).encode(), status, headers, media_type="application/fhir+json")
    await response(scope, receive, send)


async def _hang_up(receive: Receive, send: Send, *, politely: bool = False) -> None:
    transport = _cycle_of(send).transport
    if politely:
        transport.close()
    else:
        transport.abort()
    await _wait_for_disconnect(receive)


async def _wait_for_disconnect(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass


def _write_head(send: Send, message: Message) -> None:
    """Status and headers with neither Content-Length nor chunks: the body lasts as long as the line (RFC 9112 6.3)."""
    status = message["status"]
    lines = [
        b"HTTP/1.1 %d %s" % (status, HTTPStatus(status).phrase.encode()),
        b"date: " + formatdate(usegmt=True).encode(),
    ]
    lines += [name + b": " + value for name, value in message["headers"] if name.lower() != b"content-length"]
    _cycle_of(send).transport.write(b"\r\n".join([*lines, b"connection: close", b"", b""]))


def _cycle_of(send: Send) -> Any:
    """uvicorn's RequestResponseCycle, whose method *send* is."""
    return send.__self__  # type: ignore[attr-defined]
