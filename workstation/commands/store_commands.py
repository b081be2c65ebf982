"""`readingroom sync`, `cases` and `outbox`: what the encrypted store holds, and one round of sync, without a window."""

from __future__ import annotations

from argparse import Namespace
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from workstation.commands.answer import DONE, FAILED, complain, home_of, profile_of, say, say_json, say_table
from workstation.count_words import counted, named

if TYPE_CHECKING:
    from sync.store.database import Store
    from sync.sync_round import SyncReport

SIGN_IN_IN_THE_WINDOW = (
    "Sign in from the window (Ctrl+Shift+I), which then syncs by itself. A command can use that sign-in only where "
    "this computer has a keyring to keep it."
)


def list_cases(options: Namespace) -> int:
    """Every case: id, patient, question, status, due, what is here and what is missing."""
    from sync.lease import known_time
    from sync.release_end import as_released
    from workstation.clock import local_now
    from workstation.completeness import completeness_of
    from workstation.release_words import why_withheld
    from workstation.withheld_cases import list_withheld, withheld_sentence
    from workstation.worklist.presenter import LOCKED, load_rows

    with opened_store(options, read_only=True) as store:
        rows = sorted(load_rows(store, local_now(), None), key=lambda row: row.order)
        if not options.json:
            if not rows:
                say("There are no cases on this computer.")
                return DONE
            say_table(
                ("CASE", "STATE", "PRIORITY", "PATIENT", "DUE", "HERE", "QUESTION"),
                [
                    (r.case_id, r.state.text, r.priority, r.patient, r.due.text, r.here, _short(r.question))
                    for r in rows
                ],
            )
            if told := withheld_sentence(list_withheld(store)):
                say(told)
            return DONE
        withheld = {case.case_id: why_withheld(case) for case in list_withheld(store)}
        found = []
        for row in rows:
            case = as_released(store.cases.get_case(row.case_id), known_time(store))
            is_locked = row.patient == LOCKED
            here = completeness_of(
                case, store.objects.list_objects(row.case_id), store.objects.list_rejected(row.case_id)
            )
            found.append(
                {
                    "case": row.case_id,
                    "patient": None
                    if is_locked
                    else {"name": case.patient.display_name, "id": case.patient.patient_id},
                    "questions": [] if is_locked else list(case.questions),
                    "status": case.status.value,
                    "state": row.state.text,
                    "priority": case.priority.value,
                    "due": case.due.isoformat() if case.due else None,
                    "consent": case.consent.value,
                    "withheld": withheld.get(case.case_id),
                    "here": {
                        "images": [here.images.here, here.images.expected],
                        "slides": [here.slides.here, here.slides.expected],
                        "documents": [here.documents.here, here.documents.expected],
                    },
                    "rejected": [{"title": item.title, "reason": item.reason} for item in here.rejected],
                    "foreign": [stored.patient_mismatch for stored in here.foreign],
                }
            )
        say_json(found)
    return DONE


def list_outbox(options: Namespace) -> int:
    """What waits to leave (``--all``: and what has left), its tries, and why it has not gone; or one retried, saved."""
    from workstation.transfers.leaving_words import CLOSED, what_words

    if options.retry is not None or options.export is not None:
        return _settle_entry(options)
    with opened_store(options, read_only=True) as store:
        entries = [entry for entry in store.outbox.list_entries() if options.all or entry.state not in CLOSED]
    if options.json:
        say_json(
            [
                {
                    "id": entry.entry_id,
                    "case": entry.case_id,
                    "what": entry.kind.value,
                    "subject": entry.subject,
                    "state": entry.state.value,
                    "attempts": entry.attempts,
                    "last_error": entry.last_error,
                    "queued_at": entry.queued_at.isoformat(),
                    "last_attempt_at": entry.last_attempt_at.isoformat() if entry.last_attempt_at else None,
                }
                for entry in entries
            ]
        )
        return DONE
    if not entries:
        say("Nothing has left, and nothing waits to." if options.all else "Nothing waits to leave.")
        return DONE
    say_table(
        ("ID", "CASE", "WHAT", "STATE", "TRIES", "WHY"),
        [(str(e.entry_id), e.case_id, what_words(e), e.state.value, str(e.attempts), e.last_error) for e in entries],
    )
    return DONE


def _settle_entry(options: Namespace) -> int:
    """``--retry ID``: tried again with the next sync, asked first like any other; ``--export ID FILE``: saved."""
    from pathlib import Path

    from sync.outbox_export import export_entry

    wanted = options.retry if options.retry is not None else options.export[0]
    with opened_store(options, read_only=False) as store:
        entry = store.outbox.find_entry(int(wanted)) if str(wanted).isdigit() else None
        if entry is None:
            complain(f"There is no entry {wanted} in the outbox.")
            return FAILED
        if options.export is not None:
            export_entry(store, entry, Path(options.export[1]))
            say(f"Saved as {Path(options.export[1]).name}.")
        elif store.outbox.retry(entry.entry_id):
            say("It is tried again with the next sync.")
        else:
            complain(f"Entry {wanted} is {entry.state.value}; there is nothing to try again.")
            return FAILED
    return DONE


def sync(options: Namespace) -> int:
    """One round; status 1 when it could not be completed."""
    from sync.authorization.signed_in_account import credentials_of
    from sync.hospital_profile import HospitalProfile
    from sync.sync_round import run_sync_round
    from sync.transfer.hospital import connect_hospital
    from workstation.door.object_inspector import ProcessInspector
    from workstation.places import hospital_profile_path
    from workstation.release_words import why_withheld
    from workstation.withheld_cases import list_withheld, withheld_sentence

    profile = HospitalProfile.load(hospital_profile_path(home_of(options), profile_of(options)))
    with opened_store(options, read_only=False) as store:
        account = credentials_of(profile)
        hospital, inspector = connect_hospital(profile, account), ProcessInspector()
        try:
            report = run_sync_round(store, hospital, inspector=inspector)
            withheld = list_withheld(store)
        finally:
            inspector.close()
            hospital.close()
    if options.json:
        named = [{"case": case.case_id, "why": why_withheld(case)} for case in withheld]
        say_json({**report.to_json(), "withheld": named})
    else:
        say(seen_words(report))
        say(f"{report.sent} sent, {report.waiting} waiting to leave, {report.rejected} rejected")
        if told := withheld_sentence(withheld):
            say(told)
    for problem in report.problems:
        complain(problem)
    if account is not None and account.needs_person:
        complain(SIGN_IN_IN_THE_WINDOW)
    return DONE if report.complete else FAILED


def seen_words(report: SyncReport) -> str:
    """How many cases and files; of a round that broke off, the cases that were here already are not called seen."""
    files = f"{counted(report.objects_fetched, 'file')} fetched ({counted(report.bytes_fetched, 'byte')})"
    cases = counted(report.cases_seen, "case")
    if report.complete:
        return f"{cases} seen, {files}"
    return f"The round broke off: {files}; {cases} {named(report.cases_seen, 'is', 'are')} on this computer"


@contextmanager
def opened_store(options: Namespace, *, read_only: bool) -> Iterator[Store]:
    """The store of the chosen profile; a writer holds the profile meanwhile, a reader works beside one.

    One of an older version is brought up to date first, as the window would; for that a reader holds the profile too.
    """
    from sync.errors import StoreOutdated
    from sync.store.database import open_store
    from sync.store.profile_lock import ProfileLock
    from workstation.places import profile_directory
    from workstation.unlocking import unlock_on_terminal

    home, profile = home_of(options), profile_of(options)
    directory = profile_directory(home, profile)
    lock = None if read_only else ProfileLock.take(directory, "a round of sync")
    try:
        unlock = unlock_on_terminal(home, profile, getattr(options, "unlock_file", None))
        try:
            store = open_store(directory, unlock=unlock, read_only=read_only)
        except StoreOutdated:
            lock = ProfileLock.take(directory, "a command that brings the store up to date")
            open_store(directory, unlock=unlock, sweep=False).close()
            lock.release()
            store = open_store(directory, unlock=unlock, read_only=True)
        try:
            yield store
        finally:
            store.close()
    finally:
        if lock is not None:
            lock.release()


def _short(text: str) -> str:
    return text if len(text) <= 60 else f"{text[:59]}…"
