"""Where an image lies in a viewport: fit, zoom, pan, turn, flip, and pixels that are not square. No Qt.

Image coordinates are `viewers.geometry`'s: (0, 0) is the top-left corner of the image. View coordinates are device
pixels with (0, 0) at the top-left corner of the viewport.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import NamedTuple

from viewers.radiology.display_orientation import DisplayOrientation

SMALLEST_ZOOM, LARGEST_ZOOM = 0.02, 64.0


class Affine(NamedTuple):
    """x' = xx·x + xy·y + dx, y' = yx·x + yy·y + dy."""

    xx: float
    xy: float
    yx: float
    yy: float
    dx: float
    dy: float

    def map(self, x: float, y: float) -> tuple[float, float]:
        return (self.xx * x + self.xy * y + self.dx, self.yx * x + self.yy * y + self.dy)

    def unmap(self, x: float, y: float) -> tuple[float, float]:
        """The point that `map` takes to (x, y)."""
        x, y = x - self.dx, y - self.dy
        determinant = self.xx * self.yy - self.xy * self.yx
        return ((self.yy * x - self.xy * y) / determinant, (self.xx * y - self.yx * x) / determinant)


@dataclass(frozen=True, slots=True)
class ViewportGeometry:
    """An image of *columns* × *rows* pixels in a viewport of *width* × *height* device pixels.

    ``zoom`` is device pixels per image column width, None for fitted. ``pan_x``/``pan_y`` move the image's centre from
    the viewport's, in device pixels. ``aspect`` is a pixel's height over its width.
    """

    columns: int
    rows: int
    width: int
    height: int
    aspect: float = 1.0
    orientation: DisplayOrientation = DisplayOrientation()  # noqa: RUF009 - frozen
    zoom: float | None = None
    pan_x: float = 0.0
    pan_y: float = 0.0

    @property
    def fitted_zoom(self) -> float:
        """The zoom at which the whole image is just seen."""
        across, down = float(self.columns), self.rows * self.aspect
        if self.orientation.swaps_axes:
            across, down = down, across
        return max(SMALLEST_ZOOM, min(self.width / across, self.height / down))

    @property
    def scale(self) -> float:
        """Device pixels per image column width as shown."""
        return self.fitted_zoom if self.zoom is None else self.zoom

    def image_to_view(self) -> Affine:
        """Image pixels → device pixels."""
        (a, b), (c, d) = self.orientation.matrix
        across, down = self.scale, self.scale * self.aspect
        xx, xy, yx, yy = a * across, b * down, c * across, d * down
        centre_x, centre_y = self.width / 2 + self.pan_x, self.height / 2 + self.pan_y
        dx = centre_x - (xx * self.columns + xy * self.rows) / 2
        dy = centre_y - (yx * self.columns + yy * self.rows) / 2
        if across == down == round(across):
            # At 1:1 (and whole multiples) every image pixel is whole device pixels: no blur from half a pixel.
            dx, dy = float(round(dx)), float(round(dy))
        return Affine(xx, xy, yx, yy, dx, dy)

    def zoomed(self, zoom: float, at_x: float, at_y: float) -> ViewportGeometry:
        """The same image at *zoom*, with the image point under (at_x, at_y) staying where it is."""
        zoom = min(max(zoom, SMALLEST_ZOOM), LARGEST_ZOOM)
        factor = zoom / self.scale
        away_x, away_y = self.width / 2 + self.pan_x - at_x, self.height / 2 + self.pan_y - at_y
        return replace(
            self,
            zoom=zoom,
            pan_x=at_x + away_x * factor - self.width / 2,
            pan_y=at_y + away_y * factor - self.height / 2,
        )

    def panned(self, dx: float, dy: float) -> ViewportGeometry:
        """Moved by device pixels; a corner of the image always stays in reach of the viewport."""
        across = self.columns * self.scale
        down = self.rows * self.scale * self.aspect
        if self.orientation.swaps_axes:
            across, down = down, across
        most_x, most_y = (self.width + across) / 2 - 20, (self.height + down) / 2 - 20
        return replace(
            self,
            zoom=self.scale,
            pan_x=min(max(self.pan_x + dx, -most_x), most_x),
            pan_y=min(max(self.pan_y + dy, -most_y), most_y),
        )


def native_size(columns: int, rows: int, orientation: DisplayOrientation) -> tuple[int, int]:
    """Width and height in device pixels of an image at 1:1, turned."""
    return (rows, columns) if orientation.swaps_axes else (columns, rows)
