"""HTTP to one hospital: time limits, the bearer only to its own origins, refusals as our errors with a sentence.

FHIR, DICOMweb and file downloads all speak through here. What is said, and what an answer means, is theirs.
"""

from __future__ import annotations

import json
import threading
import uuid
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any
from urllib.parse import urljoin

from urllib3.exceptions import HTTPError, NewConnectionError
from urllib3.exceptions import TimeoutError as LineTimeout

from sync.credentials import Credentials, StaticBearer
from sync.errors import DamagedTransfer, HospitalBusy, Offline, ProfileRefused, Refused, SignInNeeded, Superseded
from sync.hospital_profile import HospitalProfile, origin_of
from sync.secure_lines import HttpAnswer, SecureLines, unsafe_line

CONNECT_TIMEOUT_S = 5.0
READ_TIMEOUT_S = 60.0
LARGEST_BODY_BYTES = 512 << 20
"""Of an answer that is held in memory; files are streamed and know no such limit."""
_CHUNK_BYTES = 256 * 1024
_REDIRECTS = frozenset({301, 302, 303, 307, 308})
_MAX_REDIRECTS = 5
_MAX_ERROR_BYTES = 64 * 1024
_SENTENCE_CHARACTERS = 300


class HospitalConnection:
    """Pooled lines for one profile. Requests may be made from several threads at once.

    Without *credentials* the profile's own token is sent.
    """

    def __init__(
        self,
        profile: HospitalProfile,
        credentials: Credentials | None = None,
        *,
        connect_timeout_s: float = CONNECT_TIMEOUT_S,
        read_timeout_s: float = READ_TIMEOUT_S,
    ) -> None:
        self.profile = profile
        self._credentials = credentials or StaticBearer(profile.token, profile.hospital_name)
        self._renewal = threading.Lock()
        self._timeout_s = (connect_timeout_s, read_timeout_s)
        self._origins = profile.origins
        self._latest_answer_at: datetime | None = None
        self._lines = SecureLines(profile.trust)

    @property
    def latest_answer_at(self) -> datetime | None:
        """The hospital's clock at its latest answer (HTTP Date), aware; None before the first."""
        return self._latest_answer_at

    def close(self) -> None:
        self._lines.close()

    def interrupt(self) -> None:
        """Whatever waits for the hospital fails at once as `Offline`. What is asked afterwards is not affected."""
        self._lines.break_off()

    @contextmanager
    def open(
        self,
        method: str,
        url: str,
        *,
        headers: Mapping[str, str] | None = None,
        body: bytes | None = None,
        accepted: frozenset[int] = frozenset(),
    ) -> Iterator[HttpAnswer]:
        """An answer whose body is still to be streamed. Status 2xx, or one of ``accepted``; else the mapped error.

        A redirect is followed only within the origin, for the token goes nowhere else; and for a write only where it
        stays the same request (307, 308).
        """
        for _ in range(_MAX_REDIRECTS):
            response = self._request(method, url, headers or {}, body)
            target = self._redirect_target(method, response)
            if target is None:
                break
            response.close()
            url = target
        else:
            raise Refused(f"{self.profile.hospital_name} redirects in a circle.", 310)
        try:
            if not 200 <= response.status_code < 300 and response.status_code not in accepted:
                raise self._error(response)
            yield response
        finally:
            response.close()

    def read_body(self, response: HttpAnswer) -> bytes:
        """The whole body; `Offline` where the connection breaks before its end, `DamagedTransfer` where it has none."""
        body = bytearray()
        for piece in self.stream_body(response):
            body += piece
            if len(body) > LARGEST_BODY_BYTES:
                response.close()
                raise DamagedTransfer(f"{self.profile.hospital_name} sent an answer without end; it was broken off.")
        return bytes(body)

    def stream_body(self, response: HttpAnswer) -> Iterator[bytes]:
        """The body in pieces as they come. A body without length that ends early cannot be told here (RFC 9112 6.3)."""
        try:
            yield from response.stream(_CHUNK_BYTES)
        except (HTTPError, OSError) as error:
            raise Offline(f"The connection to {self.profile.hospital_name} broke off.") from error

    def read_json(self, response: HttpAnswer) -> dict[str, Any]:
        """The body as a JSON object; `DamagedTransfer` where it is not one."""
        try:
            content = json.loads(self.read_body(response))
        except ValueError:
            raise DamagedTransfer(f"{self.profile.hospital_name} sent an answer that cannot be read.") from None
        if not isinstance(content, dict):
            raise DamagedTransfer(f"{self.profile.hospital_name} sent an answer that is not a FHIR resource.")
        return content

    def check_origin(self, url: str) -> None:
        """`ProfileRefused` where an address the hospital gave leads to a server that this profile does not know."""
        try:
            origin = origin_of(url)
        except ValueError:
            raise ProfileRefused(f"{self.profile.hospital_name} gave an address that cannot be used.") from None
        if origin not in self._origins:
            raise ProfileRefused(
                f"{self.profile.hospital_name} points to another server ({origin}) that is not part of this profile; "
                "nothing was asked of it."
            )

    def _request(self, method: str, url: str, headers: Mapping[str, str], body: bytes | None) -> HttpAnswer:
        """One answer; a token that is refused is renewed once, and the request made once more."""
        self.check_origin(url)
        token = self._credentials.bearer()
        response = self._send(method, url, headers, body, token)
        if response.status_code == 401 and self._renew(token):
            response.close()
            response = self._send(method, url, headers, body, self._credentials.bearer())
        return response

    def _renew(self, refused: str) -> bool:
        """True where there is a token other than the refused one. Of several threads refused at once, one renews."""
        with self._renewal:
            return self._credentials.bearer() != refused or self._credentials.refresh()

    def _send(self, method: str, url: str, headers: Mapping[str, str], body: bytes | None, token: str) -> HttpAnswer:
        sent = {
            "User-Agent": "ReadingRoom",
            "Accept-Encoding": "identity",
            "X-Request-Id": str(uuid.uuid4()),
            **({"Authorization": f"Bearer {token}"} if token else {}),
            **headers,
        }
        try:
            response = self._lines.send(method, url, headers=sent, body=body, timeout_s=self._timeout_s)
        except (HTTPError, OSError) as error:
            # To the library, a line that could not be had at all is a kind of late one.
            if isinstance(error, LineTimeout) and not isinstance(error, NewConnectionError):
                raise Offline(f"{self.profile.hospital_name} did not answer in time.") from error
            raise unsafe_line(error, url) or Offline(f"{self.profile.hospital_name} cannot be reached.") from error
        self._latest_answer_at = response_time(response) or self._latest_answer_at
        return response

    def _redirect_target(self, method: str, response: HttpAnswer) -> str | None:
        location = response.headers.get("Location")
        if response.status_code not in _REDIRECTS or not location:
            return None
        target = urljoin(response.url, location)
        repeatable = method == "GET" or response.status_code in (307, 308)
        if not repeatable or not _same_origin(target, response.url):
            response.close()
            raise Refused(
                f"{self.profile.hospital_name} redirects to another address, which is not followed.",
                response.status_code,
            )
        return target

    def _error(self, response: HttpAnswer) -> Exception:
        """The refusal as one of our errors, in the words of the OperationOutcome where there is one."""
        hospital, status = self.profile.hospital_name, response.status_code
        try:
            said = _reason_given(next(response.stream(_MAX_ERROR_BYTES), b""))
        except (HTTPError, OSError):
            said = ""
        words = f": {said}" if said else "."
        if status == 401:
            return SignInNeeded(f"{hospital} does not accept the sign-in of this profile{words}", status)
        if status in (409, 412):
            return Superseded(f"{hospital} has a newer version{words}")
        if status in (429, 503):
            return HospitalBusy(f"{hospital} asks us to come back later{words}", _retry_after_s(response))
        if status >= 500:
            return HospitalBusy(f"{hospital} has a fault of its own ({status}){words}", _retry_after_s(response))
        return Refused(f"{hospital} refuses this request ({status}){words}", status)


def _same_origin(one: str, other: str) -> bool:
    try:
        return origin_of(one) == origin_of(other)
    except ValueError:
        return False


def _reason_given(body: bytes) -> str:
    try:
        outcome = json.loads(body)
        issues = outcome["issue"] if isinstance(outcome, dict) else []
        texts = [i.get("diagnostics") or (i.get("details") or {}).get("text") or i.get("code") or "" for i in issues]
    except (ValueError, KeyError, TypeError, AttributeError):
        return ""
    # A server's text may span lines or go on for pages; a sentence does not.
    return " ".join("; ".join(str(text) for text in texts if text).split())[:_SENTENCE_CHARACTERS]


def _retry_after_s(response: HttpAnswer) -> float | None:
    """Retry-After in seconds, given as seconds or as a date (RFC 9110 10.2.3)."""
    value = response.headers.get("Retry-After", "").strip()
    if value.isdigit():
        return float(value)
    try:
        wanted = parsedate_to_datetime(value)
    except ValueError:
        return None
    asked_at = response_time(response) or datetime.now(UTC)
    return max(0.0, (wanted - asked_at).total_seconds()) if wanted.tzinfo else None


def response_time(response: HttpAnswer) -> datetime | None:
    """The hospital's clock when it answered (HTTP Date), aware, UTC."""
    try:
        at = parsedate_to_datetime(response.headers.get("Date", ""))
    except ValueError:
        return None
    return at if at.tzinfo else at.replace(tzinfo=UTC)
