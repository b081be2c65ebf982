"""`readingroom audit`: who did what on this computer, and whether the trail is whole."""

from __future__ import annotations

from argparse import Namespace

from sync.audit import AuditEntry, happened_at, outcome_words
from workstation.commands.answer import DONE, FAILED, complain, say, say_json, say_table
from workstation.commands.store_commands import opened_store
from workstation.count_words import counted


def show_audit(options: Namespace) -> int:
    """The trail, oldest first (with --verify only the verdict); status 1 when it is not whole."""
    with opened_store(options, read_only=True) as store:
        fault = store.audit.verify()
        entries = () if options.verify else store.audit.entries()
        count = len(entries) if entries else store.audit.count()
    if options.json:
        say_json(
            {
                "whole": fault is None,
                "fault": fault,
                "rows": count,
                "entries": [
                    {
                        "seq": entry.seq,
                        "at": entry.at.isoformat(),
                        "happened_at": happened_at(entry).isoformat(),
                        "actor": entry.actor,
                        "action": entry.action,
                        "case": entry.case_id,
                        "object": entry.object,
                        "outcome": outcome_words(entry),
                        "detail": entry.detail,
                        "hash": entry.hash,
                    }
                    for entry in entries
                ],
            }
        )
    else:
        if entries:
            say_table(
                ("ROW", "AT", "WHO", "DID", "CASE", "WHAT", "OUTCOME"),
                [
                    (
                        str(e.seq), happened_at(e).isoformat(timespec="seconds"), e.actor, e.action, e.case_id or "",
                        e.object, _outcome(e),
                    )
                    for e in entries
                ],
            )  # fmt: skip
        if fault is None:
            say(f"The audit trail is whole: {counted(count, 'row')}.")
    if fault is not None:
        complain(fault)
        return FAILED
    return DONE


def _outcome(entry: AuditEntry) -> str:
    """With how long it lasted, where that is known, and the time of its row, where that was entered later."""
    words = outcome_words(entry)
    if "duration_s" in entry.detail:
        words += f", {entry.detail['duration_s']:g} s"
    return words if happened_at(entry) == entry.at else f"{words} (entered {entry.at.isoformat(timespec='seconds')})"
