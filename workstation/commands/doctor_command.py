"""`readingroom doctor`: what works on this computer and what does not, and a bundle for support without any patient."""

from __future__ import annotations

import json
import zipfile
from argparse import Namespace
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from sync.errors import FolderRefused
from workstation.commands.answer import DONE, FAILED, complain, home_of, say, say_json
from workstation.count_words import counted, named
from workstation.doctor.finding import Finding, Standing, fault
from workstation.logs import report_bug

MARKS = {Standing.WORKS: "ok   ", Standing.NOTE: "note ", Standing.FAULT: "FAULT"}


def examine(options: Namespace) -> int:
    """Look at every part; status 1 when one of them does not work."""
    home = home_of(options)
    if options.bundle is not None:
        _check_bundle(options.bundle)
    findings = []
    for finding in _findings(home, online=options.online):
        findings.append(finding)
        if not options.json:
            _say(finding)
    report = _report(findings, home)
    if options.json:
        say_json(report)
    if options.bundle is not None:
        _write_bundle(options.bundle, report)
        if not options.json:
            say(f"{options.bundle}: a bundle for support, without any patient data")
    faults = sum(finding.standing is Standing.FAULT for finding in findings)
    if faults:
        complain(
            f"{counted(faults, 'thing')} {named(faults, 'does', 'do')} not work on this computer; see FAULT above."
        )
    return FAILED if faults else DONE


def _findings(home: Path, *, online: bool) -> Iterator[Finding]:
    from workstation.doctor import computer, hospitals, pictures, screen, store_folder

    looks: list[tuple[str, Callable[[], Finding]]] = [
        ("program", computer.look_at_program),
        ("power", computer.look_at_power),
        ("time", computer.look_at_time),
        ("system libraries", screen.look_at_libraries),
        ("screen", screen.look_at_screen),
        ("store folder", lambda: store_folder.look_at_folder(home)),
        ("encryption", store_folder.look_at_encryption),
        ("stores", lambda: store_folder.look_at_stores(home)),
        ("keyring", store_folder.look_at_keyring),
        ("codecs", pictures.look_at_codecs),
        ("slides", pictures.look_at_openslide),
    ]
    for topic, look in looks:
        try:
            yield look()
        except Exception as error:  # noqa: BLE001 - a part that breaks the look at it must not hide the others
            report_bug(error)
            yield fault(topic, f"It could not be looked at ({type(error).__name__}).", "Tell support.")
    if online:
        yield from hospitals.look_at_hospitals(home)


def _say(finding: Finding) -> None:
    say(f"{MARKS[finding.standing]}  {finding.topic}: {finding.sentence}")
    if finding.remedy:
        say(f"       → {finding.remedy}")


def _report(findings: list[Finding], home: Path) -> dict[str, Any]:
    return {
        "examined_at": datetime.now(UTC).isoformat(timespec="seconds"),
        "home": str(home),
        "works": all(finding.standing is not Standing.FAULT for finding in findings),
        "findings": [finding.to_json() for finding in findings],
    }


def _check_bundle(path: Path) -> None:
    if path.is_dir() or not path.absolute().parent.is_dir():
        raise FolderRefused(f"“{path}” cannot be written: --bundle names a file in a folder that is there.")


def _write_bundle(path: Path, report: dict[str, Any]) -> None:
    """What was found and nothing else: no log, no store, and no name of the person whose folder this is."""
    words = json.dumps(report, indent=2, ensure_ascii=False).replace(json.dumps(str(Path.home()))[1:-1], "~")
    try:
        with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as bundle:
            bundle.writestr("doctor.json", words + "\n")
    except OSError as error:
        raise FolderRefused(f"“{path}” cannot be written ({error.strerror}).") from None
