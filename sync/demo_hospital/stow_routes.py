"""STOW-RS over HTTP under ``/dicom-web`` (PS3.18 section 10.5): objects posted, a result for each."""

from __future__ import annotations

import json
from dataclasses import replace

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from sync.demo_hospital.archive_intake import (
    COERCED,
    PROCESSING_FAILURE,
    SOP_CLASS_NOT_SUPPORTED,
    STORED_BEFORE,
    ArchiveIntake,
    Intake,
    to_store_response,
)
from sync.demo_hospital.faults import Struck, struck_by
from sync.demo_hospital.fhir_routes import origin_of, read_whole_body
from sync.demo_hospital.media_types import DICOM_JSON, MULTIPART, SINGLE_PART, parse_accept
from sync.demo_hospital.multipart_body import find_boundary, split_parts
from sync.demo_hospital.refusals import Refusal, invalid
from sync.demo_hospital.state import HospitalState

_ACCEPTED = frozenset({DICOM_JSON, "application/json", "*/*", "application/*"})


class StowRoutes:
    """``POST …/studies`` and ``POST …/studies/{study}``."""

    def __init__(self, state: HospitalState) -> None:
        self._intake = ArchiveIntake(state)

    def routes(self) -> list[Route]:
        bases = ("/dicom-web", "/dicom-web/partitions/{partition}")
        paths = ("/studies", "/studies/{study}")
        return [Route(base + path, self.store, methods=["POST"]) for base in bases for path in paths]

    async def store(self, request: Request) -> Response:
        if not any(one.media_type in _ACCEPTED for one in parse_accept(request.headers.get("accept", ""))):
            raise Refusal(406, "not-supported", f"The answer to a store is {DICOM_JSON}.")
        media_type, part_type, boundary = find_boundary(request.headers.get("content-type", ""))
        if media_type != MULTIPART or part_type not in ("", SINGLE_PART):
            raise Refusal(415, "not-supported", f'Objects are stored as {MULTIPART}; type="{SINGLE_PART}".')
        parts = split_parts(await read_whole_body(request), boundary)
        if not parts or any(part.media_type != SINGLE_PART for part in parts):
            raise invalid(f"every part must be {SINGLE_PART}, and there must be one")
        contents = [part.content for part in parts]
        return await run_in_threadpool(self._store, request, contents)

    def _store(self, request: Request, contents: list[bytes]) -> Response:
        at = request.path_params
        study_uid, partition = at.get("study"), at.get("partition", "")
        intakes = self._take(contents, study_uid, partition, struck_by(request.scope))
        studies_url = origin_of(request) + request.url.path.partition("/studies")[0] + "/studies"
        response = to_store_response(intakes, studies_url, study_uid)
        return Response(json.dumps(response).encode(), _status(intakes), media_type=DICOM_JSON)

    def _take(self, contents: list[bytes], study_uid: str | None, partition: str, struck: Struck) -> list[Intake]:
        """Store them as the faults of this request let it happen."""
        if "stow-refused" in struck:
            return [self._intake.refuse(content, SOP_CLASS_NOT_SUPPORTED) for content in contents]
        if "stow-202" in struck and len(contents) > 1:
            stored = self._intake.take(contents[:-1], study_uid, partition)
            return [*stored, self._intake.refuse(contents[-1], PROCESSING_FAILURE)]
        intakes = self._intake.take(contents, study_uid, partition)
        if "stow-202" in struck:
            return [replace(one, warning=COERCED) if one.failure is None else one for one in intakes]
        if "stow-duplicate" in struck:
            return [replace(one, failure=one.failure or STORED_BEFORE) for one in intakes]
        return intakes


def _status(intakes: list[Intake]) -> int:
    """200 where all are stored, 409 where none is, else 202 (PS3.18 table 10.5.3-3)."""
    if all(one.failure is not None for one in intakes):
        return 409
    return 202 if any(one.failure is not None or one.warning is not None for one in intakes) else 200
