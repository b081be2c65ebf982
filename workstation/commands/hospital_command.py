"""`readingroom hospital serve`: the demo hospital alone."""

from __future__ import annotations

import json
import sys
from argparse import Namespace
from typing import TYPE_CHECKING

from workstation.commands.answer import DONE, complain, home_of, say
from workstation.commands.progress_words import ProgressWords
from workstation.places import demo_hospital_directory, make_folder

if TYPE_CHECKING:
    from sync.demo_hospital.server import HospitalAnnouncement


def list_faults() -> None:
    """Every scripted fault of the demo hospital with a sentence, on standard output."""
    from sync.demo_hospital.faults import describe_faults

    say(describe_faults())


def serve_hospital(options: Namespace) -> int:
    """Print the hospital's addresses and account as one line of JSON, then serve until interrupted.

    A person is told on standard error how far it is, and what to do with it; a program that started it
    (``--stop-with-stdin``) gets every step as a line ``progress <0..1> <text>`` there.
    """
    from sync.demo_hospital.faults import FaultScript
    from sync.demo_hospital.server import serve

    is_programs = options.stop_with_stdin
    words = ProgressWords("Building the demo hospital")

    def announce(announcement: HospitalAnnouncement) -> None:
        words.done()
        sys.stdout.write(json.dumps(announcement.to_json(), ensure_ascii=False) + "\n")
        sys.stdout.flush()
        if not is_programs:
            complain(_what_next(announcement))

    faults = FaultScript(options.faults or "")
    state = options.state or demo_hospital_directory(home_of(options))
    make_folder(state)
    try:
        serve(
            state,
            options.port,
            options.data,
            announce,
            _tell_program if is_programs else words,
            faults=faults,
            stop_with_stdin=is_programs,
        )
    finally:
        words.done()
    return DONE


def _tell_program(text: str, fraction: float) -> None:
    sys.stderr.write(f"progress {fraction:.3f} {text}\n")
    sys.stderr.flush()


def _what_next(announcement: HospitalAnnouncement) -> str:
    from sync.demo_hospital.oauth_routes import ACCOUNTS

    origin = announcement.fhir_base.removesuffix("/fhir")
    users = " or ".join(f"“{account.user}”" for account in ACCOUNTS)
    return (
        f"{announcement.name} answers at {origin}: give that address to the window, and sign in as {users} with the "
        f"passphrase “{announcement.account_passphrase}”. Ctrl+C stops it."
    )
