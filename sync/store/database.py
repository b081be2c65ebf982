"""The one door to a profile's encrypted store: `open_store`, and its facets. SQLAlchemy is loaded when it is opened."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from sync.errors import StoreLocked, StoreUnavailable
from sync.vault.event_notes import drop_notes, read_notes

if TYPE_CHECKING:
    from sync.store.amendment_store import AmendmentStore
    from sync.store.annotation_store import AnnotationStore
    from sync.store.arrival_store import ArrivalStore
    from sync.store.audit_trail import AuditTrail
    from sync.store.case_store import CaseStore
    from sync.store.checkpoint_store import CheckpointStore
    from sync.store.conflict_store import ConflictStore
    from sync.store.connection import Database
    from sync.store.message_store import MessageStore
    from sync.store.object_store import ObjectStore
    from sync.store.opinion_store import OpinionStore
    from sync.store.outbox_store import OutboxStore
    from sync.store.question_store import QuestionStore
    from sync.store.round_store import RoundStore
    from sync.store.session_store import SessionStore
    from sync.store.worklist_store import WorklistStore
    from sync.vault.file_vault import FileVault
    from sync.vault.keys import StoreKeys, Unlock

DATABASE_FILE = "store.db"
VAULT_FOLDER = "vault"


class Store:
    """Everything this computer keeps of one profile. Thread-safe; what a call wrote is on disk when it returns."""

    cases: CaseStore
    rounds: RoundStore
    objects: ObjectStore
    arrivals: ArrivalStore
    checkpoints: CheckpointStore
    annotations: AnnotationStore
    opinions: OpinionStore
    amendments: AmendmentStore
    questions: QuestionStore
    outbox: OutboxStore
    conflicts: ConflictStore
    messages: MessageStore
    session: SessionStore
    audit: AuditTrail
    vault: FileVault
    worklist: WorklistStore

    def __init__(self, directory: Path, database: Database, keys: StoreKeys) -> None:
        from sync.store.amendment_store import AmendmentStore
        from sync.store.annotation_store import AnnotationStore
        from sync.store.arrival_store import ArrivalStore
        from sync.store.audit_trail import AuditTrail
        from sync.store.case_store import CaseStore
        from sync.store.checkpoint_store import CheckpointStore
        from sync.store.conflict_store import ConflictStore
        from sync.store.message_store import MessageStore
        from sync.store.object_store import ObjectStore
        from sync.store.opinion_store import OpinionStore
        from sync.store.outbox_store import OutboxStore
        from sync.store.question_store import QuestionStore
        from sync.store.round_store import RoundStore
        from sync.store.session_store import SessionStore
        from sync.store.vault_index import VaultIndex
        from sync.store.worklist_store import WorklistStore
        from sync.vault.file_vault import FileVault

        self.directory = directory
        self._database = database
        self._keys = keys
        self.audit = AuditTrail(database)
        self.cases = CaseStore(database, self.audit)
        self.rounds = RoundStore(database)
        self.objects = ObjectStore(database, self.audit)
        self.checkpoints = CheckpointStore(database)
        self.annotations = AnnotationStore(database, self.audit)
        self.opinions = OpinionStore(database, self.audit)
        self.amendments = AmendmentStore(database, self.audit)
        self.questions = QuestionStore(database, self.audit)
        self.outbox = OutboxStore(database, self.audit)
        self.conflicts = ConflictStore(database, self.audit)
        self.messages = MessageStore(database)
        self.session = SessionStore(database)
        self.worklist = WorklistStore(database)
        index = VaultIndex(database, keys)
        self.vault = FileVault(directory / VAULT_FOLDER, index)
        self.arrivals = ArrivalStore(database, index, self.objects, self.vault)

    @property
    def is_locked(self) -> bool:
        """The keys are not in memory: everything but `unlock` and `close` raises StoreLocked."""
        return self._keys.is_forgotten

    def lock(self) -> None:
        """Forget every key and close every connection, until `unlock`. Handles into the vault stay readable."""
        if not self.is_locked and not self._database.read_only:
            # A disk that is full must not keep the store open.
            with suppress(StoreUnavailable):
                self.audit.append("locked", None, "store", "done", {})
                self.audit.checkpoint()
        self._keys.forget()
        self.vault.forget()
        self._database.close()

    def unlock(self, unlock: Unlock) -> None:
        """Open again what `lock` closed. UnlockRefused for a wrong passphrase and while wrong tries wait."""
        from sync.store.opening import keys_of_existing

        self._keys.take(keys_of_existing(self.directory, unlock))
        self.enter_notes()  # first: the wrong tries came before the right one
        self.audit.append("unlocked", None, "store", "done", {})

    def enter_notes(self) -> None:
        """What happened while the audit trail could not be written (wrong passphrases, a first sign-in) enters it."""
        notes = read_notes(self.directory)
        if notes:
            self.audit.enter_notes(notes)
            drop_notes(self.directory)

    def change_unlock(self, old: Unlock, new: Unlock) -> None:
        """Have the store open with *new* only: one key is wrapped anew, at any instant it opens with one of the two.

        UnlockRefused for a wrong *old* one (five make the next wait) and a weak *new* one; StoreLocked while locked.
        """
        from sync.vault.key_record import change_unlock

        if self.is_locked:
            raise StoreLocked("The store is locked; unlock it first.")
        try:
            change_unlock(self.directory, old, new)
        finally:
            self.enter_notes()  # a wrong *old* one; the trail is open, so at once
        self.audit.append("passphrase changed", None, "store", "done", {"opens_with": new.kind})

    def close(self) -> None:
        """Close every connection. Handles into the vault stay readable."""
        self._database.close()


def open_store(directory: Path, *, unlock: Unlock | None = None, read_only: bool = False, sweep: bool = True) -> Store:
    """Open the store in *directory*, made with its key on first use; leftovers of interrupted writes are swept.

    A store that is made with *unlock* opens with nothing else from then on; one made without keeps its key in a file,
    until `protection.protect_store`. With *read_only* nothing is made, migrated or swept, and another program may have
    it open for writing. Without *sweep* the caller sees to `Store.vault.sweep` when there is time: it lists every file
    of the vault. StoreLocked when it needs an *unlock* and there is none, UnlockRefused when that is wrong;
    StoreUnavailable when the key is missing or wrong, the database damaged, or its schema newer than this program;
    StoreOutdated with *read_only* when it is older.
    """
    from sync.store.connection import Database
    from sync.store.migrations import migrate, refuse_unless_current
    from sync.store.opening import keys_for, make_private

    file = directory / DATABASE_FILE
    # An interrupted first start may leave an empty file: nothing in it, so nothing that a new key could lose.
    exists = file.exists() and file.stat().st_size > 0
    if read_only and not exists:
        raise StoreUnavailable(f"Profile “{directory.name}” has no store yet; open the window once first.")
    try:
        if not read_only:
            make_private(directory, file)
        keys = keys_for(directory, exists, unlock, read_only=read_only)
    except OSError as error:
        raise StoreUnavailable(
            f"The folder of profile “{directory.name}” cannot be used ({error.strerror})."
        ) from error
    database = Database(file, keys, read_only=read_only)
    try:
        if read_only:
            with database.reading() as connection:
                refuse_unless_current(connection)
        else:
            with database.writing() as connection:
                migrate(connection, keys)
        store = Store(directory, database, keys)
        if not read_only:
            store.enter_notes()
        if sweep and not read_only:
            store.vault.sweep()
    except BaseException:
        database.close()
        raise
    return store
