"""`readingroom inspect` and `snapshot`: what the loaders made of local files, and the pixels a reader would see."""

from __future__ import annotations

from argparse import Namespace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from viewers.errors import OutOfRange, UnreadableFile
from workstation.commands.answer import DONE, FAILED, complain, say, say_json
from workstation.count_words import counted
from workstation.local_files import LocalScan, LocalSlide, scan_local_files

if TYPE_CHECKING:
    from viewers.radiology.frame import Series
    from viewers.radiology.voxel_volume import VoxelVolume


def inspect(options: Namespace) -> int:
    """Status 1 only if nothing of what was named can be shown."""
    scan = scan_local_files(options.paths)
    found = _describe(scan)
    if options.json:
        say_json(found)
    else:
        _say_series(found["series"])
        _say_slides(found["slides"])
    for item in scan.not_opened:
        complain(item.sentence)
    if not scan.holds_images and not scan.not_opened:
        complain("There is nothing to inspect.")
    return DONE if scan.holds_images else FAILED


def snapshot(options: Namespace) -> int:
    """Write one PNG; the sentence says what it shows."""
    _check_target(options.out)
    scan = scan_local_files([options.path])
    if options.region is not None or (scan.slides and not scan.series):
        pixels, shown = _slide_pixels(options, scan), "the slide"
    else:
        from viewers.radiology.stack_words import place_of

        series = choose_series(options, scan)
        if options.plane is not None:
            series = _cut(options, series)
        pixels = _series_pixels(options, series) if options.state is None else _presented_pixels(options, series)
        shown = f"“{series.title}”, {place_of(series, options.frame - 1).words}{other_parts(options, series)}"
    _write_png(pixels, options.out)
    say(f"{options.out}: {shown}, {pixels.shape[1]} × {pixels.shape[0]} pixels")
    return DONE


def _describe(scan: LocalScan) -> dict[str, Any]:
    from viewers.pathology.inspection import inspect_slide
    from viewers.pathology.slide_source import open_slide
    from viewers.radiology.frame import StudyScan
    from viewers.radiology.inspection import inspect_series

    found = inspect_series(StudyScan(scan.series, (), (), ()))
    slides = []
    for slide in scan.slides:
        source = open_slide(slide.sources)
        try:
            slides.append(
                {"title": slide.title, "files": [file.name for file in slide.sources], **inspect_slide(source)}
            )
        finally:
            source.close()
    not_opened = [{"file": item.name, "reason": item.sentence} for item in scan.not_opened]
    return {"series": found["series"], "slides": slides, "not_opened": not_opened}


def _say_series(found: list[dict[str, Any]]) -> None:
    for series in found:
        geometry, calibration = series["geometry"], series["calibration"]
        patient = series["patient"]
        images = counted(len(series["frames"]), "image")
        say(f"{series['title']}: {images}, {series['columns']} × {series['rows']} pixels")
        say(f"  patient      {patient['name'] or 'name missing'} · ID {patient['id'] or 'missing'}")
        say(f"  series UID   {series['series_uid'] or 'missing'}")
        say(f"  syntax       {', '.join(entry['name'] for entry in series['transfer_syntaxes'])}")
        size = (
            "" if calibration["column_mm"] is None else f" {calibration['column_mm']:g} × {calibration['row_mm']:g} mm"
        )
        note = f" ({calibration['note']})" if calibration["note"] else ""
        say(f"  calibration  {calibration['class']}{size}{note}")
        if geometry is None:
            say("  geometry     none: ordered by number")
        else:
            spacing = geometry["slice_spacing_mm"]
            step = "one position" if spacing is None else f"{spacing:g} mm apart"
            letters = geometry["letters"]
            edges = f", {letters['left']} at the left, {letters['top']} above" if letters else ""
            say(f"  geometry     ordered by position, {step}{edges}")
        places = [frame["place"] for frame in series["frames"]]
        say(f"  images       {places[0] if len(places) == 1 else f'from {places[0]} to {places[-1]}'}")
        for warning in series["warnings"]:
            say(f"  warning      {warning}")


def _say_slides(found: list[dict[str, Any]]) -> None:
    for slide in found:
        say(f"{slide['title']}")
        for name, value in slide.items():
            if name == "title":
                continue
            if isinstance(value, list):
                say(f"  {name}: {len(value)}")
                for entry in value:
                    say(f"    {_flat(entry)}")
            else:
                say(f"  {name}: {_flat(value)}")


def _flat(value: Any) -> str:
    if isinstance(value, dict):
        return ", ".join(f"{name} {_flat(inner)}" for name, inner in value.items())
    return "unknown" if value is None else str(value)


def choose_series(options: Namespace, scan: LocalScan) -> Series:
    """The series that ``--series`` names, and of one that fell into parts the one that ``--part`` counts."""
    if not scan.series:
        raise UnreadableFile("\n".join(item.sentence for item in scan.not_opened) or "There is no image to show.")
    there, wanted = _by_series(scan), options.series
    if wanted is None:
        if len(there) > 1:
            lines = "\n".join(f"  {at}  {_named(parts[0])}" for at, parts in enumerate(there, 1))
            raise OutOfRange(
                f"{options.path} holds {len(there)} series; choose one with --series, by its UID or number:\n{lines}"
            )
        parts = there[0]
    else:
        named = [parts for parts in there if parts[0].series_uid == wanted]
        counted_off = there[int(wanted) - 1 :][:1] if wanted.isdecimal() and int(wanted) else []
        if not (found := named or counted_off):
            raise OutOfRange(f"{options.path} holds no series {wanted}.")
        parts = found[0]
    part = options.part or 1
    if not 1 <= part <= len(parts):
        raise OutOfRange(f"The series has {len(parts)} part{'s' if len(parts) > 1 else ''}; there is no part {part}.")
    return parts[part - 1]


def other_parts(options: Namespace, series: Series) -> str:
    """That there are parts that were not asked about, and how to choose one; empty where nothing was left out."""
    if options.part is not None or series.parts < 2 or not series.series_uid:
        return ""
    return f" (part {series.part} of {series.parts}; --part chooses another)"


def _by_series(scan: LocalScan) -> list[list[Series]]:
    """The parts of each series, in the order of the scan. Without a UID nothing says what belongs together."""
    there: dict[str, list[Series]] = {}
    for at, series in enumerate(scan.series):
        there.setdefault(series.series_uid or f"without UID {at}", []).append(series)
    return list(there.values())


def _named(series: Series) -> str:
    return f"{series.series_uid or 'without UID'}  {series.title}"


def _cut(options: Namespace, series: Series) -> Series:
    """The plane or slab that the options ask for, as a series of one image."""
    from viewers.radiology.cut_series import cut_orthogonal
    from viewers.radiology.orthogonal_planes import Orientation
    from viewers.radiology.slab import SlabMode

    modes = {"mip": SlabMode.MAXIMUM, "minip": SlabMode.MINIMUM, "mean": SlabMode.MEAN}
    return cut_orthogonal(
        series,
        read_volume(series),
        Orientation(options.plane),
        at_mm=options.at,
        slab_mm=options.slab,
        mode=modes[options.mode],
    )


def read_volume(series: Series) -> VoxelVolume:
    """All of *series* as a volume. Raises ViewerError where it is none, or one of its images cannot be read."""
    from viewers.radiology.volume import SeriesPixels
    from viewers.radiology.volume_geometry import volume_geometry
    from viewers.radiology.voxel_volume import volume_of

    geometry = volume_geometry(series)
    pixels = SeriesPixels(series)
    pixels.start()
    pixels.wait()
    pixels.stop()
    if pixels.errors:
        raise UnreadableFile(next(iter(pixels.errors.values())))
    return volume_of(pixels, geometry)


def _series_pixels(options: Namespace, series: Series) -> Any:
    from viewers.radiology.snapshot import render_snapshot
    from viewers.radiology.windowing import VoiWindow
    from workstation.reading.presenter import patient_words

    window = options.window
    if isinstance(window, tuple):
        window = VoiWindow(*window)
    if not options.bare:
        _prepare_words()
    return render_snapshot(
        series,
        options.frame,
        window=window,
        preset=options.preset,
        size=options.size,
        invert=options.invert,
        rotate=options.rotate,
        flip=options.flip,
        bare=options.bare,
        patient_line=patient_words(series.patient),
    )


def _presented_pixels(options: Namespace, series: Series) -> Any:
    """The image as a presentation state has it; the state's words are said, not drawn."""
    from viewers.byte_source import FileByteSource
    from viewers.radiology.presentation import paint_presented, present
    from viewers.radiology.presentation_state import read_presentation_state
    from viewers.radiology.snapshot import get_frame
    from viewers.radiology.volume import SeriesPixels

    if options.invert or options.rotate or options.flip:
        raise OutOfRange("A presentation state says how the image is turned: leave out --invert, --rotate and --flip.")
    state = read_presentation_state(FileByteSource(options.state))
    frame = get_frame(series, options.frame)
    for text in present(state, frame).texts:
        say(f"{state.name} writes: {text.words}")
    return paint_presented(state, frame, SeriesPixels(series).read_frame(options.frame - 1), options.size)


def _slide_pixels(options: Namespace, scan: LocalScan) -> Any:
    from viewers.pathology.slide_source import open_slide
    from viewers.pathology.snapshot import render_slide_snapshot
    from workstation.reading.presenter import patient_words

    if not scan.slides:
        raise UnreadableFile("\n".join(item.sentence for item in scan.not_opened) or "There is no slide to show.")
    slide: LocalSlide = scan.slides[0]
    if not options.bare:
        _prepare_words()
    source = open_slide(slide.sources)
    try:
        return render_slide_snapshot(
            source,
            region=options.region,
            size=options.size,
            bare=options.bare,
            no_icc=options.no_icc,
            patient_line=patient_words(slide.patient),
        )
    finally:
        source.close()


def _prepare_words() -> None:
    """Words are drawn by Qt, which wants an application and, without a screen, the platform that has none."""
    import os

    from workstation.cli import has_display

    if not has_display():
        os.environ["QT_QPA_PLATFORM"] = "offscreen"
    from workstation.startup import make_qt_application

    make_qt_application()


def _check_target(path: Path) -> None:
    """Nothing is drawn for a place that cannot take it."""
    if path.is_dir():
        raise UnreadableFile(f"{path} is a folder; --out names a file.")
    if not path.parent.is_dir():
        raise UnreadableFile(f"{path} cannot be written: there is no folder {path.parent}.")


def _write_png(pixels: Any, path: Path) -> None:
    from PySide6.QtGui import QImage, QImageWriter

    height, width = pixels.shape[:2]
    grey = pixels.ndim == 2
    picture_format = QImage.Format.Format_Grayscale8 if grey else QImage.Format.Format_RGB888
    image = QImage(pixels.tobytes(), width, height, width * (1 if grey else 3), picture_format)
    if not QImageWriter(str(path), b"png").write(image):
        raise UnreadableFile(f"{path} cannot be written.")
