"""Units of pixel values as people write them. What the header has stays as it is in the element browser. No Qt."""

from __future__ import annotations

_WRITTEN = {
    "CNTS": "counts",
    "NONE": "",
    "CM2": "cm²",
    "CM2ML": "cm²/ml",
    "PCNT": "%",
    "CPS": "counts/s",
    "BQML": "Bq/ml",
    "MGMINML": "mg/min/ml",
    "UMOLMINML": "µmol/min/ml",
    "MLMING": "ml/min/g",
    "MLG": "ml/g",
    "1CM": "1/cm",
    "UMOLML": "µmol/ml",
    "PROPCNTS": "proportional to counts",
    "PROPCPS": "proportional to counts/s",
    "MLMINML": "ml/min/ml",
    "MLML": "ml/ml",
    "GML": "g/ml",
    "STDDEV": "standard deviations",
}
"""Defined terms of Units (0054,1001), DICOM PS3.3 C.8.9.1.1.3."""


def unit_words(unit: str) -> str:
    """``g/ml`` for GML; what is not among the defined terms (HU, a vendor's own) is said as it stands."""
    return _WRITTEN.get(unit, unit)
