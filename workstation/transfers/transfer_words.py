"""One case's transfer put in words: its state, how much is here, how fast and how long still. No Qt here."""

from __future__ import annotations

from dataclasses import dataclass

from sync.records.case import CaseId
from sync.transfer.holds import Hold
from workstation.completeness import accepted_words
from workstation.count_words import counted
from workstation.size_words import size_words


@dataclass(frozen=True, slots=True)
class TransferFacts:
    """What is known of one case's files. ``*_bytes_total`` None: not known yet."""

    case_id: CaseId
    patient: str
    files_here: int
    files_total: int
    bytes_here: int
    bytes_total: int | None
    hold: Hold | None
    problems: tuple[str, ...]
    """What did not come, and why, one sentence each."""
    withheld: str = ""
    """Why nothing is fetched although nothing is wrong: the patient's release. Empty: it is."""
    foreign: tuple[str, ...] = ()
    """Whose the images are that name another patient and that nobody accepted, one sentence each."""
    accepted: tuple[str, ...] = ()
    """The same of images that the reader accepted."""
    accepted_count: int = 0
    is_looked_at: bool = True
    """False: files were counted as they came, and the store was not asked yet what they are."""

    @property
    def bytes_expected(self) -> int | None:
        """``bytes_total``, a guess where images are missing, as long as what is here does not refute it."""
        refuted = self.bytes_total is not None and self.bytes_here >= self.bytes_total and not self.is_whole
        return None if refuted else self.bytes_total

    @property
    def is_whole(self) -> bool:
        return self.files_here >= self.files_total

    @property
    def is_awaited(self) -> bool:
        """Something of it is still to be fetched, sooner or later."""
        return not self.is_whole and self.hold is None and not self.withheld


@dataclass(frozen=True, slots=True)
class Circumstances:
    """What holds for all cases at a moment."""

    running: CaseId | None = None
    rate_bytes_s: float = 0.0
    all_paused: bool = False
    waits_for_network: bool = False
    is_syncing: bool = False
    is_offline: bool = False
    """The last round could not reach the hospital."""


@dataclass(frozen=True, slots=True)
class TransferRow:
    """One case as the table shows it. ``share`` is between 0 and 1."""

    case_id: CaseId
    patient: str
    state: str
    tone: str
    share: float
    amount: str
    pace: str
    problems: tuple[str, ...]
    can_pause: bool
    can_continue: bool
    can_give_up: bool
    can_try_again: bool


def row_of(facts: TransferFacts, now: Circumstances) -> TransferRow:
    """*facts* in words, as things stand."""
    state, tone = _state(facts, now)
    is_running = state == "Arriving"
    return TransferRow(
        case_id=facts.case_id,
        patient=facts.patient,
        state=state,
        tone=tone,
        share=_share(facts),
        amount=_amount(facts),
        pace=_pace(facts, now.rate_bytes_s) if is_running else "",
        problems=_reasons(facts, now),
        can_pause=facts.is_awaited,
        can_continue=facts.hold is not None,
        can_give_up=not facts.is_whole and facts.hold is not Hold.CANCELLED and not facts.withheld,
        can_try_again=bool(facts.problems),
    )


def _reasons(facts: TransferFacts, now: Circumstances) -> tuple[str, ...]:
    withheld = (f"{facts.withheld[:1].upper()}{facts.withheld[1:]}. It comes by itself once the hospital has a "
                "release for you.",) if facts.withheld else ()  # fmt: skip
    count = facts.accepted_count
    accepted = (f"{accepted_words(count)}: {' '.join(facts.accepted)}",) if count else ()
    return (
        *withheld,
        *facts.foreign,
        *accepted,
        *facts.problems,
        *_standing_still(facts, now),
    )


def _standing_still(facts: TransferFacts, now: Circumstances) -> tuple[str, ...]:
    """Why nothing comes although nothing is wrong with the case, and what ends that."""
    if facts.is_whole or facts.withheld:
        return ()
    if facts.hold is Hold.CANCELLED:
        return ("Given up; P fetches the rest after all.",)
    if facts.hold is Hold.PAUSED:
        return ("This case is paused; P goes on with it.",)
    if now.all_paused:
        return ("All downloads are paused; Shift+P goes on with them.",)
    return ("The hospital cannot be reached; it goes on by itself.",) if now.is_offline else ()


def _state(facts: TransferFacts, now: Circumstances) -> tuple[str, str]:
    if facts.withheld:
        return "Withheld", "warning"
    if facts.hold is Hold.CANCELLED:
        return "Given up", "muted"
    if facts.hold is Hold.PAUSED:
        return "Paused", "warning"
    if facts.foreign and facts.is_whole:
        return "Needs a look", "danger"
    if facts.is_whole and not facts.is_looked_at:
        return "Arriving", "accent"  # nobody knows yet whose the last ones are
    if facts.is_whole:
        return _whole_state(facts)
    if now.all_paused:
        return "Paused", "warning"
    if now.running == facts.case_id:
        return "Arriving", "accent"
    if facts.problems:
        return "Incomplete", "danger"
    if now.waits_for_network:
        return "Images wait", "warning"
    return ("Next", "") if now.is_syncing else ("Waiting", "")


def _whole_state(facts: TransferFacts) -> tuple[str, str]:
    if facts.problems:
        return "Incomplete", "danger"
    if facts.accepted_count:
        return f"Complete, {facts.accepted_count} accepted", "warning"
    return "Complete", "good"


def _share(facts: TransferFacts) -> float:
    if facts.is_whole:
        return 1.0
    if facts.bytes_expected:
        return min(1.0, facts.bytes_here / facts.bytes_expected)
    return facts.files_here / facts.files_total if facts.files_total else 0.0


def _amount(facts: TransferFacts) -> str:
    files = f"{facts.files_here:,} of {facts.files_total:,} {'file' if facts.files_total == 1 else 'files'}"
    if not facts.bytes_here:
        return files if not facts.bytes_expected else f"{files} · {size_words(facts.bytes_expected)}"
    if facts.is_whole or not facts.bytes_expected:
        return f"{files} · {size_words(facts.bytes_here)}"
    return f"{files} · {size_words(facts.bytes_here)} of about {size_words(facts.bytes_expected)}"


def _pace(facts: TransferFacts, rate_bytes_s: float) -> str:
    if rate_bytes_s < 1:
        return "no data at the moment"
    if facts.bytes_expected is None:
        return rate_words(rate_bytes_s)
    left_s = max(0, facts.bytes_expected - facts.bytes_here) / rate_bytes_s
    return f"{rate_words(rate_bytes_s)} · {time_left_words(left_s)}"


def rate_words(rate_bytes_s: float) -> str:
    """``3.2 MB/s``."""
    return f"{size_words(round(rate_bytes_s))}/s"


def time_left_words(seconds: float) -> str:
    """Rounded as far as such an estimate deserves: ``a few seconds left``, ``40 s left``, ``about 12 min left``."""
    if seconds < 5:
        return "a few seconds left"
    if seconds < 90:
        return f"{round(seconds / 5) * 5} s left"
    if seconds < 90 * 60:
        return f"about {round(seconds / 60)} min left"
    return f"about {seconds / 3600:.1f} h left"


def summary_words(facts: tuple[TransferFacts, ...], now: Circumstances) -> str:
    """One line about all of it."""
    paused = ["All downloads are paused"] if now.all_paused else []
    missing = [one for one in facts if one.is_awaited]
    notes = [
        f"{counted(count, 'case')} {what}"
        for count, what in (
            (sum(bool(one.problems) for one in facts if not one.is_awaited), "with files that did not come"),
            (sum(bool(one.withheld) for one in facts), "withheld"),
            (sum(bool(one.foreign) for one in facts), "with another patient's image"),
            (sum(bool(one.accepted) for one in facts), "with such an image accepted"),
            (sum(one.hold is not None and not one.is_whole for one in facts), "paused or given up"),
        )
        if count
    ]
    if not missing:
        if paused:
            return " · ".join((*paused, *notes))
        return " · ".join(("Nothing to fetch", *notes)) if notes else "Everything is here."
    words = [*paused, f"{counted(len(missing), 'case')} incomplete"]
    if now.running is not None and now.rate_bytes_s >= 1:
        words.append(rate_words(now.rate_bytes_s))
        if all(one.bytes_expected is not None for one in missing):
            left = sum((one.bytes_expected or 0) - one.bytes_here for one in missing)
            words.append(f"all of it {time_left_words(max(0, left) / now.rate_bytes_s)}")
    return " · ".join((*words, *notes))
