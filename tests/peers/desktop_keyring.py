"""A desktop session's keyring (gnome-keyring behind D-Bus) for tests: of its own, unlocked, gone with the test."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.peers.serving import running

_SESSION = """
printf 'the login password' | gnome-keyring-daemon --unlock --components=secrets >/dev/null || exit 1
printf '%s' "$DBUS_SESSION_BUS_ADDRESS" > "$HOME/bus.new"
mv "$HOME/bus.new" "$HOME/bus"
exec sleep infinity
"""


@contextmanager
def desktop_keyring(folder: Path) -> Iterator[dict[str, str]]:
    """What a program must have in its environment to find it."""
    folder.mkdir(parents=True, exist_ok=True)
    runtime = folder / "run"
    runtime.mkdir(mode=0o700)
    found = {"XDG_RUNTIME_DIR": str(runtime), "DISPLAY": ""}
    environment = {"PATH": os.environ.get("PATH", ""), "HOME": str(folder), "LC_ALL": "C.UTF-8", **found}
    command = ["dbus-run-session", "--", "sh", "-c", _SESSION]
    bus = folder / "bus"
    with running("keyring", command, folder, bus.is_file, environment):
        backend = "keyring.backends.SecretService.Keyring"  # elsewhere tests have none
        yield {**found, "DBUS_SESSION_BUS_ADDRESS": bus.read_text("utf-8"), "PYTHON_KEYRING_BACKEND": backend}
