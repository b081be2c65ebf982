"""The scripted faults of a running hospital, read and changed under ``/faults``: for tests in another process."""

from __future__ import annotations

import json

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from sync.demo_hospital.faults import FaultScript, FaultsNotUnderstood
from sync.demo_hospital.refusals import invalid


class FaultRoutes:
    """``GET /faults``: what is set and what has struck. ``PUT /faults``: its body, a SPEC or nothing, instead."""

    def __init__(self, script: FaultScript) -> None:
        self._script = script

    def routes(self) -> list[Route]:
        return [Route("/faults", self.show, methods=["GET"]), Route("/faults", self.replace, methods=["PUT"])]

    async def show(self, _: Request) -> Response:
        return self._as_json()

    async def replace(self, request: Request) -> Response:
        try:
            self._script.replace((await request.body()).decode("utf-8"))
        except FaultsNotUnderstood as error:
            raise invalid(str(error)) from error
        return self._as_json()

    def _as_json(self) -> Response:
        shown = {"spec": self._script.spec, "struck": [list(one) for one in self._script.struck]}
        return Response(json.dumps(shown).encode(), media_type="application/json")
