"""A keyring for tests: what the operating system's would hold, in a dictionary."""

from __future__ import annotations


class KeyringInMemory:
    def __init__(self) -> None:
        self.secrets: dict[str, str] = {}

    def find(self, name: str) -> str | None:
        return self.secrets.get(name)

    def put(self, name: str, secret: str) -> None:
        self.secrets[name] = secret

    def delete(self, name: str) -> None:
        self.secrets.pop(name, None)
