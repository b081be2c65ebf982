"""What a new workstation of the demo specialist is given, under ``/enrolment``, and the report on local data."""

from __future__ import annotations

import json

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from sync.demo_hospital.identity import DemoIdentity
from sync.demo_hospital.refusals import not_found
from sync.demo_hospital.state import HospitalState

LOCAL_DATA_REPORT = "local-data-report"
"""Name of the fact that holds the report as JSON."""


class EnrolmentRoutes:
    """The endpoints below ``/enrolment``."""

    def __init__(self, state: HospitalState, identity: DemoIdentity) -> None:
        self._state = state
        self._identity = identity

    def routes(self) -> list[Route]:
        return [
            Route("/enrolment/identity.p12", self.identity, methods=["GET"]),
            Route("/enrolment/trust.pem", self.trust, methods=["GET"]),
            Route("/enrolment/local-data-report", self.local_data_report, methods=["GET"]),
        ]

    def identity(self, _: Request) -> Response:
        return Response(self._identity.p12, media_type="application/x-pkcs12")

    def trust(self, _: Request) -> Response:
        return Response(self._identity.trust_pem, media_type="application/x-pem-file")

    def local_data_report(self, _: Request) -> Response:
        report = self._state.find_fact(LOCAL_DATA_REPORT)
        if report is None:
            raise not_found("enrolment/local-data-report")
        return Response(json.dumps(json.loads(report)).encode(), media_type="application/json")
