"""The report: the same pages whenever they are made, the patient on each, the answers whole."""

from __future__ import annotations

import io
import json
import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

import pypdfium2
import pytest
from PIL import Image
from pyhanko.pdf_utils.reader import PdfFileReader

from sync.records.answer import Answer
from sync.records.case import ConsentState, LabResult
from sync.records.opinion import SignedOpinion
from sync.records.questionnaire import Questionnaire
from sync.records.questionnaire_response import Response
from sync.signing.embedded_files import read_embedded_files
from sync.signing.verification import verify_file
from sync.store.database import Store
from tests.sync.signing.own_authority import PIN
from tests.workstation.opinion.cases import some_case
from tests.workstation.opinion.conftest import PASSPHRASE, complete_response, store_with_case
from workstation.clock import local_now
from workstation.opinion.form_state import FormState
from workstation.opinion.marks_export import export_marks
from workstation.opinion.opinion_desk import record_candidates
from workstation.opinion.report import KeyImage, build_report
from workstation.opinion.signing_flow import PreparedOpinion, prepare_opinion, sign_opinion


@dataclass(frozen=True)
class Done:
    """One opinion, prepared and signed; signing takes a second, so all tests look at the same one."""

    prepared: PreparedOpinion
    signed: SignedOpinion


@pytest.fixture(scope="module")
def done(tmp_path_factory: pytest.TempPathFactory, enrolment: dict[str, bytes], form: Questionnaire) -> Iterator[Done]:
    store = store_with_case(tmp_path_factory.mktemp("profile"), enrolment)
    prepared = prepare(store, form, complete_response(form))
    yield Done(prepared, sign_opinion(store, prepared, PASSPHRASE, PIN, now=local_now())[0])
    store.close()


def prepare(store: Store, form: Questionnaire, response: Response) -> PreparedOpinion:
    return prepare_opinion(
        store,
        some_case(),
        form,
        response,
        export_marks=export_marks,
        draw_key_images=None,
        app_version="0.1.0",
        now=local_now(),
    )


def texts(pdf: bytes) -> list[str]:
    document = pypdfium2.PdfDocument(pdf)
    return [document[n].get_textpage().get_text_bounded() for n in range(len(document))]


def pictures(pdf: bytes) -> list[bytes]:
    document = pypdfium2.PdfDocument(pdf)
    return [bytes(document[n].render(scale=1.5).buffer) for n in range(len(document))]


def test_that_what_is_signed_looks_exactly_like_what_was_previewed(done: Done) -> None:
    assert pictures(done.signed.report_pdf) == pictures(done.prepared.preview_pdf)
    assert texts(done.signed.report_pdf) == texts(done.prepared.preview_pdf)


def test_that_nothing_is_printed_beyond_the_edge_of_a_page(done: Done) -> None:
    document = pypdfium2.PdfDocument(done.signed.report_pdf)
    for page in document:
        letters = page.get_textpage()
        right = max(letters.get_charbox(n)[2] for n in range(letters.count_chars()))
        assert right <= page.get_width() - 40, "the margin is 15 mm"


def test_that_the_certificate_stands_in_the_report_as_verify_writes_it(done: Done, tmp_path: Path) -> None:
    (tmp_path / "report.pdf").write_bytes(done.signed.report_pdf)
    words = verify_file(tmp_path / "report.pdf").certificate_fingerprint
    assert words and words in "".join("".join(texts(done.signed.report_pdf)).split())


def test_that_the_same_frozen_opinion_gives_the_same_pages(done: Done) -> None:
    prepared = done.prepared
    again = build_report(prepared.frozen, prepared.case, jws=None, signer_name=prepared.signer.name)
    assert pictures(again) == pictures(prepared.preview_pdf)


def test_that_the_patient_the_case_and_the_page_number_are_on_every_page(store: Store, form: Questionnaire) -> None:
    long = Answer("valueString", "A long finding. " * 700)
    prepared = prepare(store, form, complete_response(form).with_answer((("find", 0), ("find.text", 0)), long))
    pages = texts(prepared.preview_pdf)
    assert len(pages) >= 4
    for number, page in enumerate(pages, 1):
        for words in ("Özdemir-Šimić, Zoë", "RR-1001", "SO-2026-00101/1/v1", f"page {number} of {len(pages)}"):
            assert words in page


def test_that_answers_stand_in_it_in_any_script_and_unanswered_ones_do_not(done: Done) -> None:
    whole = "\n".join(texts(done.prepared.preview_pdf))
    for words in ("Yes: żółć, Ωμέγα, 14.2 mm.", "Adenocarcinoma", "Major: changes management", "Dr. Mara Demo"):
        assert words in whole
    assert "Clinical summary relied on" not in whole
    assert "Author of this second opinion" in whole


def test_that_the_envelope_and_its_signature_are_embedded_with_their_relationship(done: Done) -> None:
    files = read_embedded_files(PdfFileReader(io.BytesIO(done.signed.report_pdf)))
    assert files["opinion.json"] == done.signed.frozen.envelope
    assert files["opinion.json.jws"] == done.signed.jws.encode()
    for relationship in (b"/AFRelationship /Source", b"/AFRelationship /Supplement"):
        assert relationship in done.signed.report_pdf


def test_that_a_key_image_comes_with_its_caption(done: Done) -> None:
    png = io.BytesIO()
    Image.new("RGB", (64, 48), (200, 10, 10)).save(png, "PNG")
    image = KeyImage(png.getvalue(), "A1 on CT Lung, image 110")
    pdf = build_report(done.prepared.frozen, done.prepared.case, jws=None, signer_name="x", key_images=[image])
    assert "A1 on CT Lung, image 110" in "\n".join(texts(pdf))


def test_that_key_images_follow_the_opinion_and_stand_before_the_list_of_records(done: Done) -> None:
    png = io.BytesIO()
    Image.new("RGB", (64, 48), (200, 10, 10)).save(png, "PNG")
    image = KeyImage(png.getvalue(), "A1 on CT Lung")
    pdf = build_report(done.prepared.frozen, done.prepared.case, jws=None, signer_name="x", key_images=[image])
    whole = "\n".join(texts(pdf))
    places = [whole.index(w) for w in ("Limitations of this opinion", "A1 on CT Lung", "Records on this computer")]
    assert places == sorted(places)


def test_that_control_characters_and_a_very_long_name_do_no_harm(store: Store, form: Questionnaire) -> None:
    odd = Answer("valueString", "before\x00\x07after\r\nnext line")
    prepared = prepare(store, form, complete_response(form).with_answer((("find", 0), ("find.text", 0)), odd))
    name = "Wolfeschlegelsteinhausenbergerdorff-Ramanathapuram-Venkataraghavan"
    patient = replace(prepared.case.patient, family=name)
    pdf = build_report(prepared.frozen, replace(prepared.case, patient=patient), jws=None, signer_name="x")
    page = texts(pdf)[0]
    assert name in page
    assert "after" in page


@pytest.mark.skipif(shutil.which("pdfsig") is None, reason="poppler's pdfsig is not installed")
def test_that_pdfsig_finds_the_signature_over_the_whole_document(done: Done, tmp_path: Path) -> None:
    file = tmp_path / "report.pdf"
    file.write_bytes(done.signed.report_pdf)
    said = subprocess.run(["pdfsig", str(file)], capture_output=True, text=True, check=False).stdout
    assert "Signature is Valid" in said
    assert "Total document signed" in said


@pytest.mark.parametrize("consent", [ConsentState.MISSING, ConsentState.EXPIRED])
def test_that_nothing_that_is_withheld_is_offered_as_reviewed(consent: ConsentState) -> None:
    assert record_candidates(some_case())
    assert record_candidates(replace(some_case(), consent=consent)) == ()


def test_that_a_laboratory_result_is_offered_as_reviewed_and_stands_in_report_and_envelope(
    store: Store, form: Questionnaire
) -> None:
    taken = datetime(2026, 10, 2, 8, tzinfo=UTC)
    lab = LabResult("Observation/cea", "1", "CEA", "9.1", "µg/L", "< 5", "H", taken)
    item = form.find("mat.list")
    assert item is not None
    offers = record_candidates(replace(some_case(), lab_results=(lab,)))
    state = FormState(form, complete_response(form), frozenset(), candidates=offers)
    (offered,) = (one for one in state.references_for(item) if one.type == "Observation")
    listed = Answer("valueReference", offered)
    prepared = prepare(store, form, complete_response(form).with_answers((("mat", 0), ("mat.list", 0)), [listed]))
    assert "Laboratory: CEA 9.1 µg/L (high), 2 October 2026" in "\n".join(texts(prepared.preview_pdf))
    signed_answers = json.dumps(json.loads(prepared.frozen.envelope)["response"], ensure_ascii=False)
    assert '"reference": "Observation/cea"' in signed_answers and '"type": "Observation"' in signed_answers
