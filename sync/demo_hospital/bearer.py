"""The door of the hospital: no request is answered without the bearer token (RFC 6750)."""

from __future__ import annotations

import hmac
import json
from collections.abc import Callable

from starlette.datastructures import Headers
from starlette.responses import Response
from starlette.types import ASGIApp, Receive, Scope, Send

from sync.demo_hospital.refusals import Refusal


class BearerCheck:
    """ASGI middleware: 401 unless ``Authorization: Bearer`` carries *token* or another that *accepts* knows.

    Paths that *is_public* names are answered to everybody.
    """

    def __init__(
        self, app: ASGIApp, token: str, accepts: Callable[[str], bool], is_public: Callable[[str], bool]
    ) -> None:
        self._app = app
        self._token = token.encode()
        self._accepts = accepts
        self._is_public = is_public

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or self._is_public(scope["path"]):
            await self._app(scope, receive, send)
            return
        scheme, _, given = Headers(scope=scope).get("authorization", "").partition(" ")
        given = given.strip()
        is_known = hmac.compare_digest(given.encode(), self._token) or self._accepts(given)
        if scheme.lower() == "bearer" and is_known:
            await self._app(scope, receive, send)
            return
        refusal = Refusal(401, "login", "This hospital answers only with a valid access token.")
        body = json.dumps(refusal.to_operation_outcome()).encode()
        headers = {"WWW-Authenticate": 'Bearer realm="demo hospital"'}
        await Response(body, 401, headers, media_type="application/fhir+json")(scope, receive, send)
