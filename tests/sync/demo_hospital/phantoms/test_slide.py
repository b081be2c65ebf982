"""The invented slide: what its truth says is what its pixels show, and it is a slide as other readers know it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import cv2
import numpy as np
import openslide
import pytest

from sync.demo_hospital.phantoms.slide import SlideTruth, write_slide

WIDTH, HEIGHT = 2560, 2048


@pytest.fixture(scope="module")
def slide(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, SlideTruth]:
    path = tmp_path_factory.mktemp("slide") / "phantom.svs"
    return path, write_slide(path, width_px=WIDTH, height_px=HEIGHT)


@pytest.fixture(scope="module")
def opened(slide: tuple[Path, SlideTruth]) -> Iterator[openslide.OpenSlide]:
    with openslide.OpenSlide(str(slide[0])) as opened:
        yield opened


def haematoxylin_mask(rgb: np.ndarray) -> np.ndarray:
    """What is blue and dark: red light is taken by haematoxylin and hardly by eosin."""
    smooth = cv2.GaussianBlur(rgb, (0, 0), 0.8)
    return (smooth[..., 0] < 163).astype(np.uint8)


def test_that_another_reader_knows_its_levels_scale_and_power(opened: openslide.OpenSlide) -> None:
    assert opened.level_dimensions == ((WIDTH, HEIGHT), (WIDTH // 4, HEIGHT // 4), (WIDTH // 16, HEIGHT // 16))
    assert opened.properties["openslide.vendor"] == "aperio"
    assert float(opened.properties["openslide.mpp-x"]) == 0.5
    assert opened.properties["openslide.objective-power"] == "20"
    assert set(opened.associated_images) == {"thumbnail", "label", "macro"}


def test_that_the_nuclei_counted_by_colour_are_those_of_the_truth(
    slide: tuple[Path, SlideTruth], opened: openslide.OpenSlide
) -> None:
    truth = slide[1]
    rgb = np.asarray(opened.read_region((0, 0), 0, (WIDTH, HEIGHT)).convert("RGB"))
    mask = haematoxylin_mask(rgb)
    _, labels, stats, _ = cv2.connectedComponentsWithStats(mask, connectivity=4)
    found = int((stats[1:, cv2.CC_STAT_AREA] >= 25).sum())
    hit = sum(labels[int(n.y_px), int(n.x_px)] > 0 for n in truth.nuclei)
    assert len(truth.nuclei) > 500
    assert hit / len(truth.nuclei) > 0.95
    assert found == pytest.approx(len(truth.nuclei), rel=0.12)
    assert int(mask.sum()) == pytest.approx(sum(n.area_px for n in truth.nuclei), rel=0.12)


def test_that_empty_lumens_are_white_and_inside_their_glands(
    slide: tuple[Path, SlideTruth], opened: openslide.OpenSlide
) -> None:
    glands = slide[1].glands
    assert {gland.tumour for gland in glands} == {True, False}
    rgb = np.asarray(opened.read_region((0, 0), 0, (WIDTH, HEIGHT)).convert("RGB"))
    pale = 0
    for gland in glands:
        assert 0 <= gland.lumen_area_px < gland.area_px
        for lumen in gland.lumens:
            x, y = lumen.mean(axis=0)
            assert cv2.pointPolygonTest(gland.outline, (float(x), float(y)), False) > 0
            pale += int(rgb[int(y), int(x)].min() > 165)
    assert pale > 0.8 * sum(len(gland.lumens) for gland in glands)


def test_that_the_same_size_gives_the_same_bytes_and_the_truth_is_json(tmp_path: Path) -> None:
    first, second = tmp_path / "a.svs", tmp_path / "b.svs"
    shares: list[float] = []
    truth = write_slide(first, shares.append, width_px=1280, height_px=1280)
    assert write_slide(second, width_px=1280, height_px=1280).to_json() == truth.to_json()
    assert first.read_bytes() == second.read_bytes()
    assert shares == sorted(shares)
    assert shares[-1] == 1.0
    again = json.loads(json.dumps(truth.to_json()))
    assert len(again["nuclei"]) == len(truth.nuclei)
    assert len(again["glands"]) == len(truth.glands)
