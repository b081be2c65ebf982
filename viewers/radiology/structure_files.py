"""Which files hold structures to be outlined over images, and how each kind is read."""

from __future__ import annotations

from viewers.byte_source import ByteSource
from viewers.radiology.dicom_header import read_header, text
from viewers.radiology.instance import Instance
from viewers.radiology.pydicom_warnings import silenced
from viewers.radiology.segmentation import load_segmentation
from viewers.radiology.sop_class import LABEL_MAP, SEGMENTATION, STRUCTURE_SET
from viewers.radiology.structure_set import StructureSet, load_structure_set


def holds_structures(instance: Instance) -> bool:
    """Whether its outlines can lie on images: a structure set, or a segmentation of images with a place in the
    patient."""
    if instance.sop_class_uid in (SEGMENTATION, LABEL_MAP):
        return any(frame.geometry is not None for frame in instance.frames)
    return instance.sop_class_uid == STRUCTURE_SET


def load_structures(source: ByteSource) -> StructureSet:
    """The structures of a file of either kind. Raises UnreadableFile or UnsupportedImage."""
    with silenced():
        is_segmentation = text(read_header(source).dataset, "SOPClassUID") in (SEGMENTATION, LABEL_MAP)
    return load_segmentation(source) if is_segmentation else load_structure_set(source)
