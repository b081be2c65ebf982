"""Logging by topic (ui, sync, store, transfer, dicom, tiles) to standard error, and what happens to a bug.

Rule for every topic: no name, id or UID above DEBUG. The audit trail is not logging.
"""

from __future__ import annotations

import logging
import sys
import threading
from types import TracebackType

log = logging.getLogger("ui")

SENTENCE = "Something went wrong inside the program ({kind}); run it with --log-level info to see where."
NOISY = ("urllib3", "PIL", "fontTools", "pyhanko", "pydicom", "tifffile", "asyncio", "matplotlib", "httpcore")
"""Libraries whose messages may quote what they read."""


def start_logging(level: str) -> None:
    """Messages of *level* and above on standard error; libraries that quote their input are held at CRITICAL."""
    logging.basicConfig(
        level=level.upper(), format="%(asctime)s %(levelname)s %(name)s: %(message)s", stream=sys.stderr, force=True
    )
    # A message that cannot be written must not bring out what was in it, as logging's own complaint would.
    logging.raiseExceptions = False
    for name in NOISY:
        logging.getLogger(name).setLevel(logging.CRITICAL)
    sys.excepthook = _report
    threading.excepthook = lambda args: _report(args.exc_type, args.exc_value or args.exc_type(), args.exc_traceback)


def report_bug(error: BaseException) -> None:
    """One sentence on standard error; where it happened goes to the log at INFO, what it held does not."""
    sys.stderr.write(SENTENCE.format(kind=type(error).__name__) + "\n")
    # The message of an exception may quote a patient's data: only the places in the code are told above DEBUG.
    for line in _places(error.__traceback__):
        log.info("at %s", line)
    log.debug("the whole exception", exc_info=error)


def _report(kind: type[BaseException], error: BaseException, _traceback: TracebackType | None) -> None:
    if issubclass(kind, KeyboardInterrupt):
        return
    report_bug(error)


def _places(traceback: TracebackType | None) -> list[str]:
    places = []
    while traceback is not None:
        code = traceback.tb_frame.f_code
        places.append(f"{code.co_filename}:{traceback.tb_lineno} in {code.co_name}")
        traceback = traceback.tb_next
    return places
