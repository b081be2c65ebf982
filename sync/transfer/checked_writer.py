"""A file on its way into the vault that is looked into before it becomes one: what is turned away leaves no bytes."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from sync.transfer.door import FileFacts, ObjectInspector, admit_file

if TYPE_CHECKING:
    from sync.transfer.checkpoint import VaultPlace
    from sync.transfer.file_gateway import FileAnswer
    from sync.vault.file_vault import VaultWriter


class CheckedPlace:
    """A `file_download.Place` whose files pass the door when they are committed."""

    def __init__(self, place: VaultPlace, inspector: ObjectInspector, title: str, content_type: str) -> None:
        self._place = place
        self._inspector = inspector
        self._title = title
        self._content_type = content_type
        self.facts = FileFacts()
        """What the inspector found of the file that was committed."""

    def begin(self) -> CheckedWriter:
        return CheckedWriter(self._place.begin(), self._admit)

    def resume(self, on_content: Callable[[memoryview], None]) -> tuple[CheckedWriter, FileAnswer] | None:
        resumed = self._place.resume(on_content)
        return None if resumed is None else (CheckedWriter(resumed[0], self._admit), resumed[1])

    def note(self, file_id: str, answer: FileAnswer) -> None:
        self._place.note(file_id, answer)

    def forget(self) -> None:
        self._place.forget()

    def _admit(self, writer: VaultWriter) -> None:
        facts = self._inspector.inspect_file(writer.sealed(self._title), self._content_type)
        admit_file(facts, self._title)
        self.facts = facts


class CheckedWriter:
    """A `file_download.Writer`."""

    def __init__(self, writer: VaultWriter, admit: Callable[[VaultWriter], None]) -> None:
        self._writer = writer
        self._admit = admit

    @property
    def size_bytes(self) -> int:
        return self._writer.size_bytes

    @property
    def file_id(self) -> str:
        return self._writer.file_id

    @property
    def sha256(self) -> str:
        return self._writer.sha256

    def write(self, content: bytes) -> None:
        self._writer.write(content)

    def commit(self) -> str:
        """The SHA-256 of the file, which is in the vault now. Raises `NotAdmitted`, `DoorClosed` before it is."""
        self._admit(self._writer)
        return self._writer.commit()

    def abort(self) -> None:
        self._writer.abort()

    def leave(self) -> None:
        self._writer.leave()
