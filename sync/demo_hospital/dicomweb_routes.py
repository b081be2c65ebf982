"""DICOMweb over HTTP under ``/dicom-web``: QIDO-RS, WADO-RS instances and metadata (PS3.18). Stored bytes, unchanged.

``/dicom-web/partitions/{name}`` is an archive of its own with the same services: two patients whose studies bear one
Study Instance UID are kept apart in it.
"""

from __future__ import annotations

import json
import secrets
from collections.abc import AsyncGenerator
from contextlib import aclosing
from typing import Any
from urllib.parse import parse_qsl

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from sync.demo_hospital.byte_ranges import StreamedFile, read_chunks, repr_digest, wants_sha256
from sync.demo_hospital.dicom_index import UnusableInstance, read_metadata
from sync.demo_hospital.faults import struck_by
from sync.demo_hospital.fhir_routes import origin_of
from sync.demo_hospital.media_types import DICOM_JSON, MULTIPART, SINGLE_PART, choose_form
from sync.demo_hospital.qido import INSTANCE, SERIES, STUDY, answer_query
from sync.demo_hospital.refusals import Refusal, not_found
from sync.demo_hospital.state import HospitalState, StoredInstance, digest_file
from sync.demo_hospital.wrong_patient import under_another_patient

Json = dict[str, Any]


class DicomwebRoutes:
    """The endpoints below ``/dicom-web``."""

    def __init__(self, state: HospitalState) -> None:
        self._state = state

    def routes(self) -> list[Route]:
        study, series = "/studies/{study}", "/studies/{study}/series/{series}"
        paths = {
            "/studies": self.query_studies,
            "/series": self.query_series,
            "/instances": self.query_instances,
            f"{study}/series": self.query_series,
            f"{study}/instances": self.query_instances,
            f"{series}/instances": self.query_instances,
            study: self.retrieve_many,
            series: self.retrieve_many,
            f"{series}/instances/{{instance}}": self.retrieve_instance,
            f"{study}/metadata": self.metadata,
            f"{series}/metadata": self.metadata,
            f"{series}/instances/{{instance}}/metadata": self.metadata,
        }
        bases = ("/dicom-web", "/dicom-web/partitions/{partition}")
        return [Route(base + path, answer, methods=["GET"]) for base in bases for path, answer in paths.items()]

    def query_studies(self, request: Request) -> Response:
        return self._query(request, STUDY)

    def query_series(self, request: Request) -> Response:
        return self._query(request, SERIES)

    def query_instances(self, request: Request) -> Response:
        return self._query(request, INSTANCE)

    def _query(self, request: Request, level: str) -> Response:
        instances = self._listed(request)
        query = parse_qsl(request.url.query, keep_blank_values=True)
        base = origin_of(request) + request.url.path.partition("/studies")[0].removesuffix("/series")
        return _dicom_json(answer_query(level, instances, query, base.removesuffix("/instances")))

    def retrieve_instance(self, request: Request) -> Response:
        """One instance as single part or multipart, byte for byte the stored Part 10 file; its digest if asked for."""
        instance = self._found(request)[0]
        accept = request.headers.get("accept", "")
        offered = (MULTIPART,) if "only-multipart" in struck_by(request.scope) else (SINGLE_PART, MULTIPART)
        if choose_form(accept, {instance.transfer_syntax}, offered) == MULTIPART:
            return _multipart([instance])
        headers = {
            "Content-Length": str(instance.size_bytes),
            "Content-Type": f"{SINGLE_PART}; transfer-syntax={instance.transfer_syntax}",
        }
        if wants_sha256(request.headers.get("want-repr-digest", "")):
            headers["Repr-Digest"] = repr_digest(digest_file(instance.path))
        return StreamedFile(read_chunks(instance.path, 0, instance.size_bytes), 200, headers)

    def retrieve_many(self, request: Request) -> Response:
        """A whole study or series as multipart."""
        instances = self._found(request)
        choose_form(request.headers.get("accept", ""), {i.transfer_syntax for i in instances}, (MULTIPART,))
        return _multipart(instances)

    def metadata(self, request: Request) -> Response:
        """Headers without bulk data, of an instance, a series or a study."""
        try:
            return _dicom_json([read_metadata(instance.path) for instance in self._found(request)])
        except UnusableInstance as error:
            raise Refusal(410, "deleted", f"A file of {request.url.path} has changed: it {error}.") from error

    def _listed(self, request: Request) -> list[StoredInstance]:
        at = request.path_params
        return self._state.list_instances(
            at.get("partition", ""), at.get("study"), at.get("series"), at.get("instance")
        )

    def _found(self, request: Request) -> list[StoredInstance]:
        instances = self._listed(request)
        if not instances:
            raise not_found(request.url.path)
        for instance in instances:
            if not instance.path.is_file() or instance.path.stat().st_size != instance.size_bytes:
                sentence = f"The file of instance {instance.sop_uid} is no longer there or has changed."
                raise Refusal(410, "deleted", sentence)
        if "wrong-patient" in struck_by(request.scope):
            folder = self._state.state_dir / "under-another-patient"
            return [under_another_patient(instance, folder) for instance in instances]
        return instances


def _dicom_json(objects: list[Json]) -> Response:
    return Response(json.dumps(objects, ensure_ascii=False).encode(), media_type=DICOM_JSON)


def _multipart(instances: list[StoredInstance]) -> Response:
    """multipart/related (RFC 2387) with one part an instance, its length known beforehand."""
    boundary = secrets.token_hex(16)
    heads = [
        f"--{boundary}\r\nContent-Type: {SINGLE_PART}; transfer-syntax={instance.transfer_syntax}\r\n\r\n".encode()
        for instance in instances
    ]
    closing = f"--{boundary}--\r\n".encode()

    async def parts() -> AsyncGenerator[bytes, None]:
        for head, instance in zip(heads, instances, strict=True):
            yield head
            async with aclosing(read_chunks(instance.path, 0, instance.size_bytes)) as chunks:
                async for chunk in chunks:
                    yield chunk
            yield b"\r\n"
        yield closing

    length = sum(len(head) + i.size_bytes + 2 for head, i in zip(heads, instances, strict=True)) + len(closing)
    headers = {
        "Content-Length": str(length),
        "Content-Type": f'{MULTIPART}; type="{SINGLE_PART}"; boundary={boundary}',
    }
    return StreamedFile(parts(), 200, headers)
