"""A CT of 300 × 512²: the volume into memory against reading its bytes raw, then planes and slabs cut out of it."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pydicom
from pydicom.uid import generate_uid

from tests.benchmarks.stopwatch import Row, median_ms
from tests.viewers.radiology.dicom_files import ct_slice, save
from viewers.byte_source import ByteSource, FileByteSource
from viewers.radiology.instance import load_instance
from viewers.radiology.orthogonal_planes import Orientation, image_plane, orthogonal_plane
from viewers.radiology.reslice import reslice
from viewers.radiology.series_facts import series_from_facts, series_to_facts
from viewers.radiology.series_loader import scan_instances
from viewers.radiology.slab import SlabMode, cut_slab
from viewers.radiology.volume import SeriesPixels
from viewers.radiology.voxel_volume import VoxelVolume, volume_of

SLICES = 300


def rows() -> Iterator[Row]:
    """From a warm page cache; stored headers are what the door notes of each file as it comes."""
    with tempfile.TemporaryDirectory() as folder:
        paths = _write(Path(folder))
        sizes = [path.stat().st_size for path in paths]
        series = scan_instances([FileByteSource(path) for path in paths]).series[0]
        facts = series_to_facts(series)
        by_uid: dict[str, ByteSource] = {f.sop_instance_uid: f.source for f in series.frames}

        def raw() -> None:
            # Into memory of the whole series' size, as a volume needs it.
            whole = np.empty(sum(sizes), np.uint8).data
            offset = 0
            for path, size in zip(paths, sizes, strict=True):
                with path.open("rb", buffering=0) as file:
                    file.readinto(whole[offset : offset + size])
                offset += size

        def from_facts() -> None:
            _read(SeriesPixels(series_from_facts(facts, by_uid.__getitem__)))

        def from_files() -> None:
            _read(SeriesPixels(scan_instances([FileByteSource(path) for path in paths]).series[0]))

        raw()
        raw_ms = median_ms(raw, 5)
        reference = f"raw read of {SLICES} × 512² in files"
        yield Row("whole volume from stored headers", median_ms(from_facts, 5), reference, raw_ms, "≤ 1.3 × raw read")
        yield Row("whole volume from bare files", median_ms(from_files, 3), reference, raw_ms, "≤ 5 × raw read")
        headers = median_ms(lambda: [load_instance(FileByteSource(path)) for path in paths])
        yield Row("… of which the headers", headers, reference, raw_ms, "–")
        bare = median_ms(lambda: [pydicom.dcmread(path, stop_before_pixels=True) for path in paths])
        yield Row("… of which pydicom alone, nothing looked at", bare, reference, raw_ms, "–")
        pixels = SeriesPixels(series)
        _read(pixels)
        yield from _cutting(volume_of(pixels))
        yield from _on_screen(pixels)


def _cutting(volume: VoxelVolume) -> Iterator[Row]:
    geometry = volume.geometry
    upright = image_plane(geometry, SLICES / 2 + 0.5).resized(512, 512, 0.7)
    oblique = upright.turned((1.0, 0.0, 0.0), 31.0).turned((0.0, 1.0, 0.0), 17.0)
    corners = np.random.default_rng(0).integers(0, volume.values.size, (8, 512 * 512))
    corners.sort(axis=1)
    flat = volume.values.reshape(-1)
    bare_ms = median_ms(lambda: [flat.take(each) for each in corners], 9)
    reference = "taking 8 × 512² values out of the volume"
    yield Row("oblique plane 512²", median_ms(lambda: reslice(volume, oblique), 15), reference, bare_ms, "≤ 33 ms")
    for orientation in Orientation:
        plane = orthogonal_plane(geometry, orientation).resized(512, 512, 0.7)
        took = median_ms(lambda plane=plane: reslice(volume, plane), 9)  # type: ignore[misc]
        yield Row(f"{orientation.value} plane 512²", took, reference, bare_ms, "≤ 33 ms")
    for mode in SlabMode:
        took = median_ms(lambda mode=mode: cut_slab(volume, oblique, 20.0, mode, coarse=True), 9)  # type: ignore[misc]
        yield Row(f"oblique slab 20 mm, {mode.value}, while dragging", took, reference, bare_ms, "≤ 50 ms")
    full = median_ms(lambda: cut_slab(volume, oblique, 20.0, SlabMode.MAXIMUM), 5)
    yield Row("oblique slab 20 mm, MIP, full", full, reference, bare_ms, "on release")


def _on_screen(pixels: SeriesPixels) -> Iterator[Row]:
    """Three planes in views of 700 × 500, turned by a line as a hand does it; every step is cut and painted."""
    from PySide6.QtWidgets import QApplication

    from viewers.radiology.latest_work import LatestWork
    from viewers.radiology.mpr_scene import MprScene
    from viewers.radiology.mpr_view import MprView

    application = QApplication.instance() or QApplication([])
    scene, worker = MprScene(pixels.series, pixels), LatestWork("benchmark")
    volume = scene.build_volume()
    scene.take_volume(volume)
    views = [MprView(scene, orientation, worker) for orientation in Orientation]
    for view in views:
        view.resize(700, 500)
        view.show()
    scene.turn(Orientation.CORONAL, 20.0)
    application.processEvents()
    plane = scene.plane(Orientation.AXIAL)
    bare_ms = median_ms(lambda: reslice(volume, plane), 9)
    reference = "cutting one of them, not painted"

    def step(change: Callable[[], None]) -> None:
        change()
        application.processEvents()

    def slab_step() -> None:
        scene.scroll(Orientation.AXIAL, 1)
        while views[0].shown is None or views[0].shown.wish.plane != scene.plane(Orientation.AXIAL):
            application.processEvents()
            # Qt called from Python lets no other thread work; the window's own loop does.
            time.sleep(0.001)

    turned = median_ms(lambda: step(lambda: scene.turn(Orientation.SAGITTAL, 1.0)), 25)
    yield Row("MPR: a line turned, two planes follow, painted", turned, reference, bare_ms, "≤ 33 ms a plane")
    scrolled = median_ms(lambda: step(lambda: scene.scroll(Orientation.AXIAL, 1)), 25)
    yield Row("MPR: an oblique plane scrolled, painted", scrolled, reference, bare_ms, "≤ 33 ms")
    scene.set_thickness(20.0)
    slab = median_ms(slab_step, 15)
    yield Row("MPR: an oblique slab 20 mm scrolled, painted", slab, reference, bare_ms, "≤ 50 ms")
    worker.close()
    for view in views:
        view.stop()
        view.deleteLater()


def _read(pixels: SeriesPixels) -> None:
    pixels.start(SLICES // 2)
    if not pixels.wait(60):
        raise TimeoutError
    pixels.stop()


def _write(folder: Path) -> list[Path]:
    rng = np.random.default_rng(0)
    picture = rng.integers(0, 4000, (512, 512)).astype(np.uint16)
    paths = []
    for k in range(SLICES):
        slab = np.roll(picture, k, axis=0)
        ds = ct_slice(
            float(k), k + 1, slab, SOPInstanceUID=generate_uid(), PixelSpacing=[0.7, 0.7], BitsStored=12, HighBit=11
        )
        paths.append(folder / f"{k:03}.dcm")
        save(ds, paths[-1])
    return paths
