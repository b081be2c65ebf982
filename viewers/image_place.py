"""Which image of its series a frame is: the one wording that views, lists, reports and commands share. A record."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any


@dataclass(frozen=True, slots=True)
class ImagePlace:
    """A frame by its place in display order and by the number its own header has.

    Both, because they differ: display order goes by position, InstanceNumber (0020,0013) as the scanner counted, often
    the other way. ``image`` counts from 1 among the ``images`` of the stack; both None where no place can be told.
    ``frame_number`` counts from 1 within an instance of several frames, None in one of a single frame.
    """

    image: int | None
    images: int | None
    instance_number: int | None
    is_number_shared: bool = False
    """Other instances of the DICOM series have the same number."""
    frame_number: int | None = None
    part: int = 1
    parts: int = 1
    """The stack, where a series is shown as several."""
    is_whole: bool = True
    """False while images of the series are not here: the place changes when they come."""

    @property
    def words(self) -> str:
        """``image 149 of 220 (DICOM instance 72)``."""
        if self.image is None or self.images is None:
            return "image without a DICOM instance number" if self.instance_number is None else self._dicom_words
        place = f"image {self.image} of {self.images}" if self.is_whole else f"image {self.image} of {self.images} here"
        stack = f", part {self.part} of {self.parts}" if self.parts > 1 else ""
        return f"{place}{stack} ({self._dicom_words})"

    def lasting(self) -> ImagePlace:
        """What can still be said when the rest of the series has come: without the whole, only the DICOM number."""
        return self if self.is_whole else replace(self, image=None, images=None, part=1, parts=1)

    def to_json(self) -> dict[str, Any]:
        """The place as JSON values, for files that leave."""
        return {
            "image": self.image,
            "images": self.images,
            "part": self.part,
            "parts": self.parts,
            "dicom_instance_number": self.instance_number,
            "dicom_instance_number_is_shared": self.is_number_shared,
            "dicom_frame_number": self.frame_number,
        }

    @classmethod
    def from_json(cls, value: dict[str, Any]) -> ImagePlace:
        """What `to_json` of a `lasting` place wrote. KeyError where something is missing."""
        return cls(
            image=value["image"],
            images=value["images"],
            instance_number=value["dicom_instance_number"],
            is_number_shared=value["dicom_instance_number_is_shared"],
            frame_number=value["dicom_frame_number"],
            part=value["part"],
            parts=value["parts"],
        )

    @property
    def _dicom_words(self) -> str:
        number = "no DICOM instance number"
        if self.instance_number is not None:
            number = f"DICOM instance {self.instance_number}"
        shared = ", used more than once" if self.is_number_shared else ""
        frame = "" if self.frame_number is None else f", frame {self.frame_number}"
        return f"{number}{shared}{frame}"
