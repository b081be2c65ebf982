"""What waits to leave: shown, tried again when a person wants it, saved elsewhere. No Qt; the store on its lane."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from sync.changes import Changes
from sync.records.outbox_entry import OutboxEntry
from sync.site_rules import site_rules
from workstation.lanes import Lanes
from workstation.transfers.leaving_words import CLOSED, LeavingRow, leaving_row

if TYPE_CHECKING:
    from sync.store.database import Store

RETRIED = "It is tried again now; the hospital is asked first whether it may still leave."
EXPORTED = "Saved in “{name}”, outside the encryption: whoever can read that folder can read it."


class LeavingView(Protocol):
    """What the presenter tells the pane."""

    def show_entries(self, rows: tuple[LeavingRow, ...]) -> None:
        """All that has not left, in the order of queueing."""


class LeavingPresenter:
    """*changed* hears of what was decided here and sees to a round of sync; *say* is the status line."""

    def __init__(
        self,
        store: Store,
        lanes: Lanes,
        now: Callable[[], datetime],
        changed: Callable[[Changes], None],
        say: Callable[[str], None],
        failed: Callable[[Exception], None],
    ) -> None:
        self._store = store
        self._lanes = lanes
        self._now = now
        self._changed = changed
        self._say = say
        self._failed = failed
        self._view: LeavingView | None = None
        self._rows: dict[int, LeavingRow] = {}

    def attach(self, view: LeavingView) -> None:
        """Show what waits in *view* from now on."""
        self._view = view
        self._load()

    def put_away(self) -> None:
        """Show and know nothing until `attach`: the window is being locked."""
        self._rows.clear()
        view, self._view = self._view, None
        if view is not None:
            view.show_entries(())

    def changes_happened(self, changes: Changes) -> None:
        """Something was queued, tried or delivered, or a case was taken away."""
        if changes.outbox or changes.cases:
            self._load()

    def row(self, entry_id: int | None) -> LeavingRow | None:
        """The row of an entry as it stands; None where it has none."""
        return self._rows.get(entry_id) if entry_id is not None else None

    def retry(self, entry_id: int) -> None:
        """Try it now, whatever pause it has; a wish of the hospital's own to wait is kept."""
        row = self.row(entry_id)
        if row is None or not row.can_retry:
            return

        def retried(changes: Changes) -> None:
            if changes:
                self._say(RETRIED)
                self._changed(changes)

        self._lanes.store_lane(lambda: self._store.outbox.retry(entry_id), retried, self._failed)

    def export(self, entry_id: int, folder: str) -> None:
        """Save it in *folder*, which somebody chose after having been warned."""
        row = self.row(entry_id)
        if row is None or not row.can_export or not folder:
            return
        self._lanes.store_lane(
            lambda: _export(self._store, entry_id, Path(folder)),
            lambda made: self._say(EXPORTED.format(name=made.name)),
            self._failed,
        )

    def _load(self) -> None:
        now = self._now()
        self._lanes.store_lane(lambda: _load_rows(self._store, now), self._loaded, self._failed)

    def _loaded(self, rows: tuple[LeavingRow, ...]) -> None:
        if self._view is not None:
            self._rows = {row.entry_id: row for row in rows}
            self._view.show_entries(rows)


def _load_rows(store: Store, now: datetime) -> tuple[LeavingRow, ...]:
    """On the store lane."""
    may_export = site_rules(store.directory).export_unsent
    waiting = [entry for entry in store.outbox.list_entries() if entry.state not in CLOSED]
    kept = {lock.case_id: lock.shred_after for lock in store.conflicts.list_settled_locks()} if waiting else {}
    return tuple(_row(store, entry, now, kept.get(entry.case_id), may_export=may_export) for entry in waiting)


def _row(
    store: Store, entry: OutboxEntry, now: datetime, kept_until: datetime | None, *, may_export: bool
) -> LeavingRow:
    is_locked = store.conflicts.find_lock(entry.case_id) is not None
    case = None if is_locked else store.cases.find_case(entry.case_id)
    patient = "" if case is None else case.patient.display_name
    return leaving_row(entry, patient, now, is_locked=is_locked, kept_until=kept_until, may_export=may_export)


def _export(store: Store, entry_id: int, folder: Path) -> Path:
    from sync.errors import StoreUnavailable
    from sync.outbox_export import export_to_folder

    entry = store.outbox.find_entry(entry_id)
    if entry is None:
        raise StoreUnavailable("That is not waiting to leave any more.")
    return export_to_folder(store, entry, folder)
