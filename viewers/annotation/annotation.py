"""One mark: a shape on one image, with the label a report cites it by. JSON both ways; measurements are derived."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from viewers.annotation.presentation import Presentation, presentation_from_json, presentation_to_json
from viewers.annotation.shapes import Shape, kind_of, shape_of
from viewers.errors import UnreadableFile

FORMAT = "readingroom.mark/1"


@dataclass(frozen=True, slots=True)
class FrameTarget:
    """One frame of one DICOM instance. ``frame_number`` counts from 1 (DICOM PS3.3 C.7.6.6)."""

    series_uid: str
    sop_instance_uid: str
    frame_number: int = 1

    @property
    def key(self) -> str:
        """The image as the store names it: ``series:<SeriesInstanceUID>``."""
        return f"series:{self.series_uid}"

    @property
    def space(self) -> str:
        """The coordinates of its marks: (column, row), top-left corner of the frame (0, 0)."""
        return "image_px"


@dataclass(frozen=True, slots=True)
class SlideTarget:
    """One whole slide, known by the SHA-256 of its bytes (lower-case hexadecimal)."""

    sha256: str

    @property
    def key(self) -> str:
        """The image as the store names it: ``slide:<sha256>``."""
        return f"slide:{self.sha256}"

    @property
    def space(self) -> str:
        """The coordinates of its marks: level-0 pixels, top-left corner of the full image (0, 0)."""
        return "level0_px"


Target = FrameTarget | SlideTarget


@dataclass(frozen=True, slots=True)
class Annotation:
    """A mark. ``annotation_id`` is a UUID and never changes; ``label`` (A1, A2, …) is what people say and cite.

    Points are in the target's own coordinates (`FrameTarget.space`, `SlideTarget.space`).
    """

    annotation_id: str
    label: str
    reader: str
    target: Target
    shape: Shape
    created: datetime
    modified: datetime
    comment: str = ""
    presentation: Presentation | None = None
    """How its image looked when it was made; None where that was not kept."""

    @property
    def tracking_uid(self) -> str:
        """The UUID as a DICOM UID (PS3.5 B.2): what exported objects carry."""
        return f"2.25.{UUID(self.annotation_id).int}"

    def to_json(self) -> dict[str, Any]:
        """The mark as JSON values; `from_json` gives an equal mark back, to the last bit of every coordinate."""
        target: dict[str, Any]
        if isinstance(self.target, FrameTarget):
            target = {
                "series_uid": self.target.series_uid,
                "sop_instance_uid": self.target.sop_instance_uid,
                "frame_number": self.target.frame_number,
            }
        else:
            target = {"slide_sha256": self.target.sha256}
        return {
            "format": FORMAT,
            "id": self.annotation_id,
            "label": self.label,
            "reader": self.reader,
            "target": target,
            "kind": kind_of(self.shape),
            "space": self.target.space,
            "points": [[p.x, p.y] for p in self.shape.points],
            "created": self.created.isoformat(),
            "modified": self.modified.isoformat(),
            "comment": self.comment,
            **({} if self.presentation is None else {"presentation": presentation_to_json(self.presentation)}),
        }

    @classmethod
    def from_json(cls, value: dict[str, Any]) -> Annotation:
        """The mark written by `to_json`. UnreadableFile when it is of another format or incomplete."""
        try:
            if value["format"] != FORMAT:
                raise ValueError(f"format {value['format']}")
            return cls(
                annotation_id=str(UUID(value["id"])),
                label=str(value["label"]),
                reader=str(value["reader"]),
                target=_target_of(value["target"]),
                shape=shape_of(value["kind"], value["points"]),
                created=datetime.fromisoformat(value["created"]),
                modified=datetime.fromisoformat(value["modified"]),
                comment=str(value["comment"]),
                presentation=presentation_from_json(value.get("presentation")),
            )
        except (KeyError, TypeError, ValueError) as error:
            name = value.get("label", "without a label") if isinstance(value, dict) else "without a label"
            raise UnreadableFile(f"The mark {name} cannot be read ({error}).") from error


def _target_of(value: dict[str, Any]) -> Target:
    if "slide_sha256" in value:
        return SlideTarget(str(value["slide_sha256"]))
    return FrameTarget(str(value["series_uid"]), str(value["sop_instance_uid"]), int(value["frame_number"]))
