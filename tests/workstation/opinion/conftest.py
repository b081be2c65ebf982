"""A real store with one case in it, enrolled with an identity of the tests' own, and answers that may be signed."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from resources import resource
from sync.records.answer import Answer, Coding, Quantity, Reference
from sync.records.questionnaire import Questionnaire, parse_questionnaire
from sync.records.questionnaire_response import ItemPath, Response, start_response
from sync.signing.gate import IDENTITY_SECRET, PASSPHRASE_SECRET, SIGNER_SECRET, TRUST_SECRET, enrol
from sync.store.database import Store, open_store
from tests.sync.signing.own_authority import PIN, make_authority
from tests.workstation.opinion.cases import some_case, some_resources

PASSPHRASE = "correct horse battery"


@pytest.fixture(scope="session")
def enrolment(tmp_path_factory: pytest.TempPathFactory) -> dict[str, bytes]:
    """The secrets that enrolment leaves in a store; made once, for Argon2id takes its time on purpose."""
    authority = make_authority()
    made = open_store(tmp_path_factory.mktemp("enrolment"))
    enrol(
        made,
        authority.identity("Dr. Mara Demo"),
        authority.pem,
        PASSPHRASE,
        pin=PIN,
        practitioner_reference="Practitioner/demo-specialist",
    )
    names = (IDENTITY_SECRET, TRUST_SECRET, PASSPHRASE_SECRET, SIGNER_SECRET)
    secrets = {name: made.session.find_secret(name) for name in names}
    made.close()
    return {name: content for name, content in secrets.items() if content is not None}


def store_with_case(directory: Path, enrolment: dict[str, bytes]) -> Store:
    opened = open_store(directory)
    opened.cases.put_case(some_case(), some_resources())
    for name, content in enrolment.items():
        opened.session.put_secret(name, content)
    return opened


@pytest.fixture
def store(tmp_path: Path, enrolment: dict[str, bytes]) -> Iterator[Store]:
    opened = store_with_case(tmp_path / "profile", enrolment)
    yield opened
    opened.close()


@pytest.fixture(scope="session")
def form() -> Questionnaire:
    return parse_questionnaire(json.loads(resource("questionnaires", "second-opinion.json").read_text("utf-8")))


def coded(form: Questionnaire, link_id: str, code: str) -> Answer:
    item = form.find(link_id)
    assert item is not None
    return next(o.answer for o in item.options if isinstance(o.answer.value, Coding) and o.answer.value.code == code)


def complete_response(form: Questionnaire) -> Response:
    """Every required item answered: a changed diagnosis with one measurement."""
    texts: dict[ItemPath, str] = {
        (("q", 0), ("q.answer", 0), ("q.answer.question", 0)): "Is the nodule malignant?",
        (("q", 0), ("q.answer", 0), ("q.answer.text", 0)): "Yes: żółć, Ωμέγα, 14.2 mm.",
        (("find", 0), ("find.text", 0)): "A part-solid nodule.",
        (("dx0", 0), ("dx0.text", 0)): "Organising pneumonia",
        (("opinion", 0), ("opinion.dx", 0)): "Adenocarcinoma",
        (("lim", 0),): "The patient was not examined.",
    }
    codes: dict[ItemPath, str] = {
        (("q", 0), ("q.answer", 0), ("q.answer.status", 0)): "yes",
        (("mat", 0), ("mat.adequacy", 0)): "adequate",
        (("opinion", 0), ("opinion.agreement", 0)): "changed",
        (("opinion", 0), ("opinion.confidence", 0)): "high",
        (("opinion", 0), ("opinion.significance", 0)): "major",
        (("rec", 0), ("rec.treatment.change", 0)): "same",
    }
    response = start_response(form).with_row((("meas", 0),))
    for path, text in texts.items():
        response = response.with_answer(path, Answer("valueString", text))
    for path, code in codes.items():
        response = response.with_answer(path, coded(form, path[-1][0], code))
    response = response.with_answer((("crit", 0), ("crit.flag", 0)), Answer("valueBoolean", False))
    record = Reference("ImagingStudy/ct-1", "ImagingStudy", "Chest CT")
    response = response.with_answer((("mat", 0), ("mat.list", 0)), Answer("valueReference", record))
    response = response.with_answer((("meas", 0), ("meas.label", 0)), Answer("valueString", "A1"))
    length = Quantity(14.2, "mm", "http://unitsofmeasure.org", "mm")
    return response.with_answer((("meas", 0), ("meas.long", 0)), Answer("valueQuantity", length))
