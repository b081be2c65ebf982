"""From a header to how lengths on the image are known: the calibration class of DICOM images.

What a class is: `viewers.calibration`. Rule: never millimetres by guess (PS3.3 C.7.6.2.1.1, C.8.7.10, 10.7.1.3).
"""

from __future__ import annotations

from math import isclose

from pydicom.dataset import Dataset

from viewers.calibration import Calibration, CalibrationClass, uncalibrated
from viewers.geometry import PlaneGeometry
from viewers.radiology.dicom_header import items, number, numbers, text, texts, whole_number

# Modalities whose pictures are cuts through the patient: their PixelSpacing is in the patient by definition.
_CROSS_SECTIONAL = {"CT", "MR", "PT", "NM", "OPT"}
_PROJECTION = {"CR", "DX", "MG", "RG", "RF", "XA", "IO", "PX", "XC"}
_CENTIMETRES = 3
_CROSS_SECTION_REGION = 1  # Region Spatial Format (0018,6012): 2D


def calibrate(dataset: Dataset, modality: str, geometry: PlaneGeometry | None) -> Calibration:
    """The calibration of one frame of this instance."""
    if geometry is not None and modality not in _PROJECTION and modality != "US":
        is_scout = "LOCALIZER" in texts(dataset, "ImageType") and modality == "CT"
        note = "Pixel Spacing of a projection, true at the isocentre only" if is_scout else "Pixel Spacing"
        return Calibration(CalibrationClass.PATIENT_GEOMETRY, geometry.column_spacing_mm, geometry.row_spacing_mm, note)
    if modality == "US" or text(dataset, "SOPClassUID").startswith("1.2.840.10008.5.1.4.1.1.6."):
        return _by_ultrasound_region(dataset)
    if modality in _PROJECTION:
        return _projection(dataset)
    if modality in _CROSS_SECTIONAL and (spacing := _pair(dataset, "PixelSpacing")):
        row_mm, column_mm = spacing
        return Calibration(CalibrationClass.PATIENT_GEOMETRY, column_mm, row_mm, "Pixel Spacing, no position")
    if _pair(dataset, "NominalScannedPixelSpacing"):
        return uncalibrated("Only the scanner's nominal pixel spacing is stated, not a size in the patient.")
    if _pair(dataset, "PixelSpacing"):
        return uncalibrated("Pixel Spacing is stated, but not what it was measured against.")
    return uncalibrated("The image states no pixel spacing.")


def _pair(dataset: Dataset, keyword: str) -> tuple[float, float] | None:
    """Row and column spacing in mm, where both are above zero."""
    found = numbers(dataset, keyword)
    return (found[0], found[1]) if len(found) == 2 and min(found) > 0 else None


def _projection(dataset: Dataset) -> Calibration:
    """CR, DX, MG, XA: the detector's spacing, unless the header says it was calibrated (PS3.3 10.7.1.3)."""
    pixel, imager = _pair(dataset, "PixelSpacing"), _pair(dataset, "ImagerPixelSpacing")
    kind = text(dataset, "PixelSpacingCalibrationType")
    how = text(dataset, "PixelSpacingCalibrationDescription")
    differs = pixel and imager and not all(isclose(a, b, rel_tol=1e-4) for a, b in zip(pixel, imager, strict=True))
    factor = number(dataset, "EstimatedRadiographicMagnificationFactor")
    if pixel and (kind in ("GEOMETRY", "FIDUCIAL") or differs):
        row_mm, column_mm = pixel
        means = {
            "GEOMETRY": "corrected for geometric magnification",
            "FIDUCIAL": "calibrated on an object of known size",
        }
        note = means.get(kind, "Pixel Spacing differs from the detector's; the header does not say how it was found")
        note = f"{note} ({how})" if how else note
        return Calibration(CalibrationClass.MAGNIFICATION_CORRECTED, column_mm, row_mm, note)
    if imager and factor and factor > 1.0:  # 1 is what many detectors write for want of a distance
        row_mm, column_mm = imager
        note = f"detector spacing divided by the stated magnification {factor:g}"
        return Calibration(CalibrationClass.MAGNIFICATION_CORRECTED, column_mm / factor, row_mm / factor, note)
    detector = imager or pixel
    if detector:
        row_mm, column_mm = detector
        source = "Imager Pixel Spacing" if imager else "Pixel Spacing, taken as the detector's"
        return Calibration(CalibrationClass.AT_DETECTOR, column_mm, row_mm, f"{source}; magnification unknown")
    return uncalibrated("The image states no detector spacing.")


def _by_ultrasound_region(dataset: Dataset) -> Calibration:
    """One calibrated 2D region in centimetres (PS3.3 C.8.5.5); several regions would need one scale each."""
    regions = items(dataset, "SequenceOfUltrasoundRegions")
    if not regions:
        return uncalibrated("The ultrasound image states no calibrated region.")
    planes = [r for r in regions if whole_number(r, "RegionSpatialFormat") == _CROSS_SECTION_REGION]
    if len(planes) != 1:
        return uncalibrated(f"The ultrasound image has {len(planes)} calibrated 2D regions; lengths need exactly one.")
    region = planes[0]
    units = whole_number(region, "PhysicalUnitsXDirection"), whole_number(region, "PhysicalUnitsYDirection")
    across, down = number(region, "PhysicalDeltaX"), number(region, "PhysicalDeltaY")
    if units != (_CENTIMETRES, _CENTIMETRES) or not across or not down:
        return uncalibrated("The ultrasound region is not calibrated in centimetres.")
    edges = [whole_number(region, f"RegionLocation{edge}") for edge in ("MinX0", "MinY0", "MaxX1", "MaxY1")]
    bounds = [edge for edge in edges if edge is not None]
    columns, rows = whole_number(dataset, "Columns") or 0, whole_number(dataset, "Rows") or 0
    if len(bounds) < len(edges) or bounds[2] > columns or bounds[3] > rows:
        # The picture was cropped or scaled after its region was written: the scale is of another picture.
        return uncalibrated("The ultrasound region does not lie inside the image, so its scale is not trusted.")
    left, top, right, bottom = bounds
    where = f"inside columns {left}–{right}, rows {top}–{bottom} only"
    # Both edges name pixels of the region (PS3.3 C.8.5.5.1.2), so the last one reaches a pixel further than its number.
    reach = (float(left), float(top), right + 1.0, bottom + 1.0)
    return Calibration(CalibrationClass.ULTRASOUND_REGION, abs(across) * 10, abs(down) * 10, where, reach)
