"""Invented patients whose assignments stand elsewhere than at their beginning: accepted, waiting, urgent, withdrawn.

Data only. Where images are there, they are those of an earlier story under another name, and the letters agree with
them: a round nodule of 14 mm in the right upper lobe, or a rim-enhancing lesion of 20 mm, left frontal.
"""

from __future__ import annotations

from sync.demo_hospital.phantoms import PhantomPatient
from sync.demo_hospital.story import (
    CT_REPORT,
    MR_REPORT,
    PATHOLOGY,
    RADIOLOGY_DEPARTMENT,
    REFERRAL,
    Images,
    LabValue,
    Letter,
    Progress,
    Story,
)

_ACCEPTED = Story(
    case_id="SO-2026-00105",
    patient=PhantomPatient("LD-570622", "HAZELGROVE^Fenella", "19570622", "F", "CT chest, restaging", "LD-26-10540"),
    family="Hazelgrove",
    given="Fenella",
    questions=("Is the nodule a late metastasis of the breast cancer of 2014, or a primary tumour of the lung?",),
    diagnosis="Solitary nodule of the lung twelve years after breast cancer",
    diagnosis_code="R91.1",
    order_details=("imaging-reread",),
    performer="thoracic radiologist",
    priority="routine",
    asked_days_ago=5,
    due_in_days=9,
    images=Images.CHEST_CT_PART,
    same_images_as="SO-2026-00103",
    progress=Progress.ACCEPTED,
    letters=(
        Letter(
            "imaging-report", CT_REPORT, "CT chest report", RADIOLOGY_DEPARTMENT, "Dr. Tobias Kestrelhorn", 8,
            (
                ("Indication", "69-year-old woman, breast cancer on the left operated in 2014, hormone receptors "
                 "positive, endocrine treatment until 2021. Tumour marker slightly raised."),
                ("Technique", "CT of the chest after contrast; the slices around the finding are sent."),
                ("Findings", "Round, solid nodule of about 14 mm in the right upper lobe, not described in 2022. No "
                 "calcification."),
            ),
            "New solid nodule of the right upper lobe. Metastasis or primary tumour of the lung.",
        ),
    ),
    labs=(
        LabValue("6875-9", "Cancer antigen 15-3", 34.0, "U/mL", None, 31.3),
        LabValue("2160-0", "Creatinine", 0.81, "mg/dL", 0.5, 0.9),
    ),
)  # fmt: skip

_WAITING = Story(
    case_id="SO-2026-00106",
    patient=PhantomPatient("LD-490211", "WRENFIELD^Ambrose", "19490211", "M", "MR brain, follow-up", "LD-26-10546"),
    family="Wrenfield",
    given="Ambrose",
    questions=(
        "Is the enhancement at the edge of the cavity a recurrence of the glioma or an effect of radiation?",
    ),
    diagnosis="Glioma of the right temporal lobe, operated and irradiated in 2025",
    diagnosis_code="C71.2",
    order_details=("imaging-reread",),
    performer="neuroradiologist",
    priority="routine",
    asked_days_ago=10,
    due_in_days=14,
    images=None,
    progress=Progress.ON_HOLD,
    wanted=(
        "MR of the brain of March and September 2026, as DICOM, with perfusion if it was done",
        "Report of the operation and of the histology of 2025",
    ),
    letters=(
        Letter(
            "note", REFERRAL, "Letter of the neuro-oncology clinic", "Neuro-oncology Clinic",
            "Dr. Agathe Quillfeather", 10,
            (
                ("Summary", "Mr Wrenfield was operated in spring 2025 and irradiated until summer 2025, both at "
                 "another hospital. He feels well; his wife finds him slower since autumn."),
                ("Records", "The MR examinations were done elsewhere. We have asked for them and will pass them on."),
            ),
        ),
    ),
    labs=(LabValue("2951-2", "Sodium", 137, "mmol/L", 136, 145),),
)  # fmt: skip

_URGENT = Story(
    case_id="SO-2026-00107",
    patient=PhantomPatient("LD-930804", "DUNMALLOW^Keziah", "19930804", "F", "CT chest, haemoptysis", "LD-26-10552"),
    family="Dunmallow",
    given="Keziah",
    questions=(
        "Can this nodule be the source of the bleeding, and is it safe to wait for the bronchoscopy of Friday?",
    ),
    diagnosis="Haemoptysis with a nodule of the right upper lobe",
    diagnosis_code="R04.2",
    order_details=("imaging-reread",),
    performer="thoracic radiologist",
    priority="stat",
    asked_days_ago=1,
    due_in_days=2,
    images=Images.CHEST_CT_PART,
    same_images_as="SO-2026-00103",
    letters=(
        Letter(
            "imaging-report", CT_REPORT, "CT chest report, preliminary", RADIOLOGY_DEPARTMENT,
            "Dr. Lorenz Sandpiper", 0,
            (
                ("Indication", "33-year-old woman, coughed up blood twice since last night, about two spoonfuls."),
                ("Findings", "Solid nodule of about 14 mm in the right upper lobe. Read at night; to be confirmed."),
            ),
            "Nodule of the right upper lobe. Source of the bleeding not identified.",
        ),
    ),
    labs=(
        LabValue("718-7", "Haemoglobin", 11.6, "g/dL", 12.0, 15.5),
        LabValue("6301-6", "INR", 1.1, "{INR}", 0.9, 1.2),
        LabValue("777-3", "Platelets", 244, "10*3/uL", 150, 400),
    ),
)  # fmt: skip

_DUE_TOMORROW = Story(
    case_id="SO-2026-00108",
    patient=PhantomPatient("LD-711017", "BRACKENRIDGE^Osric", "19711017", "M", "MR brain with contrast", "LD-26-10527"),
    family="Brackenridge",
    given="Osric",
    questions=("Would you biopsy this lesion, or treat it as an abscess first?",),
    diagnosis="Rim-enhancing lesion of the left frontal lobe with fever",
    diagnosis_code="G06.0",
    order_details=("imaging-reread",),
    performer="neuroradiologist",
    priority="asap",
    asked_days_ago=4,
    due_in_days=1,
    due_moves_along=True,
    images=Images.BRAIN_MR,
    same_images_as="SO-2026-00102",
    letters=(
        Letter(
            "imaging-report", MR_REPORT, "MR brain report", RADIOLOGY_DEPARTMENT, "Dr. Tobias Kestrelhorn", 5,
            (
                ("Indication", "55-year-old man, headache for ten days, temperature up to 38.4 °C, sinusitis."),
                ("Technique", "T1-weighted gradient echo after gadolinium. Diffusion failed for motion."),
                ("Findings", "Lesion of about 20 mm in the left frontal white matter with a smooth enhancing rim."),
            ),
            "Rim-enhancing lesion of the left frontal lobe. Abscess is likely, a tumour is not excluded.",
        ),
    ),
    labs=(
        LabValue("1988-5", "C-reactive protein", 61.0, "mg/L", None, 5.0),
        LabValue("6690-2", "Leukocytes", 12.9, "10*3/uL", 4.0, 10.0),
    ),
)  # fmt: skip

_CANCELLED = Story(
    case_id="SO-2026-00109",
    patient=PhantomPatient("LD-640529", "VELLOWAY^Sunniva", "19640529", "F", "Core biopsy, breast", "LD-26-10488"),
    family="Velloway",
    given="Sunniva",
    questions=("Is the lesion of the core biopsy an atypical hyperplasia or already carcinoma in situ?",),
    diagnosis="Atypical ductal proliferation of the left breast",
    diagnosis_code="N60.92",
    order_details=("pathology-reread",),
    performer="pathologist",
    priority="routine",
    asked_days_ago=12,
    due_in_days=3,
    images=None,
    progress=Progress.CANCELLED,
    closing_words="The patient has been operated meanwhile; the opinion is no longer needed.",
    letters=(
        Letter(
            "pathology-report", PATHOLOGY, "Pathology report, core biopsy of the breast", "Institute of Pathology",
            "Dr. Minna Oakhollow", 14,
            (
                ("Specimen", "Core biopsy of the left breast, four cores."),
                ("Microscopy", "Ductal proliferation with architectural atypia in one of four cores, 1.5 mm."),
            ),
            "Atypical ductal hyperplasia; carcinoma in situ of low grade to be considered.",
        ),
    ),
    labs=(),
)  # fmt: skip

_CONSENT_WITHDRAWN = Story(
    case_id="SO-2026-00110",
    patient=PhantomPatient("LD-520907", "COBBLETON^Lazarus", "19520907", "M", "CT chest, follow-up", "LD-26-10493"),
    family="Cobbleton",
    given="Lazarus",
    questions=("Has the nodule grown since the CT of last year?",),
    diagnosis="Nodule of the right upper lobe under observation",
    diagnosis_code="R91.1",
    order_details=("imaging-reread",),
    performer="thoracic radiologist",
    priority="routine",
    asked_days_ago=8,
    due_in_days=6,
    images=None,
    progress=Progress.CONSENT_WITHDRAWN,
    letters=(
        Letter(
            "imaging-report", CT_REPORT, "CT chest report", RADIOLOGY_DEPARTMENT, "Dr. Lorenz Sandpiper", 9,
            (("Findings", "Round nodule of about 14 mm in the right upper lobe, followed for one year."),),
            "Nodule of the right upper lobe. Growth cannot be judged with certainty.",
        ),
    ),
    labs=(),
)  # fmt: skip

FURTHER_STORIES = (_ACCEPTED, _WAITING, _URGENT, _DUE_TOMORROW, _CANCELLED, _CONSENT_WITHDRAWN)
