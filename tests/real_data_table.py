"""What this program makes of every file of the real data, as the table in docs/conformance.md.

``python -m tests.real_data_table`` writes it anew; a test keeps it true.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

from tests.real_data import DATA
from viewers.byte_source import FileByteSource
from viewers.errors import ViewerError
from viewers.pathology.slide_source import open_slide
from viewers.radiology.frame import Series
from viewers.radiology.series_loader import scan_instances
from viewers.radiology.snapshot import render_snapshot

PAGE = Path(__file__).resolve().parents[1] / "docs" / "conformance.md"
BEGIN, END = "<!-- real data: begin -->", "<!-- real data: end -->"
HEADER = "| folder | files | shown | shown, with words on the image | refused, and why |\n|---|---|---|---|---|"


@dataclass
class FolderOutcome:
    """Counts over one folder: files without a word, sentences on images, reasons of what is refused."""

    files: int = 0
    plain: int = 0
    warned: int = 0
    sentences: Counter[str] = field(default_factory=Counter)
    refused: int = 0
    reasons: Counter[str] = field(default_factory=Counter)


def real_data_table() -> str:
    """The table, a row for each folder below ``dicom``; every file is opened by itself and drawn."""
    folders: dict[str, FolderOutcome] = {}
    for file in sorted(path for path in (DATA / "dicom").rglob("*") if path.is_file()):
        name = file.relative_to(DATA / "dicom").parts[0]
        _add(folders.setdefault(name, FolderOutcome()), file)
    rows = [_row(name, folder) for name, folder in sorted(folders.items()) if folder.files > folder.refused]
    return "\n".join([HEADER, *rows, *(_row(n, f) for n, f in sorted(folders.items()) if f.files == f.refused)])


def _add(folder: FolderOutcome, file: Path) -> None:
    folder.files += 1
    source = FileByteSource(file)
    scan = scan_instances([source])
    try:
        if scan.slides:
            slide = open_slide([source])
            sentences, slide_tile = list(slide.warnings), slide.read_tile(0, 0, 0)
            assert slide_tile is not None
            slide.close()
        else:
            sentences = [sentence for series in scan.series for sentence in _drawn(series)]
        reason = next((item.reason for item in (*scan.other, *scan.unusable)), "")
    except ViewerError as error:
        sentences, reason = [], str(error)
    if reason:
        folder.refused += 1
        folder.reasons[reason.removeprefix(file.name).strip()] += 1
    elif sentences:
        folder.warned += 1
        folder.sentences.update(sentences)
    else:
        folder.plain += 1


def _drawn(series: Series) -> list[str]:
    """The series' warnings, after its middle image was drawn."""
    picture = render_snapshot(series, len(series.frames) // 2 + 1, bare=True)
    assert picture.size == series.rows * series.columns * (picture.ndim if picture.ndim == 3 else 1)
    return list(series.warnings)


def _row(name: str, folder: FolderOutcome) -> str:
    words = _listed(folder.sentences)
    reasons = _listed(folder.reasons)
    warned = f"{folder.warned}: {words}" if folder.warned else ""
    refused = f"{folder.refused}: {reasons}" if folder.refused else ""
    return f"| {name} | {folder.files} | {folder.plain or ''} | {warned} | {refused} |"


def _listed(sentences: Counter[str]) -> str:
    ordered = sorted(sentences.items(), key=lambda item: (-item[1], item[0]))
    return " ".join(f"{sentence}{f' (×{count})' if count > 1 else ''}" for sentence, count in ordered)


def main() -> None:
    page = PAGE.read_text("utf-8")
    before, rest = page.split(BEGIN)
    PAGE.write_text(f"{before}{BEGIN}\n{real_data_table()}\n{END}{rest.split(END)[1]}", "utf-8")


if __name__ == "__main__":
    main()
