#!/usr/bin/env python3
"""One door for people and CI: set up, then demo, test, check or bench. Standard library only.

    python3 run.py demo [--data DIR] [--tour DIR]   the workstation with its demo hospital
    python3 run.py test [pytest arguments]          every test that needs nothing else
    python3 run.py test --peers [pytest arguments]  the same doors and a whole journey with real servers, set up here
    python3 run.py check                            format, lint, types, import contracts, rapid tests
    python3 run.py bench                            speed, as ratios measured in one run

The first call makes .venv beside this file and installs into it; later calls start at once.
"""

import ctypes
import hashlib
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent
VENV = ROOT / ".venv"
WINDOWS = os.name == "nt"
CONSTRAINTS = ROOT / "constraints.txt"
VENV_PYTHON = VENV / ("Scripts/python.exe" if WINDOWS else "bin/python")

# What Qt's xcb and offscreen platforms load on Linux, and the Debian package that holds it.
QT_LIBRARIES = json.loads((ROOT / "resources" / "system_libraries.json").read_text("utf-8"))
ON_EVERY_CORE = ("-n", "auto", "--dist", "loadfile")
ALONE = "not peers"
RAPID = "not journey and not soak and not real_data and not peers"
# Independent programs that the tests compare with: name on PATH, Debian package.
TEST_PROGRAMS = {"pdfsig": "poppler-utils", "Xvfb": "xvfb", "dcmj2pnm": "dcmtk"}


def say(sentence):
    print(sentence, file=sys.stderr, flush=True)


def stop(sentence):
    say(sentence)
    raise SystemExit(1)


def missing_libraries():
    if not sys.platform.startswith("linux"):
        return []
    packages = []
    for soname, package in QT_LIBRARIES.items():
        try:
            ctypes.CDLL(soname)
        except OSError:
            packages.append(package)
    if not any(
        Path(d).is_dir() and any(Path(d).rglob("*.ttf")) for d in ("/usr/share/fonts", "/usr/local/share/fonts")
    ):
        packages.append("fonts-dejavu-core")
    return packages


def missing_python_parts(uv):
    """Debian splits venv's pip out of Python; uv needs neither."""
    if uv:
        return []
    try:
        import ensurepip  # noqa: F401
        import venv  # noqa: F401
    except ImportError:
        return ["python3-venv"]
    return []


def provide_system_packages(needed, wished):
    """Install *needed* and *wished* Debian packages where that is allowed; without *needed* there is no going on."""
    if not needed and not wished:
        return
    apt = shutil.which("apt-get")
    as_root = hasattr(os, "geteuid") and os.geteuid() == 0
    if apt and as_root:
        say("Installing system packages: " + " ".join(needed + wished))
        quiet = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
        install = [apt, "install", "-y", "-qq", "--no-install-recommends"]
        for command in ([apt, "update", "-qq"], install + needed + wished):
            if subprocess.run(command, env=quiet, stdout=subprocess.DEVNULL).returncode and needed:
                stop("The system packages could not be installed. The command was: " + " ".join(command))
        return
    if needed and apt:
        stop("Some system packages are missing. Install them, then start again:\n"
             "  sudo apt-get install -y --no-install-recommends " + " ".join(needed))  # fmt: skip
    if needed:
        stop("Some system libraries are missing. Their Debian packages are called: " + " ".join(needed))
    say("Some tests will be skipped without: " + " ".join(wished))


def stamp_text(extra):
    digest = hashlib.sha256((ROOT / "pyproject.toml").read_bytes() + CONSTRAINTS.read_bytes())
    digest.update(sys.version.encode())
    return extra + " " + digest.hexdigest()


def set_up(extra):
    """Make .venv hold the project with *extra* (demo or test); instant when it already does."""
    if sys.version_info < (3, 11):
        stop("Reading Room needs Python 3.11 or newer; this is " + sys.version.split()[0] + ".")
    stamps = {name: VENV / ("reading-room-" + name + ".stamp") for name in ("demo", "test")}
    for name in (extra, "test"):  # the test set-up holds the demo's too
        stamp = stamps[name]
        if VENV_PYTHON.exists() and stamp.exists() and stamp.read_text() == stamp_text(name):
            return
    uv = shutil.which("uv")
    programs = TEST_PROGRAMS if extra == "test" and sys.platform.startswith("linux") else {}
    wished = [package for program, package in programs.items() if not shutil.which(program)]
    provide_system_packages(missing_libraries() + missing_python_parts(uv), wished)
    say("Setting up Reading Room in .venv (a minute or two, once).")
    if not VENV_PYTHON.exists():
        shutil.rmtree(VENV, ignore_errors=True)
        make = [uv, "venv", "-q", "--python", sys.executable, str(VENV)] if uv else [sys.executable, "-m", "venv", VENV]
        if subprocess.run(make).returncode:
            stop("The virtual environment could not be made.")
    if uv:
        install = [uv, "pip", "install", "-q", "--python", str(VENV_PYTHON)]
    else:
        install = [VENV_PYTHON, "-m", "pip", "install", "-q", "--prefer-binary", "--disable-pip-version-check"]
    project = ["-e", ".[" + extra + "]"]
    if subprocess.run([*install, "-c", CONSTRAINTS, *project], cwd=ROOT).returncode:
        say("The versions that the tests last passed with cannot be had here; taking what pyproject.toml allows.")
        if subprocess.run([*install, *project], cwd=ROOT).returncode:
            stop("The packages could not be installed; the message above says why. Nothing else was changed.")
    stamps[extra].write_text(stamp_text(extra))


def python(*arguments, **environment):
    """Run the project's Python; its exit status."""
    full = {**os.environ, **environment}
    return subprocess.run([str(VENV_PYTHON), *map(str, arguments)], cwd=ROOT, env=full).returncode


def demo(arguments):
    set_up("demo")
    # The caller's folder, so that --data and --tour mean what they say.
    command = [str(VENV_PYTHON), "-m", "workstation", "demo", *arguments]
    if not WINDOWS:
        os.execv(command[0], command)
    return subprocess.run(command).returncode


def test(arguments):
    set_up("test")
    if "--peers" in arguments:
        return test_with_peers([argument for argument in arguments if argument != "--peers"])
    return python("-m", "pytest", *ON_EVERY_CORE, "-m", ALONE, *arguments)


def test_with_peers(arguments):
    from tests.peers.installing import install_peers

    say("Setting up the real servers in .venv-peers and from Debian's packages (a minute or two, once).")
    problems = install_peers()
    for problem in problems:
        say(problem)
    if problems and os.environ.get("READINGROOM_PEERS_REQUIRED"):
        return 1
    return python("-m", "pytest", *ON_EVERY_CORE, *(arguments or ["tests/peers"]))


def check(arguments):
    set_up("test")
    steps = [
        ("format", ("-m", "ruff", "format", "--check", "--quiet", ".")),
        ("lint", ("-m", "ruff", "check", "--quiet", ".")),
        ("types", ("-m", "mypy", "--no-error-summary")),
        ("contracts", ("-c", "from importlinter.cli import lint_imports_command; lint_imports_command()")),
        ("rapid tests", ("-m", "pytest", "-q", *ON_EVERY_CORE, "-m", RAPID)),
    ]
    failed = []
    for name, command in steps:
        status = python(*command)
        say(("ok      " if status == 0 else "FAILED  ") + name)
        if status:
            failed.append(name)
    return 1 if failed else 0


def bench(arguments):
    set_up("test")
    return python("-m", "tests.benchmarks", *arguments)


def main():
    doors = {"demo": demo, "test": test, "check": check, "bench": bench}
    if len(sys.argv) < 2 or sys.argv[1] not in doors:
        print(__doc__.strip())
        raise SystemExit(0 if len(sys.argv) == 2 and sys.argv[1] in ("-h", "--help") else 2)
    raise SystemExit(doors[sys.argv[1]](sys.argv[2:]))


if __name__ == "__main__":
    main()
