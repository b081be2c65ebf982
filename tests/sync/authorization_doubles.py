"""For the tests of signing in: a browser without a screen, and a keyring without a desktop."""

from __future__ import annotations

import re
import threading
from html import unescape

import requests

from sync.errors import KeyringUnavailable


class ScriptedBrowser:
    """Opens the hospital's sign-in page and fills in its form, over HTTP and off the caller's thread."""

    def __init__(self, user: str = "marwick", passphrase: str = "reading room demo", decision: str = "allow") -> None:
        self.user = user
        self.passphrase = passphrase
        self.decision = decision
        self.addresses: list[str] = []
        self.last_page = ""
        self._threads: list[threading.Thread] = []

    def __call__(self, address: str) -> None:
        self.addresses.append(address)
        thread = threading.Thread(target=self._sign_in, args=(address,), daemon=True)
        self._threads.append(thread)
        thread.start()

    def close(self) -> None:
        for thread in self._threads:
            thread.join(10)

    def _sign_in(self, address: str) -> None:
        page = requests.get(address, timeout=10)
        action = re.search(r'<form method="post" action="([^"]+)"', page.text)
        if action is None:
            self.last_page = page.text
            return
        hidden = re.findall(r'type="hidden" name="([^"]+)" value="([^"]*)"', page.text)
        form = {unescape(name): unescape(value) for name, value in hidden}
        form |= {"user": self.user, "passphrase": self.passphrase, "decision": self.decision}
        origin = address[: address.index("/", len("https://"))]
        self.last_page = requests.post(origin + action[1], form, timeout=10).text


class MemoryKeyring:
    """A `SecretKeeper` that lasts as long as the test; ``absent`` makes it a computer without a keyring."""

    def __init__(self) -> None:
        self.secrets: dict[str, str] = {}
        self.absent = False

    def find(self, name: str) -> str | None:
        self._check()
        return self.secrets.get(name)

    def put(self, name: str, secret: str) -> None:
        self._check()
        self.secrets[name] = secret

    def delete(self, name: str) -> None:
        self._check()
        self.secrets.pop(name, None)

    def _check(self) -> None:
        if self.absent:
            raise KeyringUnavailable("This computer has no keyring.")
