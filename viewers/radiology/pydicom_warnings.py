"""Silences pydicom: its log for good, and its warnings while it parses, from several threads at once.

pydicom warns about every odd value it meets; what matters to a reader is said by the series' own warnings. The filters
of `warnings` belong to the whole process, so threads that save and restore them by themselves would undo each other.
"""

from __future__ import annotations

import logging
import threading
import warnings
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

# pydicom also logs the values it finds odd; names and ids of patients must not reach a log.
logging.getLogger("pydicom").setLevel(logging.CRITICAL)

_lock = threading.Lock()
_inside = 0
_restore = ExitStack()


def read_without_remarks() -> None:
    """For a process that does nothing but read: values are not examined for what to remark on; a fifth faster."""
    from pydicom import config

    config.settings.reading_validation_mode = config.IGNORE


@contextmanager
def silenced() -> Iterator[None]:
    """No warnings inside; the first thread in saves the filters, the last one out restores them."""
    global _inside
    with _lock:
        if _inside == 0:
            _restore.enter_context(warnings.catch_warnings())
            warnings.simplefilter("ignore")
        _inside += 1
    try:
        yield
    finally:
        with _lock:
            _inside -= 1
            if _inside == 0:
                _restore.close()
