"""`readingroom hospital serve`: the demo hospital alone."""

from __future__ import annotations

import json
import sys
from argparse import Namespace

from workstation.commands.answer import DONE, home_of
from workstation.places import demo_hospital_directory


def serve_hospital(options: Namespace) -> int:
    """Print the hospital's addresses and account as one line of JSON, then serve until interrupted."""
    from sync.demo_hospital.server import HospitalAnnouncement, serve

    def announce(announcement: HospitalAnnouncement) -> None:
        sys.stdout.write(json.dumps(announcement.to_json(), ensure_ascii=False) + "\n")
        sys.stdout.flush()

    def on_progress(text: str, fraction: float) -> None:
        sys.stderr.write(f"progress {fraction:.3f} {text}\n")
        sys.stderr.flush()

    state = options.state or demo_hospital_directory(home_of(options))
    state.mkdir(parents=True, exist_ok=True)
    serve(state, options.port, options.data, announce, on_progress, stop_with_stdin=options.stop_with_stdin)
    return DONE
