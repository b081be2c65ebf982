"""`readingroom hospital serve`: the demo hospital alone."""

from __future__ import annotations

import json
import sys
from argparse import Namespace

from workstation.commands.answer import DONE, home_of, say
from workstation.places import demo_hospital_directory


def list_faults() -> None:
    """Every scripted fault of the demo hospital with a sentence, on standard output."""
    from sync.demo_hospital.faults import describe_faults

    say(describe_faults())


def serve_hospital(options: Namespace) -> int:
    """Print the hospital's addresses and account as one line of JSON, then serve until interrupted."""
    from sync.demo_hospital.faults import FaultScript
    from sync.demo_hospital.server import HospitalAnnouncement, serve

    def announce(announcement: HospitalAnnouncement) -> None:
        sys.stdout.write(json.dumps(announcement.to_json(), ensure_ascii=False) + "\n")
        sys.stdout.flush()

    def on_progress(text: str, fraction: float) -> None:
        sys.stderr.write(f"progress {fraction:.3f} {text}\n")
        sys.stderr.flush()

    faults = FaultScript(options.faults or "")
    state = options.state or demo_hospital_directory(home_of(options))
    state.mkdir(parents=True, exist_ok=True)
    serve(
        state, options.port, options.data, announce, on_progress, faults=faults, stop_with_stdin=options.stop_with_stdin
    )
    return DONE
