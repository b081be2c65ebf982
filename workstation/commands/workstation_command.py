"""`readingroom`: the window."""

from __future__ import annotations

import os
from argparse import Namespace

from workstation.commands.answer import DONE, FAILED, complain, home_of, profile_of
from workstation.places import LAST_PROFILE


def open_workstation(options: Namespace) -> int:
    """Open the window over the chosen profile and stay until it is closed."""
    from sync.errors import SyncError
    from workstation.cli import has_display

    if not has_display() and not os.environ.get("QT_QPA_PLATFORM"):
        complain("There is no screen to open a window on; `readingroom demo` shows the program without one.")
        return FAILED
    try:
        home = home_of(options)
        # Without a hospital of its own the window begins with the list of them.
        named = getattr(options, "profile", None) or (home / LAST_PROFILE).is_file()
        profile = profile_of(options) if named else ""
    except SyncError as error:
        if has_display():
            from workstation.window.sentence_dialog import show_sentence

            show_sentence(str(error))
        raise
    from workstation.startup import build_application

    running = build_application(home, profile, unlock_file=getattr(options, "unlock_file", None))
    status = stay_open(running)
    while running.wants_hospitals:
        running = build_application(home, "", unlock_file=getattr(options, "unlock_file", None))
        status = stay_open(running)
    return status


def stay_open(running: object) -> int:
    """Run the event loop until the window is closed; an opening that fails is shown, printed, and ends it."""
    from PySide6.QtWidgets import QApplication

    from workstation.startup import RunningApplication
    from workstation.window.sentence_dialog import show_sentence

    assert isinstance(running, RunningApplication)

    def fail(sentence: str) -> None:
        complain(sentence)
        show_sentence(sentence, running.window)
        running.window.close()

    running.failed.connect(fail)
    QApplication.exec()
    running.close()
    return FAILED if running.failure else DONE
