"""Which part of a slide a view shows, and where that goes by panning and zooming. A record; knows no Qt."""

from __future__ import annotations

from dataclasses import dataclass, replace

from viewers.annotation.presentation import SlidePresentation
from viewers.calibration import Calibration
from viewers.geometry import SlidePoint
from viewers.pathology.magnification import STEPS, magnification_of, zoom_for
from viewers.pathology.slide_calibration import mpp_of
from viewers.pathology.tile_grid import Field

LARGEST_ZOOM = 16.0
FIT_SHARE = 0.96
ORIGIN = SlidePoint(0.0, 0.0)
PIXEL_EXACT = 0.01
"""A magnification this near to one slide pixel per screen pixel is shown exactly so: resampling would only blur."""


@dataclass(frozen=True, slots=True)
class SlidePlace:
    """``centre`` is in the middle of a view of ``view_width`` × ``view_height`` logical pixels; ``zoom`` is logical
    pixels per level-0 pixel, across. ``is_fitted``: the whole slide is shown, and stays so when the view changes size.
    """

    full_px: tuple[int, int]
    calibration: Calibration
    view_width: float
    view_height: float
    centre: SlidePoint = ORIGIN
    zoom: float = 1.0
    is_fitted: bool = True

    @property
    def tallness(self) -> float:
        """Height of a level-0 pixel over its width."""
        mpp = mpp_of(self.calibration)
        return 1.0 if mpp is None else mpp[1] / mpp[0]

    def fitted(self) -> SlidePlace:
        """The whole slide, centred."""
        width, height = self.full_px
        return replace(
            self, centre=SlidePoint(width / 2, height / 2), zoom=self._allowed(self._fit_zoom()), is_fitted=True
        )

    def resized(self, view_width: float, view_height: float) -> SlidePlace:
        """The same centre and zoom in a view of another size; the whole slide again if it was fitted."""
        resized = replace(self, view_width=max(view_width, 1.0), view_height=max(view_height, 1.0))
        return resized.fitted() if self.is_fitted else resized

    def on_finer(self, full_px: tuple[int, int], calibration: Calibration) -> SlidePlace:
        """The same field of the same slide, counted in the pixels of a level 0 of another size."""
        across, down = full_px[0] / self.full_px[0], full_px[1] / self.full_px[1]
        centre = SlidePoint(self.centre.x_px * across, self.centre.y_px * down)
        finer = replace(self, full_px=full_px, calibration=calibration, centre=centre, zoom=self.zoom / across)
        return finer.fitted() if self.is_fitted else finer

    def centred_on(self, point: SlidePoint) -> SlidePlace:
        """As near to *point* as keeps the middle of the view on the slide."""
        width, height = self.full_px
        inside = SlidePoint(min(max(point.x_px, 0.0), width), min(max(point.y_px, 0.0), height))
        return replace(self, centre=inside, is_fitted=False)

    def panned(self, dx: float, dy: float) -> SlidePlace:
        """The picture moved by *dx*, *dy* logical pixels."""
        x, y = self.centre
        return self.centred_on(SlidePoint(x - dx / self.zoom, y - dy / (self.zoom * self.tallness)))

    def enlarged(self, factor: float, x: float, y: float) -> SlidePlace:
        """Larger by *factor*, as far as allowed; what lies under *x*, *y* (logical pixels) stays under it."""
        held = self.point_at(x, y)
        zoom = self._allowed(self.zoom * factor)
        dx, dy = (x - self.view_width / 2) / zoom, (y - self.view_height / 2) / (zoom * self.tallness)
        return replace(self, zoom=zoom).centred_on(SlidePoint(held.x_px - dx, held.y_px - dy))

    def at_magnification(self, magnification: float, device_pixel_ratio: float) -> SlidePlace:
        """That magnification about the same centre; within 1 % of pixel for pixel, exactly pixel for pixel."""
        zoom, exact = zoom_for(magnification, self.calibration), 1.0 / device_pixel_ratio
        zoom = exact if abs(zoom / exact - 1) < PIXEL_EXACT else zoom
        return replace(self, zoom=self._allowed(zoom), is_fitted=False)

    def point_at(self, x: float, y: float) -> SlidePoint:
        """The slide point under logical pixel *x*, *y* of the view."""
        return SlidePoint(
            self.centre.x_px + (x - self.view_width / 2) / self.zoom,
            self.centre.y_px + (y - self.view_height / 2) / (self.zoom * self.tallness),
        )

    def presentation(self) -> SlidePresentation:
        """The field shown, for a mark that is made in it."""
        width, height = self.view_width / self.zoom, self.view_height / (self.zoom * self.tallness)
        left, top = self.centre.x_px - width / 2, self.centre.y_px - height / 2
        return SlidePresentation(left, top, width, height, magnification_of(self.zoom, self.calibration))

    def showing(self, field: SlidePresentation) -> SlidePlace:
        """All of *field* in the middle of the view, as large as the view allows."""
        zoom = min(self.view_width / field.width, self.view_height / (field.height * self.tallness))
        middle = SlidePoint(field.left + field.width / 2, field.top + field.height / 2)
        return replace(self, zoom=self._allowed(zoom)).centred_on(middle)

    def shows(self, field: SlidePresentation) -> bool:
        """Whether `showing` *field* would change nothing that can be seen: less than a logical pixel."""
        wanted = self.showing(field)
        away = max(abs(a - b) for a, b in zip(wanted.centre, self.centre, strict=True)) * self.zoom
        return away < 1.0 and abs(wanted.zoom / self.zoom - 1) * self.view_width < 1.0

    def field(self, width_px: int, height_px: int, device_pixel_ratio: float) -> Field:
        """What a picture of that many device pixels shows. Its corner is a whole device pixel, so that a slide shown
        pixel for pixel needs no resampling; the picture may lie half a device pixel off ``centre``."""
        scale_x = self.zoom * device_pixel_ratio
        scale_y = scale_x * self.tallness
        left = round(self.centre.x_px * scale_x - width_px / 2)
        top = round(self.centre.y_px * scale_y - height_px / 2)
        return Field(left, top, width_px, height_px, scale_x, scale_y)

    def _fit_zoom(self) -> float:
        width, height = self.full_px
        return FIT_SHARE * min(self.view_width / width, self.view_height / (height * self.tallness))

    def _allowed(self, zoom: float) -> float:
        smallest = min(self._fit_zoom() / 2, zoom_for(STEPS[0], self.calibration), LARGEST_ZOOM)
        return min(max(zoom, smallest), LARGEST_ZOOM)
