"""How a projection was taken, in the short words of View Position (0018,5101), DICOM PS3.3 C.8.1.1 and C.8.11.4."""

from __future__ import annotations

from pydicom.dataset import Dataset

from viewers.radiology.dicom_header import items, text

_VIEW_CODES = {
    "R-10242": "CC", "399162004": "CC",
    "R-10226": "MLO", "399368009": "MLO",
    "R-10224": "ML", "399260004": "ML",
    "R-10228": "LM", "399352003": "LM",
    "R-10206": "AP", "399348003": "AP",
}  # fmt: skip
"""Codes of the View Code Sequence (0054,0220), in SNOMED's old and new form."""


def projection_view(dataset: Dataset) -> str:
    """The code decides where there is one known to us (mammography must have it); empty where nothing is said."""
    for item in items(dataset, "ViewCodeSequence")[:1]:
        view = _VIEW_CODES.get(text(item, "CodeValue"), "")
        if view:
            return view
    return text(dataset, "ViewPosition").upper()
