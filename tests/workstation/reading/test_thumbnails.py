from __future__ import annotations

from typing import Any, cast

import numpy as np
import pytest

from viewers.calibration import uncalibrated
from viewers.pathology.slide_source import Pixels, SlideLevel, SlideSource
from workstation.reading.thumbnails import LARGEST_PX, slide_thumbnail

pytestmark = pytest.mark.qt


class OneHugeLevel:
    """A slide without smaller levels and without a thumbnail, whose whole level must not be asked for."""

    name = "huge.tif"
    levels = (SlideLevel(4096, 2048, 1.0, 256, 256),)
    calibration = uncalibrated("")
    associated_names = ()
    format_name = "TIFF"
    objective_power = icc_profile = None
    warnings = ()

    def read_tile(self, level: int, column: int, row: int) -> Pixels:
        return np.full((256, 256, 4), 200 if column < 8 else 40, np.uint8)

    def read_region(self, x: int, y: int, width: int, height: int, level: int = 0) -> Pixels:
        raise AssertionError("the level was read as one region")


def test_that_the_picture_of_a_slide_of_one_huge_level_is_made_tile_by_tile(qapp: Any) -> None:
    picture = slide_thumbnail(cast(SlideSource, OneHugeLevel()))
    assert (picture.width(), picture.height()) == (LARGEST_PX, LARGEST_PX // 2)
    assert picture.pixelColor(40, 60).red() == 200
    assert picture.pixelColor(220, 60).red() == 40
