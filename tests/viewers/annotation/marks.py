"""Makes marks for tests."""

from __future__ import annotations

from datetime import UTC, datetime
from uuid import UUID, uuid4

from viewers.annotation.annotation import Annotation, FrameTarget, SlideTarget, Target
from viewers.annotation.shapes import ImagePoint, Polygon, Polyline, Shape

FRAME = FrameTarget("1.2.840.1", "1.2.840.1.7", 1)
SLIDE = SlideTarget("ab" * 32)
NOON = datetime(2026, 11, 22, 12, 0, 0, 123456, tzinfo=UTC)


def line(*points: tuple[float, float]) -> Polyline:
    return Polyline(tuple(ImagePoint(x, y) for x, y in points))


def outline(*points: tuple[float, float]) -> Polygon:
    return Polygon(tuple(ImagePoint(x, y) for x, y in points))


def mark(shape: Shape, target: Target = FRAME, label: str = "A1", annotation_id: UUID | None = None) -> Annotation:
    return Annotation(str(annotation_id or uuid4()), label, "Practitioner/r", target, shape, NOON, NOON)
