"""FHIR R4 over HTTP under ``/fhir``: requests taken apart, answers put together. The rules lie elsewhere."""

from __future__ import annotations

import base64
import json
from datetime import datetime
from email.utils import format_datetime
from typing import Any
from urllib.parse import parse_qsl

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from sync.demo_hospital.capability import capability_statement
from sync.demo_hospital.faults import struck_by
from sync.demo_hospital.fhir_search import LARGEST_COUNT, FhirSearch
from sync.demo_hospital.interactions import Interactions
from sync.demo_hospital.refusals import Refusal, invalid
from sync.demo_hospital.state import BASE_PLACEHOLDER, HospitalState, StoredResource, now_text
from sync.demo_hospital.transactions import run_batch, run_transaction
from sync.demo_hospital.unknown_elements import with_unknown_elements

Json = dict[str, Any]

FHIR_JSON = "application/fhir+json; charset=utf-8"
LARGEST_BODY_BYTES = 256 * 1024 * 1024
SMALL_PAGE_COUNT = 2
ANOTHER_HOST = "http://another-host.invalid"


def origin_of(request: Request) -> str:
    """``http://host:port`` as the client sees it; every absolute URL in an answer starts with it."""
    return f"{request.url.scheme}://{request.url.netloc}"


def fhir_json(request: Request, resource: Json, status: int = 200, headers: dict[str, str] | None = None) -> Response:
    """A resource as an answer, with the stored placeholder replaced by the address in use."""
    if "unknown-elements" in struck_by(request.scope):
        resource = with_unknown_elements(resource)
    text = json.dumps(resource, ensure_ascii=False).replace(f'"{BASE_PLACEHOLDER}', f'"{origin_of(request)}')
    return Response(text.encode(), status, headers, media_type=FHIR_JSON)


class FhirRoutes:
    """The endpoints below ``/fhir``."""

    def __init__(self, state: HospitalState) -> None:
        self._state = state
        self._search = FhirSearch(state)
        self._interactions = Interactions(state, self._search)

    def routes(self) -> list[Route]:
        return [
            Route("/fhir/metadata", self.metadata, methods=["GET"]),
            Route("/fhir", self.page, methods=["GET"]),
            Route("/fhir", self.bundle, methods=["POST"]),
            Route("/fhir/", self.bundle, methods=["POST"]),
            Route("/fhir/{kind}", self.search, methods=["GET"]),
            Route("/fhir/{kind}", self.create, methods=["POST"]),
            Route("/fhir/{kind}/{id}", self.read, methods=["GET"]),
            Route("/fhir/{kind}/{id}", self.update, methods=["PUT"]),
            Route("/fhir/{kind}/{id}/_history", self.history, methods=["GET"]),
            Route("/fhir/{kind}/{id}/_history/{version}", self.read, methods=["GET"]),
        ]

    def metadata(self, request: Request) -> Response:
        return fhir_json(request, capability_statement(_own_base(request), now_text(), struck_by(request.scope)))

    def page(self, request: Request) -> Response:
        """A later page of a search, at the address its ``next`` link gave."""
        token, offset = request.query_params.get("_page"), request.query_params.get("_offset", "")
        if not token or not offset.isdigit():
            raise Refusal(404, "not-supported", "Nothing is read at the base itself.")
        if "expired-page" in struck_by(request.scope):
            raise Refusal(410, "expired", "This page of the search has expired; search again (a scripted fault).")
        return fhir_json(request, self._search.next_page(token, int(offset), _own_base(request)))

    def search(self, request: Request) -> Response:
        query = parse_qsl(request.url.query, keep_blank_values=True)
        struck = struck_by(request.scope)
        largest_count = SMALL_PAGE_COUNT if "small-pages" in struck else LARGEST_COUNT
        if "no-include" in struck:
            query = [(name, value) for name, value in query if not name.startswith("_include")]
        bundle = self._search.search(request.path_params["kind"], query, _own_base(request), largest_count)
        if "next-link-to-another-host" in struck:
            own = [link for link in bundle["link"] if link["relation"] != "next"]
            bundle["link"] = [*own, {"relation": "next", "url": f"{ANOTHER_HOST}/fhir?_page=1&_offset=1"}]
        return fhir_json(request, bundle)

    def read(self, request: Request) -> Response:
        kind, resource_id = request.path_params["kind"], request.path_params["id"]
        stored = self._interactions.read(kind, resource_id, request.path_params.get("version"))
        if kind == "Binary" and "fhir+json" not in request.headers.get("accept", ""):
            resource = stored.json
            content = base64.b64decode(resource.get("data", ""))
            media_type = str(resource.get("contentType", "application/octet-stream"))
            return Response(content, headers={**_version_headers(stored), "Content-Type": media_type})
        return fhir_json(request, stored.json, headers=_version_headers(stored))

    def history(self, request: Request) -> Response:
        kind, resource_id = request.path_params["kind"], request.path_params["id"]
        query = parse_qsl(request.url.query, keep_blank_values=True)
        return fhir_json(request, self._interactions.history(kind, resource_id, query, _own_base(request)))

    async def create(self, request: Request) -> Response:
        kind = request.path_params["kind"]
        media_type = request.headers.get("content-type", "")
        if kind == "Binary" and "fhir+json" not in media_type:
            data = base64.b64encode(await read_whole_body(request)).decode()
            resource: Json = {"resourceType": "Binary", "contentType": media_type, "data": data}
        else:
            resource = await _resource(request)
        condition = request.headers.get("if-none-exist")
        return await run_in_threadpool(self._create, request, kind, resource, condition)

    def _create(self, request: Request, kind: str, resource: Json, condition: str | None) -> Response:
        with self._state.transaction():
            if condition is not None:
                _check_conditional_create(request)
                query = parse_qsl(condition.partition("?")[2] or condition, keep_blank_values=True)
                self._interactions.check_create(kind, resource)
                existing = self._interactions.find_existing(kind, query, _own_base(request))
                if existing is not None:
                    return _written(request, existing, 200)
            stored = self._interactions.create(kind, resource)
        return _written(request, stored, 201)

    async def update(self, request: Request) -> Response:
        kind, resource_id = request.path_params["kind"], request.path_params["id"]
        resource, if_match = await _resource(request), request.headers.get("if-match")
        update = self._interactions.update
        is_guarded = "no-versioned-update" not in struck_by(request.scope)
        stored = await run_in_threadpool(update, kind, resource_id, resource, if_match, is_guarded=is_guarded)
        return _written(request, stored, 200)

    async def bundle(self, request: Request) -> Response:
        resource = await _resource(request)
        if resource.get("resourceType") != "Bundle" or resource.get("type") not in ("transaction", "batch"):
            raise invalid("a Bundle of type transaction or batch is taken here", "Bundle.type")
        return await run_in_threadpool(self._bundle, request, resource)

    def _bundle(self, request: Request, bundle: Json) -> Response:
        def answer_get(url: str) -> Json:
            return self._answer_get(url, _own_base(request))

        if bundle["type"] == "batch":
            return fhir_json(request, run_batch(bundle, answer_get))
        struck = struck_by(request.scope)
        if "no-transaction" in struck:
            raise Refusal(501, "not-supported", "This hospital knows no transactions.")
        if any("ifNoneExist" in entry.get("request", {}) for entry in bundle.get("entry", [])):
            _check_conditional_create(request)
        is_guarded = "no-versioned-update" not in struck
        answer = run_transaction(
            bundle, self._state, self._interactions, answer_get, _own_base(request), is_guarded=is_guarded
        )
        return fhir_json(request, answer)

    def _answer_get(self, url: str, own_base: str) -> Json:
        path, _, query = url.removeprefix(own_base + "/").partition("?")
        parts = path.strip("/").split("/")
        if len(parts) == 1:
            return self._search.search(parts[0], parse_qsl(query, keep_blank_values=True), own_base)
        if len(parts) == 2:
            return self._interactions.read(parts[0], parts[1]).json
        if len(parts) == 4 and parts[2] == "_history":
            return self._interactions.read(parts[0], parts[1], parts[3]).json
        raise invalid(f"{url} is not an address a batch can read")


def _own_base(request: Request) -> str:
    return origin_of(request) + "/fhir"


def _check_conditional_create(request: Request) -> None:
    if "no-conditional-create" in struck_by(request.scope):
        raise Refusal(400, "not-supported", "This hospital knows no conditional create.")


def _version_headers(stored: StoredResource) -> dict[str, str]:
    changed = format_datetime(datetime.fromisoformat(stored.last_updated), usegmt=True)
    return {"ETag": f'W/"{stored.version}"', "Last-Modified": changed}


def _written(request: Request, stored: StoredResource, status: int) -> Response:
    headers = _version_headers(stored)
    headers["Location"] = f"{_own_base(request)}/{stored.reference}/_history/{stored.version}"
    if "return=minimal" in request.headers.get("prefer", ""):
        return Response(b"", status, headers)
    return fhir_json(request, stored.json, status, headers)


async def read_whole_body(request: Request) -> bytes:
    """The body in memory; 413 beyond `LARGEST_BODY_BYTES`."""
    chunks, size_bytes = [], 0
    async for chunk in request.stream():
        size_bytes += len(chunk)
        if size_bytes > LARGEST_BODY_BYTES:
            raise Refusal(413, "too-long", f"A body may be {LARGEST_BODY_BYTES} bytes long.")
        chunks.append(chunk)
    return b"".join(chunks)


async def _resource(request: Request) -> Json:
    """The JSON body, with this hospital's own addresses made independent of its port."""
    try:
        text = (await read_whole_body(request)).decode("utf-8")
        resource = json.loads(text.replace(f'"{origin_of(request)}/', f'"{BASE_PLACEHOLDER}/'))
    except ValueError as error:
        raise invalid("the body is not JSON") from error
    if not isinstance(resource, dict):
        raise invalid("the body is not a resource")
    return resource
