"""Which DICOM objects are pictures for a stack, which are slides, and what to call the others (DICOM PS3.4 B.5)."""

from __future__ import annotations

import re

from pydicom._uid_dict import UID_dictionary

WHOLE_SLIDE = "1.2.840.10008.5.1.4.1.1.77.1.6"
DISC_INDEX = "1.2.840.10008.1.3.10"
STRUCTURE_SET = "1.2.840.10008.5.1.4.1.1.481.3"
SEGMENTATION = "1.2.840.10008.5.1.4.1.1.66.4"
LABEL_MAP = "1.2.840.10008.5.1.4.1.1.66.7"

_WORDS = {
    SEGMENTATION: "a segmentation",
    LABEL_MAP: "a label map segmentation",
    "1.2.840.10008.5.1.4.1.1.66.5": "a surface segmentation",
    "1.2.840.10008.5.1.4.1.1.66.1": "a spatial registration",
    "1.2.840.10008.5.1.4.1.1.66.3": "a deformable registration",
    "1.2.840.10008.5.1.4.1.1.67": "a real-world value mapping",
    "1.2.840.10008.5.1.4.1.1.104.1": "an encapsulated PDF",
    "1.2.840.10008.5.1.4.1.1.104.2": "an encapsulated document",
    "1.2.840.10008.5.1.4.1.1.91.1": "a set of microscopy annotations",
    "1.2.840.10008.5.1.4.1.1.481.2": "a radiotherapy dose grid",
    STRUCTURE_SET: "a radiotherapy structure set",
    "1.2.840.10008.5.1.4.1.1.481.5": "a radiotherapy plan",
    "1.2.840.10008.5.1.4.1.1.66": "raw data",
}
_FAMILIES = (
    ("1.2.840.10008.5.1.4.1.1.88.59", "a key object selection"),
    ("1.2.840.10008.5.1.4.1.1.88.", "a structured report"),
    ("1.2.840.10008.5.1.4.1.1.11.", "a presentation state"),
    ("1.2.840.10008.5.1.4.1.1.9.", "a waveform"),
    ("1.2.840.10008.5.1.4.1.1.481.", "a radiotherapy object"),
    ("1.2.840.10008.5.1.4.1.1.104.", "an encapsulated document"),
)


def not_a_stack(sop_class_uid: str) -> str | None:
    """Words for an object that is valid but no picture for a stack ("a structured report"); None for pictures."""
    if sop_class_uid in _WORDS:
        return _WORDS[sop_class_uid]
    for prefix, words in _FAMILIES:
        if sop_class_uid.startswith(prefix) and not sop_class_uid.startswith("1.2.840.10008.5.1.4.1.1.481.1"):
            return words
    return None


def sop_class_name(sop_class_uid: str) -> str:
    """The standard's name, or the UID itself; what is no UID is not quoted (a damaged one may run on into a name)."""
    if sop_class_uid in UID_dictionary:
        return str(UID_dictionary[sop_class_uid][0])
    if not sop_class_uid:
        return "no SOP class"
    return sop_class_uid if re.fullmatch(r"[0-9.]{1,64}", sop_class_uid) else "a damaged SOP class"
