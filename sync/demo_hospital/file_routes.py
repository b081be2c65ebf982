"""Files by id under ``/files``: slides and documents too large for a Binary, resumable and with their digest."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from sync.demo_hospital.byte_ranges import file_response
from sync.demo_hospital.refusals import Refusal, not_found
from sync.demo_hospital.state import HospitalState


class FileRoutes:
    """The endpoints below ``/files``."""

    def __init__(self, state: HospitalState) -> None:
        self._state = state

    def routes(self) -> list[Route]:
        return [Route("/files/{id}", self.send, methods=["GET", "HEAD"])]

    def send(self, request: Request) -> Response:
        file_id = request.path_params["id"]
        found = self._state.find_file(file_id)
        if found is None:
            raise not_found(f"files/{file_id}")
        try:
            stat = found.path.stat()
        except OSError as error:
            raise Refusal(410, "deleted", f"The file behind files/{file_id} is no longer there.") from error
        if (stat.st_size, stat.st_mtime_ns) != (found.size_bytes, found.mtime_ns):
            # Its digest and ETag would be those of other bytes
            raise Refusal(410, "deleted", f"The file behind files/{file_id} has changed since it was offered.")
        return file_response(request, found.path, found.size_bytes, found.sha256, found.content_type)
