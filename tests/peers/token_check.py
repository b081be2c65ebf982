"""Answers nginx whether a bearer may pass (its auth_request): a small service of its own, standard library and joserfc.

python token_check.py PORT static TOKEN
python token_check.py PORT jwt ISSUER AUDIENCE JWKS_URL CA_FILE
"""

from __future__ import annotations

import sys
import threading
import urllib.request
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

Check = Callable[[str], bool]


def static(token: str) -> Check:
    return lambda bearer: bearer == token


def signed(issuer: str, audience: str, jwks_url: str, ca_file: str) -> Check:
    """Access tokens of an authorization server (RFC 9068): its key, its name, made for us, not run out."""
    import json
    import ssl

    from joserfc import jwt
    from joserfc.errors import JoseError
    from joserfc.jwk import KeySet

    trusted = ssl.create_default_context(cafile=ca_file)
    lock = threading.Lock()
    known: list[KeySet] = []

    def keys() -> KeySet:
        with lock:
            if not known:
                with urllib.request.urlopen(jwks_url, timeout=5, context=trusted) as answer:
                    known.append(KeySet.import_key_set(json.load(answer)))
            return known[0]

    claims = jwt.JWTClaimsRegistry(
        iss={"essential": True, "value": issuer}, aud={"essential": True, "value": audience}, exp={"essential": True}
    )

    def check(bearer: str) -> bool:
        try:
            token = jwt.decode(bearer, keys(), algorithms=["ES256"])
            claims.validate(token.claims)
        except (JoseError, ValueError):
            return False
        return True

    return check


def main() -> None:
    port, kind, *arguments = sys.argv[1:]
    check = static(*arguments) if kind == "static" else signed(*arguments)

    class Asked(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:  # whatever was asked of nginx, it asks with GET
            scheme, _, bearer = self.headers.get("Authorization", "").partition(" ")
            passes = scheme == "Bearer" and check(bearer)
            self.send_response(204 if passes else 401)
            if not passes:
                self.send_header("WWW-Authenticate", 'Bearer error="invalid_token"')
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_: object) -> None:
            """Nobody reads it."""

    ThreadingHTTPServer(("127.0.0.1", int(port)), Asked).serve_forever()


if __name__ == "__main__":
    main()
