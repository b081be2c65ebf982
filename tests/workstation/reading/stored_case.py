"""A case in a real store, with small images in its vault."""

from __future__ import annotations

from pathlib import Path

from sync.records.case import Case, Document, DocumentCategory, ImagingStudy, SeriesEntry
from sync.records.stored_object import Integrity, StoredObject
from sync.store.database import Store
from tests.sync.sample_records import AT, CASE, sample_case
from tests.viewers.radiology.dicom_files import SERIES, STUDY, ct_slice, save

STUDY_REFERENCE = "ImagingStudy/is1"
SLIDE_REFERENCE = "DocumentReference/wsi1"
SERIES_KEY = f"series:{SERIES}"


def case_with_images(listed_images: int = 3) -> Case:
    study = ImagingStudy(
        STUDY_REFERENCE, "1", STUDY, "CT chest", AT, (SeriesEntry(SERIES, "CT", "Chest", listed_images),), "http://h/dw"
    )
    slide = Document(
        SLIDE_REFERENCE, "1", DocumentCategory.SLIDE, "Biopsy, H&E", AT, "image/tiff", "/files/1", None, None
    )
    return sample_case(studies=(study,), documents=(slide,))


def case_with_slide_series(file: Path, listed_files: int) -> Case:
    """The case of the DICOM slide that *file* is part of."""
    study_uid, series_uid, _ = uids_of(file)
    entry = SeriesEntry(series_uid, "SM", "Biopsy", listed_files)
    study = ImagingStudy(STUDY_REFERENCE, "1", study_uid, "Biopsy", AT, (entry,), "http://h/dw")
    return sample_case(studies=(study,))


def put_ct(store: Store, folder: Path, count: int, *, mismatch: str = "", first: int = 0, **changes: object) -> None:
    """*count* slices of the case's CT series into the vault; *changes* are DICOM elements."""
    for n in range(first, first + count):
        file = save(ct_slice(z_mm=5.0 * n, number=n + 1, **changes), folder / f"ct{n}.dcm")
        put_instance(store, file.path, mismatch)


def put_instance(store: Store, path: Path, mismatch: str = "") -> None:
    """One DICOM file into the vault."""
    store.objects.put_object(
        StoredObject(
            CASE,
            STUDY_REFERENCE,
            put_file(store, path),
            path.stat().st_size,
            "application/dicom",
            path.name,
            Integrity.STRUCTURE,
            AT,
            *uids_of(path),
            mismatch,
        )
    )


def put_slide(store: Store, path: Path) -> str:
    sha256 = put_file(store, path)
    store.objects.put_object(
        StoredObject(CASE, SLIDE_REFERENCE, sha256, path.stat().st_size, "image/tiff", "Biopsy", Integrity.SHA256, AT)
    )
    return sha256


def put_file(store: Store, path: Path) -> str:
    writer = store.vault.begin(CASE)
    writer.write(path.read_bytes())
    return writer.commit()


def uids_of(path: Path) -> tuple[str, str, str]:
    """Study, series and SOP Instance UID."""
    import pydicom

    header = pydicom.dcmread(path, stop_before_pixels=True)
    return str(header.StudyInstanceUID), str(header.SeriesInstanceUID), str(header.SOPInstanceUID)


def write_small_slide(path: Path) -> Path:
    """An Aperio-like TIFF of 512×384 pixels, tiled, 0.5 µm a pixel."""
    import numpy as np
    import tifffile

    rows, columns = np.mgrid[0:384, 0:512]
    picture = np.stack([255 - rows // 4, 200 + columns // 16, 220 + 0 * rows], axis=-1).astype(np.uint8)
    tifffile.imwrite(
        path,
        picture,
        tile=(128, 128),
        photometric="rgb",
        description="Aperio Image Library v11.2.1\r\n512x384 |AppMag = 20|MPP = 0.5",
        metadata=None,
    )
    return path


def write_slide_part(path: Path, step: int, flavour: str = "VOLUME") -> Path:
    """One level of a DICOM slide of 512 × 384 pixels, reduced by *step*."""
    import numpy as np
    from pydicom.dataset import Dataset

    from tests.viewers.pathology.test_dicom_source import instance

    rows, columns = np.mgrid[0:384:step, 0:512:step]
    picture = np.stack([255 - rows // 4, 200 + columns // 16, 220 + 0 * rows], axis=-1).astype(np.uint8)
    measures, shared = Dataset(), Dataset()
    measures.PixelSpacing = [0.0005 * step, 0.0005 * step]
    shared.PixelMeasuresSequence = [measures]
    kind = ["ORIGINAL", "PRIMARY", flavour, "NONE"]
    more = {
        "SOPInstanceUID": f"1.2.{step}",
        "StudyInstanceUID": "1.2.3",
        "PatientName": "MUSTER^ANNA",
        "PatientID": "P1",
        "Modality": "SM",
    }
    path.write_bytes(instance(picture, tile=64, SharedFunctionalGroupsSequence=[shared], ImageType=kind, **more))
    return path
