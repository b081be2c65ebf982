"""A hanging rule: a layout and, for each of its places, what belongs there. Records only."""

from __future__ import annotations

from dataclasses import dataclass

from workstation.reading.hanging.layouts import LAYOUTS


@dataclass(frozen=True, slots=True)
class Place:
    """What one viewport asks for. An empty condition asks for nothing; of several values one must hold.

    ``kind`` is "series", "slide", or "nothing" for a place that stays empty (and is optional).
    ``study`` is "current" (of the latest date its modality has in the case) or "prior" (of an earlier one).
    ``prior_of`` is another place, before this one: the image there in an earlier study, the same modality, plane,
    body part, side and view; ``space_of``: the same patient space as the image there, or the same study.
    ``posterior`` ("left" or "right") is where the chest wall lies on the screen: the image is flipped to it and moved
    to that edge, where its header says which way it lies. ``optional``: the rule fits without it.
    """

    kind: str = ""
    modality: tuple[str, ...] = ()
    body_part: tuple[str, ...] = ()
    side: str = ""
    view: tuple[str, ...] = ()
    plane: tuple[str, ...] = ()
    contrast: str = ""
    phase: str = ""
    words: tuple[str, ...] = ()
    study: str = ""
    images_at_least: int = 1
    prior_of: int | None = None
    space_of: int | None = None
    posterior: str = ""
    optional: bool = False


@dataclass(frozen=True, slots=True)
class HangingRule:
    """Fits a case when every place that is not optional finds an image of its own, ``fill_at_least`` in all.

    ``needs_prior``: at least one image must hang beside its prior. ``only``: the case has images of no other modality.
    ``same_scale``: as many millimetres to a pixel of the screen in every place, where the images are calibrated.
    """

    name: str
    layout: str
    places: tuple[Place, ...]
    same_scale: bool = False
    fill_at_least: int = 1
    needs_prior: bool = False
    only: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        assert self.layout in LAYOUTS and len(self.places) <= LAYOUTS[self.layout].places
