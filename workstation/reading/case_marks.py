"""The marks of the open case: in memory with their history, in the store at once, in words for the list. No Qt."""

from __future__ import annotations

from collections.abc import Callable

from sync.changes import Changes
from viewers.annotation.annotation import Annotation
from viewers.annotation.annotation_set import AnnotationSet, MarksLocked
from viewers.annotation.measurements import measure
from viewers.calibration import Calibration
from viewers.radiology.stack_words import place_of
from workstation.reading.annotation_autosave import AnnotationAutosave, SaveState
from workstation.reading.case_reading import CaseReading, ImageItem, SeriesItem
from workstation.reading.presenter import CaseReadingPresenter


class CaseMarks:
    """Made when a case is opened and closed with it; nothing of it is used for the next."""

    def __init__(
        self,
        reading: CaseReading,
        presenter: CaseReadingPresenter | None,
        *,
        on_changed: Callable[[], None],
        on_state: Callable[[CaseMarks, SaveState], None],
        on_stored: Callable[[Changes], None],
        later: Callable[[float, Callable[[], None]], None],
    ) -> None:
        """Without a *presenter*, and for files that belong to no case, nothing is stored. *on_changed* is called after
        each change of a mark; *on_state*, *on_stored* and *later* are `AnnotationAutosave`'s."""
        self._reading = reading
        self.annotations = AnnotationSet(
            reading.reader, reading.marks, first_number=reading.first_label_number, read_only=reading.read_only
        )
        self.annotations.subscribe(lambda _changes: on_changed())
        self._autosave: AnnotationAutosave | None = None
        if presenter is not None:
            self._autosave = presenter.keep_marks(
                reading,
                self.annotations,
                on_state=lambda state: on_state(self, state),
                on_stored=on_stored,
                later=later,
            )

    def images_came(self, reading: CaseReading) -> None:
        """The case's images are these now; marks and history stay."""
        self._reading = reading

    def close(self) -> None:
        """Follow no further change; what is not written yet still is."""
        if self._autosave is not None:
            self._autosave.close()

    @property
    def are_kept(self) -> bool:
        """Whether marks are stored at all."""
        return self._autosave is not None

    @property
    def can_change(self) -> bool:
        """Whether marks can be made or changed: not without images, not after signing."""
        return bool(self._reading.items) and not self.annotations.read_only

    def lock(self) -> None:
        """The opinion was signed: marks stay as they are from now on."""
        self.annotations.read_only = True

    def unlock(self) -> None:
        """An amendment of the opinion was begun: marks may change again."""
        self.annotations.read_only = False

    def undo(self) -> None:
        """Take back the last change, on whatever image of the case it was; nothing where there is none."""
        if self.annotations.can_undo:
            self.annotations.undo()

    def redo(self) -> None:
        """Repeat the change last taken back; nothing where there is none."""
        if self.annotations.can_redo:
            self.annotations.redo()

    def remove(self, annotation_id: str) -> str:
        """Take that mark away; the sentence why not, or empty."""
        try:
            if self.annotations.find(annotation_id) is not None:
                self.annotations.remove(annotation_id)
        except MarksLocked as error:
            return str(error)
        return ""

    def find_place(self, annotation_id: str) -> tuple[Annotation, ImageItem, int] | str:
        """The mark, its image and its frame's place there; the sentence why not, where its image is not here."""
        mark = self.annotations.find(annotation_id)
        if mark is None:
            return "That mark is not there any more."
        place = self._reading.find_place(mark.target)
        if place is None:
            return f"The image that {mark.label} lies on is not on this computer."
        return mark, *place

    def describe(
        self, mark: Annotation, find_calibration: Callable[[ImageItem], Calibration | None]
    ) -> tuple[str, str]:
        """Measurement and place of a mark, in words; no number before its image's calibration is known."""
        place = self._reading.find_place(mark.target)
        if place is None:
            return "", "image not here"
        item, index = place
        where = item.title
        if isinstance(item, SeriesItem):
            words = place_of(item.series, index, is_whole=item.is_whole).words
            where = f"{words[0].upper()}{words[1:]} · {item.title}"
        calibration = find_calibration(item)
        return ("…" if calibration is None else measure(mark, calibration)[0].text), where
