"""docs/conformance.md says what the code does: no more, no less."""

from __future__ import annotations

import re
from pathlib import Path
from urllib.parse import parse_qsl, urlsplit

from sync.dicomweb.dicomweb_gateway import ACCEPT_LADDER
from sync.fhir import searches
from sync.fhir.message_mapping import MESSAGE_KINDS
from sync.fhir.opinion_mapping import opinion_bundle
from tests.peers.opinions import signed_opinion
from tests.sync.sample_records import sample_case
from viewers.pathology.dicom_structure import SHOWN_SYNTAXES
from viewers.radiology.transfer_syntax import COMPRESSED, NATIVE

ROOT = Path(__file__).resolve().parents[2]
PAGE = (ROOT / "docs" / "conformance.md").read_text("utf-8")

KNOWN_BY_IDENTIFIER = (
    "DiagnosticReport", "DocumentReference", "QuestionnaireResponse", "ChargeItem", "Communication",
    "CommunicationRequest",
)  # fmt: skip
"""What is sent once, and looked for before it is sent again."""


def rows(heading: str) -> list[list[str]]:
    """The cells of the first table from the line that begins with *heading* on."""
    lines = PAGE[PAGE.index(heading) :].splitlines()
    start = next(number for number, line in enumerate(lines) if line.startswith("|"))
    table = []
    for line in lines[start + 2 :]:
        if not line.startswith("|"):
            break
        table.append([cell.strip() for cell in line.strip("|").split("|")])
    return table


def test_that_the_transfer_syntaxes_are_those_that_are_decoded() -> None:
    listed = {uid: (name, series, slides) for uid, name, series, slides in rows("### Transfer syntaxes")}
    assert {uid: name for uid, (name, series, _) in listed.items() if series == "yes"} == {**NATIVE, **COMPRESSED}
    assert {uid for uid, (_, _, slides) in listed.items() if slides == "yes"} == set(SHOWN_SYNTAXES)


def test_that_the_forms_asked_for_are_in_the_order_of_the_code() -> None:
    assert tuple(re.findall(r"^\d\. `(.+)`$", PAGE, re.MULTILINE)) == ACCEPT_LADDER


def test_that_the_searches_are_those_that_are_made() -> None:
    made: dict[str, set[str]] = {}
    for address in (
        searches.worklist("Practitioner/x", "2026-01-01T00:00:00Z", ["Task:focus"]),
        searches.records("x", ["List:item", "ImagingStudy:endpoint"]),
        *(searches.changes(kind, "2026-01-01T00:00:00Z", ["Patient/x"]) for kind in searches.PATIENT_PARAMETER),
        searches.consents("Patient/x"),
        *(searches.messages(kind, "ServiceRequest/x") for kind in MESSAGE_KINDS),
        searches.reconciliation(["x"]),
        searches.questionnaire("http://x|1"),
        *(searches.by_identifier(kind, "http://x", "1") for kind in KNOWN_BY_IDENTIFIER),
        *(searches.by_patient(kind, "Patient/x") for kind in KNOWN_BY_IDENTIFIER),
        searches.by_target("DiagnosticReport/x"),
    ):
        parts = urlsplit(address)
        made.setdefault(parts.path, set()).update(name for name, _ in parse_qsl(parts.query))
    listed = {
        kind: set(re.findall(r"`([^`]+)`", cell))
        for kinds, cell in rows("| search | parameters |")
        for kind in kinds.split(", ")
    }
    assert listed == made


def test_that_the_opinions_transaction_creates_what_is_said() -> None:
    case = sample_case()
    bundle = opinion_bundle(signed_opinion(case.case_id), case, {"resourceType": "Task", "id": "t"}, frozenset())
    created = {entry["resource"]["resourceType"] for entry in bundle["entry"] if entry["request"]["method"] == "POST"}
    sentence = re.search(r"transaction creates (.+), and updates Task", PAGE)
    assert sentence is not None
    assert set(re.split(r", | and ", sentence.group(1))) == created


def test_that_every_quirk_names_a_test_that_is_there() -> None:
    quirks = rows("## Quirks met")
    assert quirks
    for *_, test in quirks:
        name, _, function = test.strip("`").partition("::")
        assert f"def {function}(" in (ROOT / "tests" / "peers" / name).read_text("utf-8"), test
