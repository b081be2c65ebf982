from __future__ import annotations

from itertools import combinations
from typing import Any

import pytest
from PySide6.QtCore import QRectF
from PySide6.QtGui import QFont, QFontMetricsF

from viewers.image_text import CornerText
from viewers.overlay_painter import lay_corner_text, text_font, text_size_px

pytestmark = pytest.mark.qt
WORDS = CornerText(
    top_left=("CMU-1-Small-Region.svs", "Aperio SVS, scanned at 20×, 0.499 µm/px"),
    top_right=("Image 29 / 56", "F 279.0 mm"),
    bottom_left=("10×", "1 µm per screen pixel (40× = 0.25)", "x 0.554 mm  y 0.740 mm"),
    bottom_right=("Zoom 90 % (reduced)", "0.842 mm/px, patient geometry"),
)


@pytest.fixture
def metrics(qapp: Any) -> QFontMetricsF:
    return QFontMetricsF(text_font(QFont()))


@pytest.mark.parametrize("letters", [False, True])
@pytest.mark.parametrize("width", [200, 300, 440, 900])
def test_that_no_corner_runs_into_another_or_out_of_the_view_or_out_of_its_plate(
    metrics: QFontMetricsF, width: int, letters: bool
) -> None:
    area = QRectF(0, 0, width, 600)
    blocks = lay_corner_text(metrics, area, WORDS, letters=letters)
    assert len(blocks) == 4
    for block in blocks:
        assert area.contains(block.box)
        assert max(metrics.horizontalAdvance(line) for line in block.lines) <= block.box.width()
    assert not any(one.box.intersects(other.box) for one, other in combinations(blocks, 2))


def test_that_words_stay_clear_of_the_scale_bar_below_and_the_overview_beside_them(metrics: QFontMetricsF) -> None:
    area = QRectF(0, 0, 300, 600)
    bar, overview = QRectF(5, 560, 120, 33), QRectF(200, 470, 90, 120)
    words = CornerText(bottom_left=WORDS.bottom_left)
    (block,) = lay_corner_text(metrics, area, words, (bar, overview))
    assert block.box.bottom() < bar.top()
    assert block.box.right() < overview.left()


def test_that_a_line_too_long_for_its_room_is_wrapped_and_loses_no_word(metrics: QFontMetricsF) -> None:
    (block, *_) = lay_corner_text(metrics, QRectF(0, 0, 300, 600), WORDS)
    assert len(block.lines) > 2
    assert " ".join(block.lines) == " ".join(WORDS.top_left)


def test_that_one_endless_word_keeps_its_two_ends(metrics: QFontMetricsF) -> None:
    name = "slide-" + "0123456789" * 20 + ".svs"
    (block,) = lay_corner_text(metrics, QRectF(0, 0, 300, 600), CornerText(top_left=(name,)))
    (line,) = block.lines
    assert line.startswith("slide-") and line.endswith(".svs") and "…" in line


def test_that_letters_grow_with_the_view_within_bounds() -> None:
    assert [text_size_px(1.5 * height, height) for height in (200, 450, 700, 900, 2000)] == [12, 12, 14, 15, 15]
    assert text_size_px(300, 900) == 12, "a narrow view has no room for large letters"
