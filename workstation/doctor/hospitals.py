"""Each profile's hospital: whether it proves by TLS to be itself, answers, and agrees on the time. Only when asked."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

from sync.errors import HospitalBusy, Refused, SyncError
from workstation.doctor.finding import Finding, fault, note, works
from workstation.places import hospital_profile_path, list_profiles

SKEW_TO_NOTE_S, SKEW_TO_REFUSE_S = 30.0, 300.0
"""A token's and a signature's time are judged by the hospital's clock; most servers allow five minutes."""


def look_at_hospitals(home: Path, now: Callable[[], datetime] = lambda: datetime.now(UTC)) -> tuple[Finding, ...]:
    """One finding a profile, over the network. Nothing is sent but a question that needs no sign-in."""
    return tuple(_look(home, name, now) for name in list_profiles(home))


def _look(home: Path, name: str, now: Callable[[], datetime]) -> Finding:
    from sync.credentials import NoBearer
    from sync.hospital_connection import HospitalConnection
    from sync.hospital_profile import HospitalProfile

    topic = f"hospital “{name}”"
    try:
        connection = HospitalConnection(HospitalProfile.load(hospital_profile_path(home, name)), NoBearer())
    except SyncError as error:
        return fault(topic, str(error), "Add the hospital anew in the window (Ctrl+Shift+H).")
    try:
        with connection.open("GET", f"{connection.profile.fhir_base}/metadata") as answer:
            connection.read_body(answer)
    except (Refused, HospitalBusy):
        pass  # it answered, over a line that is safe
    except SyncError as error:
        return fault(topic, str(error), "Ask the hospital's IT, with this sentence.")
    finally:
        connection.close()
    way = "over TLS" if connection.profile.fhir_base.startswith("https:") else "on this computer, without TLS"
    its_time = connection.latest_answer_at
    if its_time is None:
        return note(topic, f"It answers {way}, and does not say what time it is.")
    skew_s = round((now() - its_time).total_seconds(), 1)
    if abs(skew_s) > SKEW_TO_NOTE_S:
        words = f"It answers {way}; this computer's clock is {abs(skew_s):.0f} s {'ahead' if skew_s > 0 else 'behind'}."
        found = fault if abs(skew_s) > SKEW_TO_REFUSE_S else note
        return found(topic, words, "Let the system set its clock from the network.", clock_ahead_s=skew_s)
    words = f"It answers {way}, and the clocks agree ({abs(skew_s):.0f} s apart)."
    return works(topic, words, clock_ahead_s=skew_s)
