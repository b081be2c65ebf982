"""`readingroom` and its subcommands: what may be asked, how it is parsed, and which exit status it ends with.

Each command's work is in `workstation.commands` and is imported when it is asked for: ``--help`` loads nothing heavy.
Exit status: 0 done, 1 an expected failure with one plain sentence on standard error, 2 wrong usage.
"""

from __future__ import annotations

import argparse
import importlib
import io
import math
import os
import re
import sys
from collections.abc import Sequence
from pathlib import Path

LOG_LEVELS = ("debug", "info", "warning", "error")
NEGATIVE_VALUES = ("--window",)
"""Options whose value may begin with a minus sign, which argparse alone takes for another option."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; the exit status."""
    given = list(sys.argv[1:] if arguments is None else arguments)
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")  # a name in letters the terminal lacks stops no command
    options = make_parser().parse_args(join_negative_values(given))
    from workstation.commands.answer import run_command
    from workstation.logs import start_logging
    from workstation.no_core_dumps import forbid_core_dumps

    forbid_core_dumps()
    start_logging(getattr(options, "log_level", "warning"))

    def command(given: argparse.Namespace) -> int:
        # Imported in here: Ctrl+C is answered while libraries load, too.
        module = importlib.import_module(f"workstation.commands.{given.module}")
        return int(getattr(module, given.function)(given))

    return run_command(command, options)


def join_negative_values(arguments: Sequence[str]) -> list[str]:
    """``--window -600,1500`` as ``--window=-600,1500``."""
    joined: list[str] = []
    for argument in arguments:
        if joined and joined[-1] in NEGATIVE_VALUES and re.match(r"-[\d.]", argument):
            joined[-1] += f"={argument}"
        else:
            joined.append(argument)
    return joined


def has_display() -> bool:
    """There is a screen that a window could be shown on."""
    if os.environ.get("QT_QPA_PLATFORM", "").split(":")[0] in ("offscreen", "minimal"):
        return False
    if sys.platform != "linux":
        return True
    return bool(os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY"))


def make_parser() -> argparse.ArgumentParser:
    """Every command and option there is."""
    everywhere = argparse.ArgumentParser(add_help=False, argument_default=argparse.SUPPRESS)
    common = everywhere.add_argument_group("everywhere")
    common.add_argument("--home", metavar="DIR", help="where the encrypted data lives (default: the user data folder)")
    common.add_argument("--profile", metavar="NAME", help="which hospital account (default: the one used last)")
    common.add_argument(
        "--unlock-file", metavar="FILE", type=Path, help="opens the store with FILE's first line; FILE must be 0600"
    )
    common.add_argument("--log-level", choices=LOG_LEVELS, help="how much is logged on standard error")
    parser = argparse.ArgumentParser(
        prog="readingroom",
        description="The reviewer's workstation for remote second opinions. Without a command it opens the window.",
        parents=[everywhere],
    )
    parser.add_argument("--version", action=_Version, nargs=0, help="which version of the program this is")
    parser.set_defaults(module="workstation_command", function="open_workstation")
    commands = parser.add_subparsers(title="commands", metavar="COMMAND")

    def command(name: str, module: str, function: str, text: str, *, json: bool = False) -> argparse.ArgumentParser:
        added = commands.add_parser(name, help=text, description=text, parents=[everywhere])
        added.set_defaults(module=module, function=function)
        if json:
            added.add_argument("--json", action="store_true", help="one JSON document on standard output")
        return added

    demo = command("demo", "demo_command", "demonstrate", "the workstation with a demo hospital on this computer")
    demo.add_argument("--data", metavar="DIR", type=Path, help="every study and slide below DIR becomes a case too")
    demo.add_argument("--tour", metavar="DIR", type=Path, help="drive the main job and leave screenshots in DIR")
    hospital = commands.add_parser("hospital", help="the demo hospital alone", parents=[everywhere])
    hospital_commands = hospital.add_subparsers(metavar="COMMAND", required=True)
    serve = hospital_commands.add_parser("serve", help="serve until interrupted", parents=[everywhere])
    serve.set_defaults(module="hospital_command", function="serve_hospital")
    serve.add_argument("--port", type=_port, required=True, help="0 for any free one")
    serve.add_argument("--data", metavar="DIR", type=Path, help="every study and slide below DIR becomes a case too")
    serve.add_argument("--state", metavar="DIR", type=Path, help="where the hospital keeps its records")
    serve.add_argument(
        "--faults",
        metavar="SPEC",
        action=_Faults,
        help="what goes wrong on purpose: NAME[@N],…; `--faults help` lists the names",
    )
    serve.add_argument(
        "--stop-with-stdin",
        action="store_true",
        help="for a program that starts it: end when standard input is closed, and report every step as a line",
    )
    sync = command("sync", "store_commands", "sync", "one round of sync without a window", json=True)
    sync.add_argument("--once", action="store_true", help="one round (as it is without this option)")
    command("cases", "store_commands", "list_cases", "the cases on this computer", json=True)
    audit = command("audit", "audit_command", "show_audit", "who did what, and is the trail whole", json=True)
    audit.add_argument("--verify", action="store_true", help="only whether it is whole")
    outbox = command("outbox", "store_commands", "list_outbox", "what waits to leave, and why", json=True)
    outbox.add_argument("--all", action="store_true", help="what has left, too")
    one = outbox.add_mutually_exclusive_group()
    one.add_argument("--retry", metavar="ID", help="try this entry again with the next sync")
    one.add_argument("--export", metavar=("ID", "FILE"), nargs=2, help="save what could not be delivered to a file")
    opened = command("open", "open_command", "open_files", "the viewer on local files and folders")
    opened.add_argument("paths", metavar="PATH", nargs="+", type=Path)
    inspect = command("inspect", "image_commands", "inspect", "what the loaders make of files", json=True)
    inspect.add_argument("paths", metavar="PATH", nargs="+", type=Path)
    _add_snapshot(command("snapshot", "image_commands", "snapshot", "the pixels a reader would see, as a PNG file"))
    volume = command("volume", "volume_command", "write_volume", "a series as one volume, for other programs (NIfTI)")
    volume.add_argument("path", metavar="PATH", type=Path)
    volume.add_argument("--out", metavar="FILE.nii.gz", type=_nifti_file, required=True)
    _add_choice_of_series(volume)
    doctor = command("doctor", "doctor_command", "examine", "what works on this computer and what does not", json=True)
    doctor.add_argument("--online", action="store_true", help="ask each profile's hospital too: TLS, answer, clock")
    doctor.add_argument("--bundle", metavar="FILE.zip", type=Path, help="for support, without any patient data")
    verify = command("verify", "verify_command", "verify", "who signed a report or opinion, and is it whole", json=True)
    verify.add_argument("file", metavar="FILE", type=Path)
    verify.add_argument("--trust", metavar="CA.pem", type=Path, help="certificates to trust (default: the profile's)")
    return parser


class _Version(argparse.Action):
    """Says the version and ends the program; it is looked up only when asked for."""

    def __call__(
        self,
        parser: argparse.ArgumentParser,
        namespace: argparse.Namespace,  # noqa: ARG002 - argparse names its arguments
        values: str | Sequence[str] | None,  # noqa: ARG002
        option_string: str | None = None,  # noqa: ARG002
    ) -> None:
        from importlib.metadata import version

        sys.stdout.write(f"Reading Room {version('reading-room')}\n")
        parser.exit()


class _Faults(argparse.Action):
    """A specification of faults; ``help`` lists them and ends the program, whatever else is asked for."""

    def __call__(
        self,
        parser: argparse.ArgumentParser,
        namespace: argparse.Namespace,
        values: str | Sequence[str] | None,
        option_string: str | None = None,  # noqa: ARG002 - argparse names its arguments
    ) -> None:
        if values == "help":
            from workstation.commands.hospital_command import list_faults

            list_faults()
            parser.exit()
        setattr(namespace, self.dest, values)


def _add_snapshot(snapshot: argparse.ArgumentParser) -> None:
    snapshot.add_argument("path", metavar="PATH", type=Path)
    snapshot.add_argument("--out", metavar="FILE.png", type=_png_file, required=True)
    _add_choice_of_series(snapshot)
    snapshot.add_argument("--frame", metavar="N", type=int, default=1, help="which image, from 1 in display order")
    snapshot.add_argument(
        "--plane", choices=("axial", "coronal", "sagittal"), help="cut out of the whole series instead of an image"
    )
    snapshot.add_argument(
        "--at", metavar="MM", type=_finite, help="where, along the plane's axis (LPS); default: middle"
    )
    snapshot.add_argument("--slab", metavar="MM", type=_finite, default=0.0, help="thickness around the plane")
    snapshot.add_argument("--mode", choices=("mip", "minip", "mean"), default="mip", help="what a slab shows")
    look = snapshot.add_mutually_exclusive_group()
    look.add_argument("--window", metavar="CENTER,WIDTH|minmax|file", type=_window, help="what is black and white")
    look.add_argument("--preset", metavar="NAME", help="a window by name")
    look.add_argument("--state", metavar="FILE", type=Path, help="as this DICOM presentation state has it, bare")
    snapshot.add_argument("--size", metavar="WxH", type=_size, help="default: every image pixel is one picture pixel")
    snapshot.add_argument("--invert", action="store_true", help="black for white")
    snapshot.add_argument("--rotate", type=int, choices=(0, 90, 180, 270), default=0, help="clockwise")
    snapshot.add_argument("--flip", choices=("h", "v"), help="after rotating")
    snapshot.add_argument("--bare", action="store_true", help="no text, letters or marks")
    snapshot.add_argument("--region", metavar="X,Y,W,H", type=_region, help="of a slide, in level-0 pixels")
    snapshot.add_argument("--no-icc", action="store_true", help="a slide's pixels as they are stored")


def _add_choice_of_series(command: argparse.ArgumentParser) -> None:
    command.add_argument("--series", metavar="UID|N", help="which series, where PATH holds several")
    command.add_argument("--part", metavar="N", type=int, help="which part of a series that fell into several")


def _nifti_file(text: str) -> Path:
    if not text.endswith((".nii", ".nii.gz")):
        raise argparse.ArgumentTypeError("the file's name ends in .nii or .nii.gz")
    return Path(text)


def _finite(text: str) -> float:
    value = float(text)
    if not math.isfinite(value):
        raise argparse.ArgumentTypeError("a number of millimetres")
    return value


def _port(text: str) -> int:
    port = int(text) if text.isascii() and text.isdigit() else -1
    if not 0 <= port <= 65535:
        raise argparse.ArgumentTypeError("a port is a number from 0 to 65535")
    return port


def _png_file(text: str) -> Path:
    if Path(text).suffix.lower() != ".png":
        raise argparse.ArgumentTypeError("pictures are written as PNG, which keeps every pixel: FILE.png")
    return Path(text)


def _window(text: str) -> str | tuple[float, float]:
    if text in ("minmax", "file"):
        return text
    try:
        centre, width = (float(part) for part in text.split(","))
    except ValueError:
        raise argparse.ArgumentTypeError("CENTER,WIDTH (such as -600,1500), minmax or file") from None
    if width <= 0:
        raise argparse.ArgumentTypeError("a window's width is greater than 0")
    return centre, width


def _size(text: str) -> tuple[int, int]:
    found = re.fullmatch(r"([1-9]\d{0,4})[xX]([1-9]\d{0,4})", text)
    if found is None:
        raise argparse.ArgumentTypeError("width and height in pixels, such as 800x600")
    return int(found[1]), int(found[2])


def _region(text: str) -> tuple[int, int, int, int]:
    try:
        x, y, width, height = (int(part) for part in text.split(","))
    except ValueError:
        raise argparse.ArgumentTypeError("four whole numbers: X,Y,W,H") from None
    if x < 0 or y < 0 or width <= 0 or height <= 0:
        raise argparse.ArgumentTypeError("X and Y from 0, W and H greater than 0")
    return x, y, width, height


if __name__ == "__main__":
    raise SystemExit(main())
