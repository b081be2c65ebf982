"""What an image says about its own display: rescale, windows, look-up tables, palette, padding, overlays.

Facts only, as the header states them; applying them is `picture` and what it calls, reading them `display_header`.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from math import floor, log10


class VoiFunction(Enum):
    """VOI LUT Function (0028,1056), DICOM PS3.3 C.11.2.1.2."""

    LINEAR = "LINEAR"
    LINEAR_EXACT = "LINEAR_EXACT"
    SIGMOID = "SIGMOID"


@dataclass(frozen=True, slots=True)
class VoiWindow:
    """A window in modality units (after the Modality LUT), with the function that applies it.

    ``width`` is at least 1 for LINEAR, above 0 otherwise (PS3.3 C.11.2.1.2.1); `make` enforces it.
    """

    centre: float
    width: float
    function: VoiFunction = VoiFunction.LINEAR
    explanation: str = ""

    @staticmethod
    def make(
        centre: float, width: float, function: VoiFunction = VoiFunction.LINEAR, explanation: str = ""
    ) -> VoiWindow:
        """The window with its width raised to the smallest the function allows."""
        smallest = 1.0 if function is VoiFunction.LINEAR else 1e-6
        return VoiWindow(centre, max(width, smallest), function, explanation)

    @property
    def decimals(self) -> int:
        """Decimal places that say something at this width: none from 10 units on."""
        return max(0, 1 - floor(log10(max(self.width, 1e-6))))

    @property
    def numbers(self) -> tuple[str, str]:
        """Centre and width as they are shown."""
        # Adding 0.0 takes the sign from a zero.
        centre = round(self.centre, self.decimals) + 0.0
        return f"{centre:.{self.decimals}f}", f"{self.width:.{self.decimals}f}"


@dataclass(frozen=True, slots=True)
class LookupTable:
    """A Modality or VOI LUT (PS3.3 C.11.1.1.1, C.11.2.1.1): values from ``first_mapped`` on map to ``entries``."""

    first_mapped: int
    bits: int
    entries: tuple[int, ...]
    explanation: str = ""


@dataclass(frozen=True, slots=True)
class Palette:
    """A Palette Color Lookup Table (PS3.3 C.7.6.3.1.5, C.7.9): three tables of the same length, ``bits`` deep."""

    first_mapped: int
    bits: int
    red: tuple[int, ...]
    green: tuple[int, ...]
    blue: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Overlay:
    """An overlay plane (PS3.3 C.9.2): ``packed`` bits, row by row, least significant bit first.

    ``column`` and ``row`` are the zero-based image pixel of the plane's first bit (they may be negative), ``group`` is
    0x6000…0x601E.
    """

    rows: int
    columns: int
    row: int
    column: int
    packed: bytes
    label: str = ""
    group: int = 0


@dataclass(frozen=True, slots=True)
class Shutter:
    """What is to be seen of an image (PS3.3 C.7.6.11): what lies inside every one of its shapes; the rest is ``grey``.

    Rows and columns count from 1. ``rectangle`` is (left, right, top, bottom), ``circle`` (row, column, radius),
    ``polygon`` its (row, column) corners; a ``bitmap`` hides what its bits cover (C.7.6.15). ``grey`` is 0…255.
    """

    rectangle: tuple[int, int, int, int] | None = None
    circle: tuple[int, int, int] | None = None
    polygon: tuple[tuple[int, int], ...] = ()
    grey: int = 0
    bitmap: Overlay | None = None


@dataclass(frozen=True, slots=True)
class CineFacts:
    """How a recording says it is to be played (PS3.3 C.7.6.5).

    ``rate_fps`` is in frames a second. ``waits_ms`` is empty where the frames follow evenly, else how long after the
    frame before it each one comes (Frame Time Vector: the first has 0). ``sweeps``: there and back, not in a loop.
    ``trim`` is the first and last frame that count, from 1.
    """

    rate_fps: float
    waits_ms: tuple[float, ...] = ()
    sweeps: bool = False
    trim: tuple[int, int] | None = None


@dataclass(frozen=True, slots=True)
class DisplayFacts:
    """Everything between stored values and the screen that one frame states about itself.

    ``unit`` is what modality values are in ("HU", "SUVbw", "BQML", …; empty where the header does not say).
    ``padding`` is the closed range of stored values that are not image (PS3.3 C.7.5.1.1.2). ``inverted`` says that
    low values are shown white: Presentation LUT Shape INVERSE, or MONOCHROME1 where no shape is stated.
    ``cine`` is None where no rate is stated.
    ``palette`` colours every pixel, ``supplement`` those from its first mapped value on, the others being grey
    (PS3.3 C.7.6.19). ``icc`` is the profile that colours are meant in (C.11.15). ``remarks`` are sentences for the
    image about what it asks for and is not given. ``presentation_lut`` comes last, from a presentation state only.
    """

    slope: float = 1.0
    intercept: float = 0.0
    unit: str = ""
    modality_lut: LookupTable | None = None
    windows: tuple[VoiWindow, ...] = ()
    voi_luts: tuple[LookupTable, ...] = ()
    padding: tuple[float, float] | None = None
    inverted: bool = False
    palette: Palette | None = None
    supplement: Palette | None = None
    overlays: tuple[Overlay, ...] = ()
    shutter: Shutter | None = None
    icc: bytes = b""
    remarks: tuple[str, ...] = ()
    cine: CineFacts | None = None
    presentation_lut: LookupTable | None = None
