"""A DICOM instance before it is let in: its header parsed once and for all, every compressed frame decoded once.

What passes may be decoded by the program itself later; what display needs of the header comes back as facts to keep.
"""

from __future__ import annotations

from collections.abc import Callable

from viewers.byte_source import ByteSource
from viewers.errors import UnreadableFile, UnsupportedImage
from viewers.pathology.dicom_source import DicomSlide
from viewers.pathology.dicom_structure import read_instance
from viewers.radiology import transfer_syntax as syntax
from viewers.radiology.colour import understands
from viewers.radiology.decode import read_frame
from viewers.radiology.dicom_header import DicomHeader, text
from viewers.radiology.frame import Frame
from viewers.radiology.instance import instance_of
from viewers.radiology.instance_facts import instance_to_facts, refusal_to_facts
from viewers.radiology.sop_class import WHOLE_SLIDE, not_a_stack
from viewers.radiology.stored_values import stored_dtype
from viewers.radiology.structure_files import holds_structures

MOST_FRAMES = 200_000
LARGEST_DECODED_BYTES = 64 << 30
"""Of one instance: a whole slide's finest level at 40× decodes to some 40 GB."""
BOMB_FROM_BYTES, LARGEST_RATIO = 1 << 30, 2000
"""Empty slices compress a thousandfold; a gigabyte of them in one file does not come from a scanner."""

SignOfLife = Callable[[], None]


def check_instance(
    source: ByteSource, header: DicomHeader, alive: SignOfLife, decode_up_to_bytes: int | None = None
) -> bytes:
    """The facts of a file that may be let in, to be called while pydicom is silenced. *alive* is called on the way.

    Of a slide larger than *decode_up_to_bytes* (None: of none) only one tile is decoded, as opening it does. Raises
    UnreadableFile for a file that may not be let in. One that is well formed and not shown here is let in, undecoded:
    nothing in this program decodes it later either.
    """
    if header.ended_early:
        raise UnreadableFile(f"{source.name} is cut off within its header.")
    is_slide = text(header.dataset, "SOPClassUID") == WHOLE_SLIDE
    try:
        instance = instance_of(source, header, with_frames=not is_slide)
    except UnsupportedImage as error:
        return refusal_to_facts(str(error))
    facts = instance_to_facts(instance)
    alive()
    if not_a_stack(instance.sop_class_uid) is not None and not holds_structures(instance):
        return facts  # no part of this program decodes it
    if is_slide:
        _check_slide(source, alive, decode_up_to_bytes)
        return facts
    for profile in {frame.display.icc for frame in instance.frames if frame.display.icc}:
        understands(profile)  # read by the same library here first; what it makes of it is said on the image
    if instance.frames and instance.frames[0].layout.transfer_syntax in syntax.COMPRESSED:
        _decode_all(source, instance.frames, alive)
    elif instance.frames and instance.frames[0].layout.transfer_syntax == syntax.DEFLATED:
        read_frame(instance.frames[0])
    return facts


def _decode_all(source: ByteSource, frames: tuple[Frame, ...], alive: SignOfLife) -> None:
    layout = frames[0].layout
    frame_bytes = layout.rows * layout.columns * layout.samples * stored_dtype(layout).itemsize
    _check_amount(source, len(frames), frame_bytes * len(frames))
    for frame in frames:
        try:
            read_frame(frame)
        except UnsupportedImage:
            return
        alive()


def _check_slide(source: ByteSource, alive: SignOfLife, decode_up_to_bytes: int | None) -> None:
    """Every tile of one level, as the slide reader will decode them; what that does not show is let in unread."""
    try:
        level = read_instance(source)
    except UnsupportedImage:
        return
    _check_amount(source, len(level.frames), level.width_px * level.height_px * level.samples)
    slide = DicomSlide([level])
    try:
        shown = slide.levels[0]
        if decode_up_to_bytes is not None and source.size_bytes > decode_up_to_bytes:
            slide.read_tile(0, shown.columns // 2, shown.rows // 2)
            return
        for row in range(shown.rows):
            for column in range(shown.columns):
                slide.read_tile(0, column, row)
                alive()
    except UnsupportedImage:
        return
    finally:
        slide.close()


def _check_amount(source: ByteSource, frames: int, decoded_bytes: int) -> None:
    if frames > MOST_FRAMES:
        raise UnreadableFile(f"{source.name} claims {frames} frames, more than this program opens.")
    ratio = decoded_bytes / max(source.size_bytes, 1)
    if decoded_bytes > LARGEST_DECODED_BYTES or (decoded_bytes > BOMB_FROM_BYTES and ratio > LARGEST_RATIO):
        raise UnreadableFile(f"{source.name} would unpack to {decoded_bytes >> 20} MB of pixels, which no image does.")
