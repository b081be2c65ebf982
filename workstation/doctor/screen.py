"""Whether a window can be shown: the system's libraries, Qt's platform, fonts.

Qt ends the whole process where its platform cannot be loaded, so it is tried in another one.
"""

from __future__ import annotations

import ctypes
import json
import os
import subprocess
import sys

from resources import resource
from workstation.cli import has_display
from workstation.count_words import counted, named
from workstation.doctor.finding import Finding, fault, note, works

PATIENCE_S = 30.0
TRY_QT = """
import json
from PySide6.QtGui import QFontDatabase, QGuiApplication
app = QGuiApplication([])
sizes = [[s.size().width(), s.size().height(), s.devicePixelRatio()] for s in app.screens()]
print(json.dumps({"platform": app.platformName(), "fonts": len(QFontDatabase.families()), "screens": sizes}))
"""


def look_at_libraries() -> Finding:
    """The libraries of the system that Qt loads; elsewhere than on Linux they come with it."""
    if not sys.platform.startswith("linux"):
        return works("system libraries", "Qt brings its own on this system.")
    packages = []
    for soname, package in json.loads(resource("system_libraries.json").read_text("utf-8")).items():
        try:
            ctypes.CDLL(soname)
        except OSError:
            packages.append(package)
    if packages:
        command = "sudo apt-get install -y --no-install-recommends " + " ".join(packages)
        words = f"{counted(len(packages), 'package')} of the system {named(len(packages), 'is', 'are')} missing."
        return fault("system libraries", words, command, missing=packages)
    return works("system libraries", "All that Qt needs are here.", missing=[])


def look_at_screen() -> Finding:
    """Qt's platform with its screens and fonts; without a screen, the platform that needs none."""
    on_screen = has_display()
    environment = dict(os.environ)
    if not on_screen:
        environment.setdefault("QT_QPA_PLATFORM", "offscreen")
    try:
        tried = subprocess.run(
            [sys.executable, "-c", TRY_QT],
            capture_output=True,
            text=True,
            env=environment,
            timeout=PATIENCE_S,
            check=False,
        )
        found = json.loads(tried.stdout.splitlines()[-1]) if tried.returncode == 0 and tried.stdout else None
    except (OSError, ValueError, subprocess.TimeoutExpired):
        found = None
    if found is None:
        platform = environment.get("QT_QPA_PLATFORM", "the system's own platform")
        return fault("screen", f"Qt does not start ({platform}).", "See “system libraries”.")
    if not found["fonts"]:
        return fault("screen", "This computer has no fonts.", "sudo apt-get install -y fonts-dejavu-core", **found)
    fonts = counted(found["fonts"], "font family", "font families")
    if not on_screen:
        remedy = "The window needs one; `readingroom demo` shows the program without."
        return note("screen", f"Qt starts, and there is no screen ({found['platform']}; {fonts}).", remedy, **found)
    screens = ", ".join(f"{width} × {height}" for width, height, _ratio in found["screens"])
    return works("screen", f"Qt's platform {found['platform']} with {screens}; {fonts}.", **found)
