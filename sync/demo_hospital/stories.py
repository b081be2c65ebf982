"""The invented patients, the first four of them here: who they are, what was found, what is asked. Data only.

Every name and number is made up. What the letters say agrees with the phantoms (`phantoms`): the CT's nodule is round,
14 mm, in the right upper lobe; the MR's lesion is 20 mm, left frontal, with an enhancing rim; the biopsy holds glands
of an adenocarcinoma.
"""

from __future__ import annotations

from sync.demo_hospital.further_stories import FURTHER_STORIES
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
    Story,
)

_NODULE_AND_BIOPSY = Story(
    case_id="SO-2026-00101",
    patient=PhantomPatient("LD-580314", "ASHGROVE^Corvin", "19680314", "M", "CT chest with contrast", "LD-26-10471"),
    family="Ashgrove",
    given="Corvin",
    questions=(
        "Do the CT and the biopsy together support a primary adenocarcinoma of the lung, or could this be a "
        "metastasis?",
        "Is there anything on the CT that speaks against resection as the first treatment?",
    ),
    diagnosis="Adenocarcinoma of the right upper lobe, newly diagnosed",
    diagnosis_code="C34.11",
    order_details=("imaging-reread", "pathology-reread"),
    performer="thoracic radiologist and pathologist",
    priority="urgent",
    asked_days_ago=6,
    due_in_days=5,
    images=Images.CHEST_CT,
    has_slide=True,
    letters=(
        Letter(
            "imaging-report", CT_REPORT, "CT chest report", RADIOLOGY_DEPARTMENT, "Dr. Tobias Kestrelhorn", 12,
            (
                ("Indication", "58-year-old man, 30 pack-years, stopped four years ago. Cough for six weeks, no fever, "
                 "weight stable. Opacity on the chest radiograph."),
                ("Technique", "Helical CT of the chest, venous phase after iodinated contrast, 1.25 mm slices."),
                ("Findings", "Solid, well-defined nodule in the anterior segment of the right upper lobe, about 14 mm "
                 "in its largest diameter, without calcification or cavity. No second nodule seen. Airways patent to "
                 "the segmental level. No pleural effusion. No enlarged hilar or mediastinal lymph nodes by size. "
                 "Heart and great vessels without remarkable finding. No suspicious bone lesion. Upper abdomen as far "
                 "as included without focal lesion of the liver."),
            ),
            "Solid nodule of about 14 mm in the right upper lobe, suspicious in a former smoker. Tissue diagnosis "
            "advised.",
        ),
        Letter(
            "pathology-report", PATHOLOGY, "Pathology report, needle biopsy of the lung", "Institute of Pathology",
            "Dr. Minna Oakhollow", 8,
            (
                ("Clinical information", "Nodule of the right upper lobe, CT-guided transthoracic biopsy."),
                ("Specimen", "Core biopsy of the lung, right upper lobe, three cores. One slide, haematoxylin and "
                 "eosin, scanned at 20x (0.5 µm per pixel)."),
                ("Microscopy", "Lung tissue partly replaced by irregular, back-to-back glands with stratified, "
                 "enlarged, hyperchromatic nuclei in a desmoplastic stroma. Residual benign glands beside them. No "
                 "necrosis. No vascular invasion in the planes seen."),
                ("Comment", "Immunohistochemistry (TTF-1, CK7, CK20, CDX2) requested; tissue is scarce."),
            ),
            "Moderately differentiated adenocarcinoma, acinar pattern. Origin to be settled by immunohistochemistry.",
        ),
        Letter(
            "note", REFERRAL, "Letter of the pulmonology clinic", "Pulmonology Clinic", "Dr. Agathe Quillfeather", 6,
            (
                ("Summary", "Mr Ashgrove came with a cough of six weeks. He works as a joiner and feels well otherwise "
                 "(ECOG 0). FEV1 86 % of predicted, DLCO 78 %. In 2019 a polyp of the sigmoid colon with low-grade "
                 "dysplasia was removed completely; the last colonoscopy in 2024 was clear."),
                ("Why we ask", "The tumour board leans towards lobectomy. The patient asks for a second opinion before "
                 "he decides, and we would like the earlier bowel history considered."),
                ("Medication", "Ramipril 5 mg once daily. No anticoagulants. No known allergies."),
            ),
        ),
    ),
    labs=(
        LabValue("718-7", "Haemoglobin", 13.1, "g/dL", 13.5, 17.5),
        LabValue("6690-2", "Leukocytes", 9.8, "10*3/uL", 4.0, 10.0),
        LabValue("777-3", "Platelets", 312, "10*3/uL", 150, 400),
        LabValue("2160-0", "Creatinine", 0.94, "mg/dL", 0.7, 1.2),
        LabValue("6301-6", "INR", 1.0, "{INR}", 0.9, 1.2),
        LabValue("2532-0", "Lactate dehydrogenase", 231, "U/L", None, 250),
        LabValue("2039-6", "Carcinoembryonic antigen", 8.4, "ng/mL", None, 5.0),
    ),
)  # fmt: skip

_BRAIN_LESION = Story(
    case_id="SO-2026-00102",
    patient=PhantomPatient("LD-820927", "FERNWHISTLE^Odalys", "19820927", "F", "MR brain with contrast", "LD-26-10533"),
    family="Fernwhistle",
    given="Odalys",
    questions=(
        "Is this lesion more likely a high-grade glioma, a metastasis or an abscess?",
        "Which further sequences or tests would settle it before surgery?",
    ),
    diagnosis="Space-occupying lesion of the left frontal lobe after a first seizure",
    diagnosis_code="R90.0",
    order_details=("imaging-reread",),
    performer="neuroradiologist",
    priority="asap",
    asked_days_ago=2,
    due_in_days=1,
    images=Images.BRAIN_MR,
    letters=(
        Letter(
            "imaging-report", MR_REPORT, "MR brain report", RADIOLOGY_DEPARTMENT, "Dr. Tobias Kestrelhorn", 15,
            (
                ("Indication", "44-year-old woman, first focal seizure with weakness of the right hand."),
                ("Technique", "T1-weighted gradient echo after gadolinium, oblique axial. Diffusion was not acquired "
                 "because the patient could not stay longer."),
                ("Findings", "Round lesion of about 20 mm in the white matter of the left frontal lobe with a smooth, "
                 "strongly enhancing rim and a centre of low signal. Ventricles of normal width. No second lesion. No "
                 "pathological meningeal enhancement."),
            ),
            "Solitary rim-enhancing lesion of the left frontal lobe. Glioma, metastasis and abscess are to be "
            "considered.",
        ),
        Letter(
            "note", REFERRAL, "Letter of the neurology ward", "Department of Neurology", "Dr. Agathe Quillfeather", 1,
            (
                ("Summary", "Ms Fernwhistle had a focal seizure of the right arm at work, five minutes, without loss "
                 "of consciousness. No fever, no neck stiffness. Dental extraction three weeks ago. No known tumour; "
                 "mammography last year without finding."),
                ("Course", "Free of seizures on levetiracetam 500 mg twice daily. No dexamethasone so far, so that a "
                 "biopsy would not be blurred."),
            ),
        ),
    ),
    labs=(
        LabValue("1988-5", "C-reactive protein", 14.0, "mg/L", None, 5.0),
        LabValue("6690-2", "Leukocytes", 9.1, "10*3/uL", 4.0, 10.0),
        LabValue("2951-2", "Sodium", 139, "mmol/L", 136, 145),
        LabValue("2345-7", "Glucose", 98, "mg/dL", 70, 110),
    ),
)  # fmt: skip

_STRAY_IMAGE = Story(
    case_id="SO-2026-00103",
    patient=PhantomPatient("LD-630508", "LARKSPUR^Ingmar", "19630508", "M", "CT chest, follow-up", "LD-26-10498"),
    family="Larkspur",
    given="Ingmar",
    questions=("Has the nodule the look of a benign one, and when would you repeat the CT?",),
    diagnosis="Solitary pulmonary nodule, found by chance",
    diagnosis_code="R91.1",
    order_details=("imaging-reread",),
    performer="thoracic radiologist",
    priority="routine",
    asked_days_ago=3,
    due_in_days=11,
    images=Images.CHEST_CT_PART,
    foreign_patient=PhantomPatient(
        "LD-551130", "QUARRINGTON^Beatrix", "19551130", "F", "CT chest, follow-up", "LD-26-10499"
    ),
    letters=(
        Letter(
            "imaging-report", CT_REPORT, "CT chest report", RADIOLOGY_DEPARTMENT, "Dr. Lorenz Sandpiper", 9,
            (
                ("Indication", "63-year-old man, never smoked. Nodule seen by chance on a CT after a fall."),
                ("Technique", "CT of the chest after contrast; the slices around the finding are sent."),
                ("Findings", "Round, smooth, solid nodule of about 14 mm in the right upper lobe. No calcification "
                 "seen. No comparison available."),
            ),
            "Solid nodule of the right upper lobe, not classified. Second opinion advised.",
        ),
    ),
    labs=(
        LabValue("718-7", "Haemoglobin", 14.9, "g/dL", 13.5, 17.5),
        LabValue("2160-0", "Creatinine", 1.05, "mg/dL", 0.7, 1.2),
    ),
)  # fmt: skip

_NO_RELEASE = Story(
    case_id="SO-2026-00104",
    patient=PhantomPatient("LD-550119", "MOSSBRIDGE^Tamsin", "19550119", "F", "CT chest, staging", "LD-26-10511"),
    family="Mossbridge",
    given="Tamsin",
    questions=("Is the nodule of the right upper lobe compatible with a metastasis of the known colon cancer?",),
    diagnosis="Nodule of the lung in known colon cancer",
    diagnosis_code="R91.1",
    order_details=("imaging-reread",),
    performer="thoracic radiologist",
    priority="routine",
    asked_days_ago=2,
    due_in_days=12,
    images=Images.CHEST_CT_PART,
    released=False,
    letters=(
        Letter(
            "imaging-report", CT_REPORT, "CT chest report", RADIOLOGY_DEPARTMENT, "Dr. Lorenz Sandpiper", 5,
            (
                ("Indication", "71-year-old woman, colon cancer operated in 2022, staging."),
                ("Findings", "Round nodule of about 14 mm in the right upper lobe, new since the outside report of "
                 "2024."),
            ),
            "New nodule of the right upper lobe. Metastasis or second primary.",
        ),
    ),
    labs=(LabValue("2039-6", "Carcinoembryonic antigen", 3.1, "ng/mL", None, 5.0),),
)  # fmt: skip

STORIES = (_NODULE_AND_BIOPSY, _BRAIN_LESION, _STRAY_IMAGE, _NO_RELEASE, *FURTHER_STORIES)
