"""Files and folders of this computer, sorted into what can be shown and what cannot. No case, no hospital, no Qt.

Each file is opened by a checking child first (`workstation.door`), as what a hospital sends is.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from viewers.byte_source import ByteSource, FileByteSource, shown_name
from viewers.errors import UnreadableFile, ViewerError
from workstation.door.inspection_pool import CHILDREN, Finding, InspectionPool, PoolClosed
from workstation.door.object_checks import FILE, LOCAL_INSTANCE

if TYPE_CHECKING:
    from viewers.radiology.frame import DicomPatient, Series
    from viewers.radiology.instance import Instance

SLIDE_SUFFIXES = frozenset(
    {".svs", ".tif", ".tiff", ".ndpi", ".vms", ".vmu", ".scn", ".mrxs", ".svslide", ".bif", ".qptiff", ".czi"}
)
DECODED_UP_TO_BYTES = 128 << 20
"""Larger slides of this computer are opened with a tile a level decoded before; every tile would take minutes."""
TIFF_MAGIC = (b"II*\0", b"MM\0*", b"II+\0", b"MM\0+")
DICOMDIR = "DICOMDIR"


@dataclass(frozen=True, slots=True)
class LocalSlide:
    """A slide of one file, or of the several files of a DICOM series."""

    title: str
    sources: tuple[ByteSource, ...]
    patient: DicomPatient | None = None
    """As a DICOM slide's header names them; None where the format has no place for it."""


@dataclass(frozen=True, slots=True)
class NotOpened:
    """A path and one plain sentence why it is not shown."""

    name: str
    sentence: str


@dataclass(frozen=True, slots=True)
class LocalScan:
    """What the paths held."""

    series: tuple[Series, ...]
    slides: tuple[LocalSlide, ...]
    not_opened: tuple[NotOpened, ...]

    @property
    def holds_images(self) -> bool:
        return bool(self.series or self.slides)


def scan_local_files(paths: Iterable[Path], on_progress: Callable[[int, int], None] | None = None) -> LocalScan:
    """Have every file below *paths* opened as far as needed to know what it is. Never raises for a bad file."""
    from viewers.pathology.slide_source import open_slide
    from viewers.radiology.series_loader import scan_instances

    slides: list[LocalSlide] = []
    not_opened: list[NotOpened] = []
    files: list[Path] = []
    for found in _files_below(paths):
        if isinstance(found, NotOpened):
            not_opened.append(found)
        else:
            files.append(found)
    facts: dict[int, bytes] = {}
    rest: list[ByteSource] = []
    for source, finding in _check_all([FileByteSource(file) for file in files], on_progress):
        if finding.problem:
            sentence = f"{source.name} cannot be opened: {finding.problem}."
            not_opened.append(NotOpened(source.name, str(finding.facts.get("sentence") or sentence)))
        elif _looks_like_slide(source.path):
            _try_slide(LocalSlide(source.name, (source,)), open_slide, slides, not_opened)
        else:
            rest.append(source)
            facts[id(source)] = finding.blob
    scan = scan_instances(rest, load=lambda source: _remembered(facts[id(source)], source))
    for slide in scan.slides:
        title = slide.description or f"Slide {_name_of_files(slide.sources, is_alone=len(scan.slides) == 1)}"
        _try_slide(LocalSlide(title, slide.sources, slide.patient), open_slide, slides, not_opened)
    not_opened += [NotOpened(item.name, item.reason) for item in (*scan.unusable, *scan.other)]
    return LocalScan(scan.series, tuple(slides), tuple(not_opened))


def _name_of_files(sources: Sequence[ByteSource], *, is_alone: bool) -> str:
    """Of several files that are one slide, what their folder is called: the first one's name may be “label”.

    Where it is not the only slide (*is_alone*), the folder may hold others, and the file tells them apart.
    """
    first = sources[0]
    if len(sources) < 2 or not isinstance(first, FileByteSource):
        return first.name
    folder = shown_name(first.path.resolve().parent.name) or first.name
    return folder if is_alone else f"{folder}, {first.name} and others"


def _check_all(
    sources: Sequence[FileByteSource], on_progress: Callable[[int, int], None] | None
) -> Iterator[tuple[FileByteSource, Finding]]:
    """Each file with what a checking child found, in order, several at once."""
    pool = InspectionPool()

    def check(source: FileByteSource) -> Finding:
        kind, path = (FILE, str(source.path)) if _looks_like_slide(source.path) else (LOCAL_INSTANCE, None)
        try:
            return pool.check(
                source, kind=kind, path=path, content_type="image/tiff", decode_up_to_bytes=DECODED_UP_TO_BYTES
            )
        except OSError as error:
            return Finding(
                {"sentence": f"{source.name} cannot be read: {error.strerror or error}.", "problem": "unread"}
            )
        except PoolClosed:
            return Finding({"problem": "it cannot be checked on this computer at the moment"})

    try:
        with ThreadPoolExecutor(CHILDREN, thread_name_prefix="local-check") as threads:
            for done, found in enumerate(zip(sources, threads.map(check, sources), strict=True)):
                yield found
                if on_progress is not None:
                    on_progress(done + 1, len(sources))
    finally:
        pool.close()


def _remembered(facts: bytes, source: ByteSource) -> Instance:
    from viewers.radiology.instance_facts import instance_from_facts

    return instance_from_facts(facts, source)


def _try_slide(
    slide: LocalSlide,
    open_slide: Callable[[Sequence[ByteSource]], object],
    slides: list[LocalSlide],
    not_opened: list[NotOpened],
) -> None:
    try:
        opened = open_slide(slide.sources)
    except ViewerError as error:
        first, *others = (source.name for source in slide.sources)
        not_opened.append(NotOpened(first, str(error)))
        not_opened += [NotOpened(name, f"{name} belongs to {slide.title}, which cannot be opened.") for name in others]
        return
    opened.close()  # type: ignore[attr-defined]
    slides.append(slide)


def _files_below(paths: Iterable[Path]) -> Iterator[Path | NotOpened]:
    """Every file once, in a stable order; what is not there, cannot be read or is no file is a sentence."""
    seen: set[str] = set()
    for path in paths:
        # The index of a disc stands for the disc: what it lists lies beside and below it.
        root = path.parent if path.name.upper() == DICOMDIR and path.is_file() else path
        name, shown = shown_name(path.name), shown_name(str(path))
        if not root.exists():
            yield NotOpened(name, f"{shown} does not exist.")
            continue
        found = list(_walk(root)) if root.is_dir() else [root]
        if not found:
            yield NotOpened(name, f"{shown} holds no files.")
        for file in found:
            if isinstance(file, NotOpened):
                yield file
            elif not file.is_file():  # a pipe or a device would keep us waiting for ever
                yield NotOpened(shown_name(file.name), f"{shown_name(file.name)} is not a file that can be read.")
            elif (real := os.path.realpath(file)) not in seen:  # Path.resolve raises where links run in a circle
                seen.add(real)
                yield file


def _walk(folder: Path) -> Iterator[Path | NotOpened]:
    """What lies below *folder*; links to folders are not followed, so that none is walked for ever."""
    closed: list[OSError] = []
    for place, folders, names in os.walk(folder, onerror=closed.append):
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        for name in sorted(names):
            if not name.startswith("."):
                yield Path(place) / name
    for error in closed:
        shown = shown_name(str(error.filename))
        yield NotOpened(shown, f"{shown} cannot be read: {error.strerror}.")


def _looks_like_slide(path: Path) -> bool:
    """By content where it is TIFF, else by name; a TIFF header inside DICOM's preamble is DICOM."""
    try:
        with path.open("rb") as file:
            head = file.read(132)
    except OSError:
        return False
    if head[128:132] == b"DICM":
        return False
    return head[:4] in TIFF_MAGIC or path.suffix.lower() in SLIDE_SUFFIXES


def open_nothing(scan: LocalScan) -> UnreadableFile:
    """The error of a scan that found nothing to show."""
    if not scan.not_opened:
        return UnreadableFile("There is nothing to open.")
    return UnreadableFile("\n".join(item.sentence for item in scan.not_opened))
