"""What is said of a fused series on the image. No Qt."""

from __future__ import annotations

from viewers.radiology.fusion import Fusion
from viewers.radiology.unit_words import unit_words


def fusion_lines(fusion: Fusion) -> tuple[str, ...]:
    """For the corner of the window: what lies over, in which unit and how strongly."""
    series, look = fusion.series, fusion.look
    return (
        f"Over it: {series.title}",
        f"{look.opacity:.0%} · 0 – {look.top:g} {unit_words(series.unit)}".replace("%", " %").rstrip(),
    )


def notices(fusion: Fusion, *, covers: bool) -> tuple[str, ...]:
    """Warnings: no uptake is not the same as no images of it."""
    notices = []
    if not covers:
        notices.append(f"{fusion.series.title} has no images at this level.")
    if fusion.series.reason:
        unit = unit_words(fusion.series.unit) or "the stored unit"
        notices.append(f"Colours are in {unit}, not SUV: {fusion.series.reason}")
    return tuple(notices)


def value_words(fusion: Fusion, value: float) -> str:
    """``SUVbw 3.4 g/ml``, ``1234 Bq/ml``."""
    name, _, unit = fusion.series.unit.partition(" ")
    return f"{name} {value:.2f} {unit}" if unit else f"{value:.5g} {unit_words(fusion.series.unit)}".rstrip()
