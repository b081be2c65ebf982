"""Whether an image lost information before it came here, and how much (DICOM PS3.3 C.7.6.1.1.5)."""

from __future__ import annotations

from pydicom.dataset import Dataset

from viewers.radiology import transfer_syntax as syntax
from viewers.radiology.dicom_header import numbers, text


def lossy_note(dataset: Dataset, transfer_syntax: str) -> str:
    """Words for the image ("lossy compression 12:1"), or "" where nothing says that information was lost."""
    stated = text(dataset, "LossyImageCompression") == "01"
    if not stated and transfer_syntax not in syntax.MAY_BE_LOSSY:
        return ""
    if not stated and text(dataset, "LossyImageCompression") == "00":
        return ""
    ratios = numbers(dataset, "LossyImageCompressionRatio")
    product = 1.0
    for ratio in ratios:
        product *= ratio
    if stated and ratios and product > 1:
        return f"lossy compression {product:.3g}:1"
    if stated:
        return "lossy compression, ratio not stated"
    return f"{syntax.syntax_name(transfer_syntax)}, may be lossy"
