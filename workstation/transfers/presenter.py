"""What the transfers page shows and what its keys do. Decides without Qt; reads and writes the store on its lane."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import TYPE_CHECKING, Protocol

from sync.audit import DONE, AuditAction
from sync.changes import Changes
from sync.lease import known_time
from sync.records.case import Case, CaseId
from sync.release_end import as_released
from sync.transfer.control import TransferControl
from sync.transfer.holds import Hold, are_all_paused, find_holds, give_up, put_all_paused, put_hold
from sync.transfer.plan import count_bytes, count_files, try_again
from sync.transfer.progress import SyncProgress, SyncStage
from workstation.completeness import foreign_sentences
from workstation.lanes import Lanes
from workstation.release_words import withheld_words
from workstation.transfers.transfer_words import Circumstances, TransferFacts, TransferRow, row_of, summary_words
from workstation.window.patient_identity import identity_of

if TYPE_CHECKING:
    from sync.store.database import Store

LIMIT_KEY = "transfer_limit_bytes_s"
METERED_KEY = "transfer_images_on_metered"
MOST_ROWS = 200
"""A reader looks at what arrives now; a queue of thousands is a number in the summary."""


class TransfersView(Protocol):
    """What the presenter tells the page."""

    def show_transfers(self, rows: tuple[TransferRow, ...], summary: str) -> None:
        """All of them, the one in hand first."""

    def show_settings(self, *, all_paused: bool, limit_bytes_s: float | None, waits_for_network: bool) -> None:
        """What holds for all cases."""


@dataclass(frozen=True, slots=True)
class _Loaded:
    facts: tuple[TransferFacts, ...]
    all_paused: bool
    limit_bytes_s: float | None
    images_on_metered: bool


class TransfersPresenter:
    """*wanted* is called when a round of sync should look at what was decided here."""

    def __init__(
        self,
        store: Store,
        lanes: Lanes,
        control: TransferControl,
        now: Callable[[], datetime],
        wanted: Callable[[], None],
        failed: Callable[[Exception], None],
    ) -> None:
        self._store = store
        self._lanes = lanes
        self._control = control
        self._now = now
        self._wanted = wanted
        self._failed = failed
        self._view: TransfersView | None = None
        self._facts: dict[CaseId, TransferFacts] = {}
        self._seen: set[CaseId] = set()
        self._circumstances = Circumstances()
        self._loading = self._load_again = False

    def attach(self, view: TransfersView) -> None:
        """Show transfers in *view* from now on; what was set in earlier runs holds again."""
        self._view = view
        self.load()

    def put_away(self) -> None:
        """Show and know no transfer until `attach`: the window is being locked."""
        self._facts.clear()
        self._seen.clear()
        view, self._view = self._view, None
        if view is not None:
            view.show_transfers((), "")

    def changes_happened(self, changes: Changes) -> None:
        """Files came, or the cases are others now."""
        if changes.objects or changes.cases:
            self.load()

    def sync_ran(self, running: bool, *, is_offline: bool | None = None) -> None:
        """A round of sync began, or ended. *is_offline*: whether it could reach the hospital, once that is known."""
        self._circumstances = replace(self._circumstances, is_syncing=running, running=None, rate_bytes_s=0.0)
        if is_offline is not None:
            self._circumstances = replace(self._circumstances, is_offline=is_offline)
        self.load()

    def network_changed(self) -> None:
        """Another network, paid by volume or not: images stop at once, or go on."""
        if self._control.images_wait_for_network:
            self._control.interrupt()
        else:
            self._wanted()
        self._show()

    def progressed(self, progress: SyncProgress) -> None:
        """A moment of the round: the row of the case in hand, without asking the store."""
        running = progress.case_id if progress.stage is SyncStage.DOWNLOADING else None
        self._circumstances = replace(self._circumstances, running=running, rate_bytes_s=progress.rate_bytes_s)
        if running is not None:
            self._circumstances = replace(self._circumstances, is_offline=False)
        if running is None:
            return
        self._seen.add(running)
        known = self._facts.get(running)
        if known is None:
            self.load()
            return
        self._facts[running] = replace(
            known,
            files_here=progress.case_done,
            files_total=max(progress.case_total, progress.case_done),
            bytes_here=progress.case_bytes or known.bytes_here,
            bytes_total=progress.case_bytes_total or known.bytes_total,
            is_looked_at=False,
        )
        self._show()
        if self._facts[running].is_whole:
            self.load()

    def row(self, case_id: CaseId | None) -> TransferRow | None:
        """The row of a case as it stands; None where it has none."""
        facts = self._facts.get(case_id) if case_id is not None else None
        return None if facts is None else row_of(facts, self._circumstances)

    def pause_or_continue(self, case_id: CaseId) -> None:
        row = self.row(case_id)
        if row is None or not (row.can_pause or row.can_continue):
            return
        if row.can_continue:
            self._control.release(case_id)
            self._decide(lambda: put_hold(self._store, case_id, None))
        else:
            self._control.hold(case_id, Hold.PAUSED)
            self._decide(lambda: put_hold(self._store, case_id, Hold.PAUSED))

    def give_up(self, case_id: CaseId) -> None:
        """Fetch nothing more of a case, and remove what is unfinished. What is here stays."""
        row = self.row(case_id)
        if row is not None and row.can_give_up:
            self._control.hold(case_id, Hold.CANCELLED)
            self._decide(lambda: give_up(self._store, case_id))

    def try_again(self, case_id: CaseId) -> None:
        """Ask once more for what did not come."""
        row = self.row(case_id)
        if row is not None and row.can_try_again:
            self._control.forget_failures(case_id)
            self._decide(lambda: try_again(self._store, case_id))

    def pause_or_continue_all(self) -> None:
        pause = not self._control.is_paused
        if pause:
            self._control.pause()
        else:
            self._control.resume()
        self._decide(lambda: put_all_paused(self._store, pause))

    def set_limit(self, limit_bytes_s: float | None) -> None:
        """Bytes a second for all downloads together; None: no limit."""
        self._control.bandwidth.limit_bytes_s = limit_bytes_s
        content = "" if limit_bytes_s is None else str(limit_bytes_s)
        self._lanes.store_lane(lambda: _put_setting(self._store, LIMIT_KEY, content), None, self._failed)

    def allow_images_on_metered(self, allowed: bool) -> None:
        """Fetch images also over a network that is paid by volume, or wait for another."""
        self._control.images_on_metered = allowed
        self._decide(lambda: _put_setting(self._store, METERED_KEY, "yes" if allowed else ""))

    def load(self) -> None:
        """One reading at a time, however fast files arrive."""
        if self._loading:
            self._load_again = True
            return
        self._loading = True
        now, seen = self._now(), frozenset(self._seen)
        self._lanes.store_lane(lambda: self._load(now, seen), self._loaded, self._not_loaded)

    def _load(self, now: datetime, seen: frozenset[CaseId]) -> _Loaded:
        """On the store lane."""
        store = self._store
        holds = find_holds(store)
        mismatches = store.objects.list_mismatches()
        listed = (*store.rounds.list_to_fetch()[:MOST_ROWS], *store.rounds.list_withheld(MOST_ROWS))
        cases = {case.case_id: case for case in listed}
        for case_id in (*holds, *seen, *store.objects.list_cases_with_rejected(), *mismatches):
            if case_id in cases or store.cases.find_withdrawal(case_id) is not None:
                continue
            if (case := store.cases.find_case(case_id)) is not None:
                cases[case_id] = case
        known = known_time(store)
        limit = store.session.find(LIMIT_KEY)
        facts = [
            _facts(store, as_released(case, known), holds.get(case.case_id), self._control, now)
            for case in cases.values()
        ]
        # Whose they are is asked after how many are here: nothing counted can be of a patient not known here.
        mismatches = store.objects.list_mismatches()
        return _Loaded(
            tuple(_with_strangers(store, one, mismatches.get(one.case_id, {})) for one in facts),
            are_all_paused(store),
            float(limit) if limit else None,
            bool(store.session.find(METERED_KEY)),
        )

    def _loaded(self, loaded: _Loaded) -> None:
        self._loading = False
        self._facts = {one.case_id: one for one in loaded.facts}
        self._control.bandwidth.limit_bytes_s = loaded.limit_bytes_s
        self._control.images_on_metered = loaded.images_on_metered
        # A round that began while a decision was being written has read the store as it was before.
        if loaded.all_paused and not self._control.is_paused:
            self._control.pause()
        for one in loaded.facts:
            if one.hold is not None and self._control.held(one.case_id) is None:
                self._control.hold(one.case_id, one.hold)
        self._show()
        if self._load_again:
            self._load_again = False
            self.load()

    def _not_loaded(self, error: Exception) -> None:
        self._loading = self._load_again = False
        self._failed(error)

    def _decide(self, write: Callable[[], None]) -> None:
        def written(_nothing: None) -> None:
            self.load()
            self._wanted()

        self._lanes.store_lane(write, written, self._failed)

    def _show(self) -> None:
        if self._view is None:
            return
        self._circumstances = replace(
            self._circumstances,
            all_paused=self._control.is_paused,
            waits_for_network=self._control.images_wait_for_network,
        )
        facts = sorted(self._facts.values(), key=self._order)
        rows = tuple(row_of(one, self._circumstances) for one in facts)
        self._view.show_settings(
            all_paused=self._control.is_paused,
            limit_bytes_s=self._control.bandwidth.limit_bytes_s,
            waits_for_network=self._circumstances.waits_for_network,
        )
        self._view.show_transfers(rows, summary_words(tuple(facts), self._circumstances))

    def _order(self, facts: TransferFacts) -> tuple[bool, bool, bool, bool, CaseId]:
        is_settled = facts.is_whole or bool(facts.withheld)
        is_running = facts.case_id == self._circumstances.running
        return not is_running, not facts.foreign, is_settled, facts.hold is not None, facts.case_id


def _put_setting(store: Store, key: str, content: str) -> None:
    store.session.put(key, content)
    store.audit.append(AuditAction.SETTING_CHANGED, None, key, DONE, {"value": content})


def _facts(store: Store, case: Case, hold: Hold | None, control: TransferControl, now: datetime) -> TransferFacts:
    identity = identity_of(case, now.date())
    rejected = [
        one.reason if one.title in one.reason else f"{one.title}: {one.reason}"
        for one in store.objects.list_rejected(case.case_id)
    ]
    files_here, files_total = count_files(store, case)
    return TransferFacts(
        case.case_id, f"{identity.name}\n{case.case_id}", files_here, files_total, *count_bytes(store, case),
        hold=hold, problems=tuple(dict.fromkeys((*control.failures(case.case_id), *rejected))),
        withheld=withheld_words(case),
    )  # fmt: skip


def _with_strangers(store: Store, facts: TransferFacts, mismatches: Mapping[str, int]) -> TransferFacts:
    """Whether they were accepted is asked last: a stranger that comes ends the acceptance of others."""
    sentences = foreign_sentences(mismatches)
    if not sentences or store.objects.find_mismatch_override(facts.case_id) is None:
        return replace(facts, foreign=sentences)
    # The number of all is said before them: of one sentence it is not said twice.
    accepted = tuple(mismatches) if len(mismatches) == 1 else sentences
    return replace(facts, accepted=accepted, accepted_count=sum(mismatches.values()))
