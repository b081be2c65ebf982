"""The addresses that name our own extensions, code systems and identifier systems in FHIR. Nothing else."""

NAMESPACE = "https://readingroom.example/fhir"
IDENTIFIERS = "https://readingroom.example/ids"

CASE_SYSTEM = f"{IDENTIFIERS}/case"
ASSIGNMENT_SYSTEM = f"{IDENTIFIERS}/assignment"
OPINION_SYSTEM = f"{IDENTIFIERS}/opinion"
CHARGE_SYSTEM = f"{IDENTIFIERS}/charge"
FILE_SYSTEM = f"{IDENTIFIERS}/file"
MARK_SYSTEM = f"{IDENTIFIERS}/mark"

CONTENT_LENGTH_EXTENSION = f"{NAMESPACE}/StructureDefinition/content-length"
"""Attachment.size is an unsignedInt and stops at 2 GiB; slides do not."""
CONTENT_SHA256_EXTENSION = f"{NAMESPACE}/StructureDefinition/content-sha256"
"""Attachment.hash is SHA-1; this one carries the SHA-256, base64."""

TASK_IO_SYSTEM = f"{NAMESPACE}/CodeSystem/task-io"
RECORD_KIND_SYSTEM = f"{NAMESPACE}/CodeSystem/record-kind"
CHARGE_CODE_SYSTEM = f"{NAMESPACE}/CodeSystem/charge"
SIGNING_POLICY = "https://readingroom.example/policy/sign/1"
