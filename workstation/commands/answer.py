"""How a command answers: lines or one JSON document on standard output, sentences on standard error, a status."""

from __future__ import annotations

import json
import os
import sys
from argparse import Namespace
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from sync.errors import SyncError
from viewers.errors import ViewerError

DONE, FAILED, INTERRUPTED = 0, 1, 130


def run_command(command: Callable[[Namespace], int], options: Namespace) -> int:
    """Run *command*; expected failures become one sentence and status 1, bugs too, without a traceback."""
    try:
        status = command(options)
        sys.stdout.flush()
        return status
    except (SyncError, ViewerError) as error:
        complain(str(error))
        return FAILED
    except KeyboardInterrupt:
        return INTERRUPTED
    except BrokenPipeError:
        # Whoever read our output has gone; say nothing more, not even when Python closes the pipe.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return FAILED
    except OSError as error:
        where = f"{error.filename}: " if error.filename else ""
        complain(f"{where}{error.strerror or error}.")
        return FAILED
    except Exception as error:  # noqa: BLE001 - the last place where a bug can still be answered with a sentence
        from workstation.logs import report_bug

        report_bug(error)
        return FAILED


def say(text: str = "") -> None:
    """One line on standard output."""
    sys.stdout.write(text + "\n")


def say_json(document: Any) -> None:
    """One JSON document on standard output; where that cannot hold every letter, JSON's own escapes are used."""
    is_utf8 = (sys.stdout.encoding or "").lower().replace("-", "") == "utf8"
    sys.stdout.write(json.dumps(document, ensure_ascii=not is_utf8, indent=2) + "\n")


def complain(sentence: str) -> None:
    """One plain sentence on standard error."""
    sys.stderr.write(sentence + "\n")
    sys.stderr.flush()


def say_table(headings: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    """Left-aligned columns, as wide as they must be."""
    widths = [max(len(row[n]) for row in (headings, *rows)) for n in range(len(headings))]
    for row in (headings, *rows):
        say("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip())


def home_of(options: Namespace) -> Path:
    """The home that the options name."""
    from workstation.places import home_directory

    return home_directory(getattr(options, "home", None))


def profile_of(options: Namespace) -> str:
    """The profile that the options name, or the one used last."""
    from workstation.places import choose_profile

    return choose_profile(home_of(options), getattr(options, "profile", None))
