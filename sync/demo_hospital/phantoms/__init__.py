"""Invented images with known truth: anatomically believable, rough, and measured in advance."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class PhantomPatient:
    """What the headers of a phantom say of its invented patient."""

    patient_id: str
    dicom_name: str
    """``FAMILY^Given``."""
    birth_date: str
    """``YYYYMMDD``."""
    sex: str
    """``M``, ``F`` or ``O``."""
    study_description: str
    accession: str
