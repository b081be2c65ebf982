"""The offline lease: how long this computer may show its cases without hearing from the hospital (protocol 6).

Time is estimated from the hospital's clock at the last good round. The local clock only ever adds to it; set back, the
steady clock (monotonic, system-wide, from zero at each start of the machine) still counts the time it has been on.
"""

from __future__ import annotations

import json
import time
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from sync.site_rules import site_rules

if TYPE_CHECKING:
    from sync.store.database import Store

LEASE_KEY = "lease"


@dataclass(frozen=True, slots=True)
class Moment:
    """This computer's two clocks at one instant. ``wall`` is aware; ``steady_s`` never goes back while it is on."""

    wall: datetime
    steady_s: float


@dataclass(frozen=True, slots=True)
class Lease:
    """The last contact and the latest time known since; ``_at`` in ISO 8601, by the hospital's clock unless it says."""

    contact_at: str
    contact_wall_at: str
    """This computer's clock at the contact."""
    seen_at: str
    steady_s: float
    """The steady clock when ``seen_at`` was noted."""

    def estimate(self, now: Moment) -> datetime:
        """The hospital's time now, at the least."""
        # Below what was noted, the machine was started anew: it has been on for at least this long since.
        elapsed_s = now.steady_s - self.steady_s if now.steady_s >= self.steady_s else now.steady_s
        steady = datetime.fromisoformat(self.seen_at) + timedelta(seconds=elapsed_s)
        by_wall = datetime.fromisoformat(self.contact_at) + (now.wall - datetime.fromisoformat(self.contact_wall_at))
        return max(steady, by_wall)


def this_moment() -> Moment:
    return Moment(datetime.now(UTC), time.monotonic())


def note_contact(store: Store, hospital_now: datetime, now: Moment | None = None) -> None:
    """A round went well: the lease begins anew."""
    now = now or this_moment()
    at = hospital_now.isoformat()
    store.session.put(LEASE_KEY, json.dumps(asdict(Lease(at, now.wall.isoformat(), at, now.steady_s))))


def note_time(store: Store, now: Moment | None = None) -> None:
    """Keep how late it is, so that a clock set back later changes nothing. Nothing happens before the first contact."""
    now = now or this_moment()
    lease = _find_lease(store)
    if lease is not None:
        seen = Lease(lease.contact_at, lease.contact_wall_at, lease.estimate(now).isoformat(), now.steady_s)
        store.session.put(LEASE_KEY, json.dumps(asdict(seen)))


def known_time(store: Store, now: Moment | None = None) -> datetime:
    """The hospital's time at the least; this computer's where there was no contact yet."""
    return time_and_lease_sentence(store, now)[0]


def find_lease_sentence(store: Store, now: Moment | None = None) -> str:
    """Why the cases are locked, in one sentence; empty while the lease runs, or where there was no contact yet."""
    return time_and_lease_sentence(store, now)[1]


def time_and_lease_sentence(store: Store, now: Moment | None = None) -> tuple[datetime, str]:
    """`known_time` and `find_lease_sentence`, for one reading of the store."""
    now, lease = now or this_moment(), _find_lease(store)
    if lease is None:
        return now.wall, ""
    known, allowed = lease.estimate(now), site_rules(store.directory).lease
    if known - datetime.fromisoformat(lease.contact_at) <= allowed:
        return known, ""
    days = f"{allowed.days} {'day' if allowed.days == 1 else 'days'}"
    return (
        known,
        f"This computer has not heard from the hospital for more than {days}; sync once to see the cases again.",
    )


def _find_lease(store: Store) -> Lease | None:
    kept = store.session.find(LEASE_KEY)
    return None if kept is None else Lease(**json.loads(kept))
