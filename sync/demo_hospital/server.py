"""The demo hospital as a server on loopback: builds its cohort, opens a port, says where, answers until stopped."""

from __future__ import annotations

import asyncio
import os
import signal
import socket
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import asdict, dataclass
from pathlib import Path
from types import FrameType

import uvicorn
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.routing import BaseRoute
from starlette.types import ASGIApp

from sync.demo_hospital.bearer import BearerCheck
from sync.demo_hospital.cohort import build_cohort
from sync.demo_hospital.dicomweb_routes import DicomwebRoutes
from sync.demo_hospital.enrolment_routes import EnrolmentRoutes
from sync.demo_hospital.fault_routes import FaultRoutes
from sync.demo_hospital.faults import FaultScript
from sync.demo_hospital.faulty_answers import FaultyAnswers
from sync.demo_hospital.fhir_routes import FhirRoutes, fhir_json
from sync.demo_hospital.file_routes import FileRoutes
from sync.demo_hospital.identity import (
    ACCOUNT_PASSPHRASE,
    HOSPITAL_NAME,
    KEY_PIN,
    PRACTITIONER_ID,
    PRACTITIONER_NAME,
    DemoIdentity,
    load_identity,
)
from sync.demo_hospital.local_data import offer_local_data
from sync.demo_hospital.oauth_grants import Grants
from sync.demo_hospital.oauth_routes import OAuthRoutes, is_public
from sync.demo_hospital.refusals import Refusal
from sync.demo_hospital.state import HospitalState
from sync.demo_hospital.stow_routes import StowRoutes
from sync.errors import SyncError

HOST = "127.0.0.1"
STOP_TIMEOUT_S = 2
"""How long answers under way may take after the hospital was told to stop."""

OnProgress = Callable[[str, float], None]


@dataclass(frozen=True, slots=True)
class HospitalAnnouncement:
    """Where the hospital answers, and the demo specialist's account at it."""

    name: str
    fhir_base: str
    dicomweb_base: str
    files_base: str
    enrolment_base: str
    token: str
    practitioner_reference: str
    practitioner_name: str
    account_passphrase: str
    key_pin: str

    def to_json(self) -> dict[str, str]:
        return asdict(self)


def make_app(
    state: HospitalState, identity: DemoIdentity, faults: FaultScript | None = None, grants: Grants | None = None
) -> ASGIApp:
    """The hospital's services over *state*, behind the bearer token of *identity* and those that *grants* gave.

    *faults* may be changed while the hospital answers, by its owner or over ``PUT /faults``.
    """
    script = faults or FaultScript()
    grants = grants or Grants(state)
    routes: list[BaseRoute] = [
        *OAuthRoutes(state, grants).routes(),
        *FhirRoutes(state).routes(),
        *DicomwebRoutes(state).routes(),
        *StowRoutes(state).routes(),
        *FileRoutes(state).routes(),
        *EnrolmentRoutes(state, identity).routes(),
        *FaultRoutes(script).routes(),
    ]
    app = Starlette(
        routes=routes,
        middleware=[Middleware(BearerCheck, token=identity.token, accepts=grants.accepts, is_public=is_public)],
        exception_handlers={
            Refusal: _answer_refusal,
            HTTPException: _answer_http_error,
            ClientDisconnect: _answer_nobody,
            500: _answer_bug,
        },
    )
    return FaultyAnswers(app, script, state)


def serve(
    state_dir: Path,
    port: int,
    data_dir: Path | None,
    announce: Callable[[HospitalAnnouncement], None],
    on_progress: OnProgress,
    *,
    faults: FaultScript | None = None,
    stop_with_stdin: bool = False,
) -> None:
    """Run the hospital until SIGINT, SIGTERM or, if asked for, the end of standard input.

    *port* 0 means the port of last time if it is free, else any; another is held from the start, so that nothing is
    built for a port that cannot be had. *on_progress* gets a text and 0..1 while the cohort is built and *data_dir* is
    read. *announce* is called once, when the hospital answers. Raises `SyncError` where the port is taken or a folder
    is none.
    """
    if data_dir is not None and not data_dir.is_dir():
        raise SyncError(f"{data_dir} is not a folder.")
    with _bound(port) if port else nullcontext() as held, _stops_cleanly() as stop:
        if stop_with_stdin:
            threading.Thread(target=_wait_for_end_of_input, args=(stop,), daemon=True).start()
        cohort_share = 0.9 if data_dir else 1.0
        build_cohort(state_dir, lambda text, done: on_progress(text, done * cohort_share))
        with HospitalState(state_dir) as state:
            if data_dir is not None:
                offer_local_data(state, data_dir, lambda text, done: on_progress(text, 0.9 + done * 0.1))
            listener = _listening(state, held)
            identity = load_identity(state_dir)
            announcement = _announcement(f"http://{HOST}:{listener.getsockname()[1]}", identity)
            server = _Server(make_app(state, identity, faults), lambda: announce(announcement))
            stop.call_on_stop(server.stop)
            asyncio.run(server.serve(sockets=[listener]))


class _Server(uvicorn.Server):
    """uvicorn that says when it answers, and leaves signals to `serve`."""

    def __init__(self, app: ASGIApp, announce: Callable[[], None]) -> None:
        config = uvicorn.Config(
            app, log_level="warning", access_log=False, timeout_graceful_shutdown=STOP_TIMEOUT_S, lifespan="off"
        )
        super().__init__(config)
        self._announce = announce

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        if self.started:
            self._announce()

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield

    def stop(self) -> None:
        self.should_exit = True


class _Stop:
    """A wish to stop that may come before there is anything to stop."""

    def __init__(self) -> None:
        # Re-entrant: a signal may arrive while this very thread holds it
        self._lock = threading.RLock()
        self._action: Callable[[], None] | None = None
        self._wished = False

    def wish(self) -> None:
        """Stop what runs; while the cohort is still being built, end the process as an interrupt would."""
        with self._lock:
            self._wished = True
            action = self._action
        if action is not None:
            action()
        elif threading.current_thread() is threading.main_thread():
            raise KeyboardInterrupt
        else:
            signal.raise_signal(signal.SIGINT)

    def call_on_stop(self, action: Callable[[], None]) -> None:
        with self._lock:
            self._action = action
            wished = self._wished
        if wished:
            action()


@contextmanager
def _stops_cleanly() -> Iterator[_Stop]:
    """SIGINT and SIGTERM become a wish to stop; a process told to stop while it builds leaves quietly."""
    stop = _Stop()
    if threading.current_thread() is not threading.main_thread():
        yield stop
        return

    def on_signal(_number: int, _frame: FrameType | None) -> None:
        stop.wish()

    before = {number: signal.signal(number, on_signal) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield stop
    except KeyboardInterrupt:
        return
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _wait_for_end_of_input(stop: _Stop) -> None:
    """Whoever started the hospital holds the other end of its standard input; when they are gone, it goes too."""
    while os.read(sys.stdin.fileno(), 4096):
        pass
    stop.wish()


def _listening(state: HospitalState, held: socket.socket | None) -> socket.socket:
    """*held* listens now; without one, a socket on the port of last time if it is free, else on any."""
    if held is None:
        try:
            held = _bound(int(state.find_fact("port") or 0))
        except SyncError:
            held = _bound(0)
    held.listen(128)
    state.put_fact("port", str(held.getsockname()[1]))
    return held


def _bound(port: int) -> socket.socket:
    """A socket that holds *port* on loopback and does not listen yet; SyncError where it cannot be had."""
    # The protocol is named because asyncio sets TCP_NODELAY only then; else every answer waits 40 ms for an ACK.
    holder = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    if os.name == "posix":
        # Only there does it mean "though the last start's connections linger", and not "share the port"
        holder.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        holder.bind((HOST, port))
    except PermissionError:
        holder.close()
        raise SyncError(f"Port {port} may not be used by this user; choose one above 1023.") from None
    except OSError:
        holder.close()
        raise SyncError(f"Port {port} on {HOST} is taken by another program; choose another, or 0 for any.") from None
    return holder


def _announcement(origin: str, identity: DemoIdentity) -> HospitalAnnouncement:
    return HospitalAnnouncement(
        name=HOSPITAL_NAME,
        fhir_base=f"{origin}/fhir",
        dicomweb_base=f"{origin}/dicom-web",
        files_base=f"{origin}/files",
        enrolment_base=f"{origin}/enrolment",
        token=identity.token,
        practitioner_reference=f"Practitioner/{PRACTITIONER_ID}",
        practitioner_name=PRACTITIONER_NAME,
        account_passphrase=ACCOUNT_PASSPHRASE,
        key_pin=KEY_PIN,
    )


def _answer_refusal(request: Request, error: Exception) -> Response:
    assert isinstance(error, Refusal)
    return fhir_json(request, error.to_operation_outcome(), error.http_status)


def _answer_http_error(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    code = "not-found" if error.status_code == 404 else "not-supported"
    refusal = Refusal(error.status_code, code, f"{request.method} {request.url.path}: {error.detail}.")
    return fhir_json(request, refusal.to_operation_outcome(), refusal.http_status, dict(error.headers or {}))


def _answer_nobody(_request: Request, _error: Exception) -> Response:
    """The client died before its request was whole: nothing was done, and nobody is there to hear it."""
    return Response(status_code=400)


def _answer_bug(request: Request, _: Exception) -> Response:
    refusal = Refusal(500, "exception", f"{request.method} {request.url.path} failed inside the hospital.")
    return fhir_json(request, refusal.to_operation_outcome(), refusal.http_status)
