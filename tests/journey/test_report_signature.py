"""A report signed by the program, judged by poppler and by `readingroom verify`: who, when, no after any change."""

from __future__ import annotations

import json
import random
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

from resources import resource
from sync.records.amendment import Amendment, AmendmentKind
from sync.records.questionnaire import parse_questionnaire
from sync.signing.detached_jws import sign_envelope
from sync.signing.envelope import MEANING
from sync.signing.gate import IDENTITY_SECRET, PASSPHRASE_SECRET, SIGNER_SECRET, TRUST_SECRET, enrol
from sync.signing.identity import load_identity
from sync.signing.pades import sign_report
from tests.sync.signing.conftest import freeze_for, small_report
from tests.sync.signing.own_authority import PIN, make_authority
from tests.workstation.opinion.cases import some_case
from tests.workstation.opinion.conftest import PASSPHRASE, complete_response, store_with_case
from workstation.cli import main
from workstation.clock import local_now
from workstation.opinion.marks_export import export_marks
from workstation.opinion.signing_flow import prepare_opinion, sign_opinion

SIGNER = "Dr. Mara Demo"
CHANGED_BYTES = 200


@dataclass(frozen=True)
class Signed:
    """A signed report on disk, and the certificates that lead to its signer."""

    report: Path
    trust: Path
    home: Path


@pytest.fixture(scope="module")
def signed(tmp_path_factory: pytest.TempPathFactory) -> Signed:
    place = tmp_path_factory.mktemp("signed")
    authority = make_authority()
    store = store_with_case(place / "home" / "demo", {})
    reference = "Practitioner/demo-specialist"
    enrol(store, authority.identity(SIGNER), authority.pem, PASSPHRASE, pin=PIN, practitioner_reference=reference)
    assert all(map(store.session.find_secret, (IDENTITY_SECRET, TRUST_SECRET, PASSPHRASE_SECRET, SIGNER_SECRET)))
    form = parse_questionnaire(json.loads(resource("questionnaires", "second-opinion.json").read_text("utf-8")))
    prepared = prepare_opinion(
        store,
        some_case(),
        form,
        complete_response(form),
        export_marks=export_marks,
        draw_key_images=None,
        app_version="0.1.0",
        now=local_now(),
    )
    opinion = sign_opinion(store, prepared, PASSPHRASE, PIN, now=local_now())[0]
    store.close()
    (place / "report.pdf").write_bytes(opinion.report_pdf)
    (place / "ca.pem").write_bytes(authority.pem)
    return Signed(place / "report.pdf", place / "ca.pem", place / "home")


def verify(capfd: pytest.CaptureFixture[str], file: Path, *options: str | Path) -> tuple[int, str, str]:
    status = main(["verify", str(file), *map(str, options)])
    out, err = capfd.readouterr()
    assert "Traceback" not in err and "Something went wrong" not in err
    return status, out, err


def test_that_poppler_finds_the_signature_valid_over_the_total_document(signed: Signed) -> None:
    if shutil.which("pdfsig") is None:
        pytest.skip("pdfsig (poppler) is absent")
    said = subprocess.run(["pdfsig", str(signed.report)], capture_output=True, text=True, check=False).stdout
    assert "Signature Validation: Signature is Valid." in said
    assert "Total document signed" in said
    assert "not total" not in said.lower()


@pytest.mark.journey
def test_that_verify_says_who_and_when_and_ends_with_status_zero(signed: Signed, tmp_path: Path) -> None:
    command = [sys.executable, "-m", "workstation", "verify", str(signed.report), "--trust", str(signed.trust)]
    done = subprocess.run([*command, "--home", str(tmp_path)], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    assert SIGNER in done.stdout
    assert f"when:  {local_now().year}" in done.stdout
    told = json.loads(subprocess.run([*command, "--json"], capture_output=True, text=True, check=True).stdout)
    assert (told["valid"], told["trusted"], told["whole_document"], told["who"]) == (True, True, True, SIGNER)


def test_that_the_profile_s_own_certificates_are_trusted_without_being_named(
    signed: Signed, capfd: pytest.CaptureFixture[str]
) -> None:
    assert verify(capfd, signed.report, "--home", signed.home, "--profile", "demo")[0] == 0


def test_that_any_changed_byte_ends_with_status_one_and_a_sentence(
    signed: Signed, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    content = signed.report.read_bytes()
    chosen = random.Random(4)
    changed = tmp_path / "changed.pdf"
    positions = {0, len(content) // 2, len(content) - 1, *chosen.sample(range(len(content)), CHANGED_BYTES)}
    for position in sorted(positions):
        other = bytearray(content)
        other[position] ^= chosen.choice((1, 2, 8, 32, 128))
        changed.write_bytes(other)
        status, out, err = verify(capfd, changed, "--trust", signed.trust)
        assert status == 1, position
        assert "give --trust" not in out, "it was given"
        assert err.count("\n") == 1 and "changed.pdf" in err, position


@pytest.mark.parametrize("added", [b"\n", b" ", b"\0", b"%%EOF\n"])
def test_that_an_added_byte_ends_with_status_one(
    added: bytes, signed: Signed, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    longer = tmp_path / "longer.pdf"
    longer.write_bytes(signed.report.read_bytes() + added)
    assert verify(capfd, longer, "--trust", signed.trust)[0] == 1


def test_that_without_certificates_the_signer_cannot_be_judged_and_the_answer_is_no(
    signed: Signed, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    status, out, err = verify(capfd, signed.report, "--home", tmp_path)
    assert status == 1
    assert "--trust" in err and "cannot be judged" in err
    assert "Valid:" not in out
    assert json.loads(verify(capfd, signed.report, "--home", tmp_path, "--json")[1])["valid"] is False


def test_that_a_stranger_s_certificates_do_not_do(
    signed: Signed, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    stranger = tmp_path / "other.pem"
    stranger.write_bytes(make_authority("Other").pem)
    status, out, err = verify(capfd, signed.report, "--trust", stranger)
    assert (status, err) == (1, "report.pdf is not valid.\n")
    assert "NOT by a trusted authority" in out


@pytest.mark.parametrize(
    "content", [b"", b"garbage", b"%PDF-1.7\n", b"%PDF-1.7\n/ByteRange [0 1 2 3]\n%%EOF", b"\0" * 9999]
)
def test_that_what_is_no_signed_report_is_one_sentence(
    content: bytes, signed: Signed, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "letter.pdf"
    file.write_bytes(content)
    status, _, err = verify(capfd, file, "--trust", signed.trust)
    assert status == 1
    assert err.count("\n") == 1 and "letter.pdf" in err


def test_that_verify_says_in_one_line_what_a_report_amends_and_why(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    authority = make_authority()
    identity = load_identity(authority.identity(), PIN)
    why = Amendment("SO-2026-00042/1/v1", AmendmentKind.CORRECTION, "The other lung.\ntrust: by anybody")
    frozen = freeze_for(identity, version=2, replaces="ab" * 32, amendment=why)
    files = {"opinion.json": frozen.envelope, "opinion.json.jws": sign_envelope(frozen, identity).encode("ascii")}
    report, trust = tmp_path / "report.pdf", tmp_path / "trust.pem"
    report.write_bytes(sign_report(small_report(files), identity, reason=MEANING))
    trust.write_bytes(authority.pem)
    status, out, _ = verify(capfd, report, "--trust", trust)
    assert status == 0
    said = "amends: Correction of opinion SO-2026-00042/1/v1; reason: The other lung. trust: by anybody"
    assert said in out.splitlines(), "the reason makes no line of its own"
    assert json.loads(verify(capfd, report, "--trust", trust, "--json")[1])["amendment"]["kind"] == "correction"
