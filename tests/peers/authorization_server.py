"""oidc-provider as the hospital's authorization server on loopback, and a browser without a screen for its pages."""

from __future__ import annotations

import json
import os
import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from html import unescape
from pathlib import Path
from urllib.parse import urljoin

import requests

from sync.authorization.authorization_server import SCOPE
from sync.authorization.sign_in import DEFAULT_CLIENT_ID
from tests.peers.installing import NODE_PACKAGES, find_node
from tests.peers.serving import free_port, listens, running

ACCESS_TOKEN_LIFETIME_S = 60
_MOST_PAGES = 8


@dataclass(frozen=True)
class AuthorizationPeer:
    issuer: str

    @property
    def jwks_url(self) -> str:
        return f"{self.issuer}/jwks"

    @property
    def smart_configuration(self) -> str:
        """What stands at ``{fhir_base}/.well-known/smart-configuration`` (SMART App Launch 2.2)."""
        return json.dumps(
            {
                "issuer": self.issuer,
                "authorization_endpoint": f"{self.issuer}/auth",
                "token_endpoint": f"{self.issuer}/token",
                "jwks_uri": self.jwks_url,
                "revocation_endpoint": f"{self.issuer}/token/revocation",
                "code_challenge_methods_supported": ["S256"],
                "grant_types_supported": ["authorization_code"],
                "capabilities": ["launch-standalone", "client-public", "sso-openid-connect", "permission-v2"],
            }
        )


@contextmanager
def authorization_server(folder: Path, certificate: Path, audience: str, reader: str) -> Iterator[AuthorizationPeer]:
    """Access tokens are for *audience* and live a minute; whoever signs in is *reader* (``Practitioner/…``)."""
    folder.mkdir(parents=True, exist_ok=True)
    port = free_port()
    issuer = f"https://127.0.0.1:{port}"
    settings = {
        "issuer": issuer, "port": port, "certificate": str(certificate), "audience": audience, "reader": reader,
        "client": DEFAULT_CLIENT_ID, "scope": SCOPE, "seconds": ACCESS_TOKEN_LIFETIME_S, "modules": str(NODE_PACKAGES),
    }  # fmt: skip
    (folder / "settings.json").write_text(json.dumps(settings), "utf-8")
    command: list[str | Path] = [
        find_node() or "node",
        Path(__file__).with_name("oidc_server.mjs"),
        folder / "settings.json",
    ]
    environment = {"PATH": os.environ.get("PATH", ""), "HOME": str(folder)}
    with running("authorization", command, folder, listens(port), environment):
        yield AuthorizationPeer(issuer)


class FormBrowser:
    """Follows redirects and submits whatever form it is shown, with an account's name and password in its fields."""

    def __init__(self, ca_file: Path) -> None:
        self._ca_file = str(ca_file)
        self.trouble = ""

    def __call__(self, address: str) -> None:
        """As the system's browser: returns at once."""
        threading.Thread(target=self._browse, args=(address,), daemon=True).start()

    def _browse(self, address: str) -> None:
        try:
            with requests.Session() as session:
                session.trust_env = False  # else a CA bundle of the environment would take the place of this one
                session.verify = self._ca_file
                page = session.get(address, timeout=20)
                for _ in range(_MOST_PAGES):
                    form = re.search(r"<form[^>]*action=\"([^\"]+)\"[^>]*>(.*?)</form>", page.text, re.DOTALL)
                    if form is None:
                        return
                    page = session.post(urljoin(page.url, unescape(form[1])), _filled(form[2]), timeout=20)
        except requests.RequestException as error:
            self.trouble = repr(error)


def _filled(form: str) -> dict[str, str]:
    fields = {}
    for tag in re.findall(r"<input[^>]*>", form):
        name, value = re.search(r'name="([^"]+)"', tag), re.search(r'value="([^"]*)"', tag)
        if name:
            fields[name[1]] = unescape(value[1]) if value else "marwick"
    return fields
