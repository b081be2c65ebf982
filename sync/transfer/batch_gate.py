"""Whether the batch in hand may go on: nobody paused it, and no case was opened meanwhile that comes first."""

from __future__ import annotations

import time
from collections.abc import Callable

from sync.records.case import CaseId
from sync.transfer.control import TransferControl
from sync.transfer.retry import Cancelled

LOOK_S = 0.5
"""How often it is looked which case the reader has open: a reading of the database, not for every chunk."""


class BatchGate:
    """One for one batch. *others* are the cases of which something is still to be fetched after it."""

    def __init__(
        self,
        case_id: CaseId,
        others: frozenset[CaseId],
        control: TransferControl,
        open_case: Callable[[], str | None],
        is_over: Cancelled,
        *,
        has_images: bool = False,
    ) -> None:
        """*has_images*: the batch stops where the network turns out to be paid by volume."""
        self._has_images = has_images
        self._case_id = case_id
        self._others = others - {case_id}
        self._control = control
        self._open_case = open_case
        self._is_over = is_over
        self._looked_at_s = 0.0
        self._gives_way = False

    def is_shut(self) -> bool:
        """Cancelled, paused, held, or too dear: also what is half fetched stops."""
        if self._has_images and self._control.images_wait_for_network:
            return True
        return self._is_over() or self._control.is_paused or self._control.held(self._case_id) is not None

    def gives_way(self) -> bool:
        """The reader opened another case, of which something is missing: this batch waits until that is here."""
        now_s = time.monotonic()
        if self._others and not self._gives_way and now_s - self._looked_at_s >= LOOK_S:
            self._looked_at_s = now_s
            opened = self._open_case()
            self._gives_way = opened in self._others
        return self._gives_way

    def must_stop(self) -> bool:
        """For what can be gone on with later; an image that is half here is finished first."""
        return self.is_shut() or self.gives_way()
