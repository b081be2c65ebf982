"""A signed report: who and when, and no after any change, wherever it is made."""

from __future__ import annotations

import random
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from sync.records.opinion import FrozenOpinion
from sync.signing.detached_jws import sign_envelope
from sync.signing.envelope import MEANING
from sync.signing.fingerprint import fingerprint_of_x5t, fingerprint_words
from sync.signing.identity import Identity, load_identity
from sync.signing.pades import sign_report
from sync.signing.report_check import verify_report
from tests.sync.sample_records import AT
from tests.sync.signing.conftest import freeze_for, small_report
from tests.sync.signing.own_authority import PIN, Authority, make_authority


def test_that_a_signed_report_says_who_when_and_what(
    signed_report: bytes, authority: Authority, identity: Identity
) -> None:
    found = verify_report(signed_report, authority.pem)
    assert found.valid
    assert (found.intact, found.whole_document, found.trusted, found.envelope_matches) == (True, True, True, True)
    assert (found.signer_name, found.signed_at, found.meaning) == ("Dr Ada Reader", AT, MEANING)
    assert found.opinion_identifier == "SO-2026-00042/1/v1"
    assert found.certificate_sha256 == identity.certificate_sha256
    assert "Dr Ada Reader" in found.sentence
    assert "2026-11-22 10:00 UTC" in found.sentence


def test_that_a_certificate_is_written_in_one_form_wherever_people_compare_it(identity: Identity) -> None:
    words = fingerprint_of_x5t(identity.x5t_s256)
    assert words == fingerprint_words(bytes.fromhex(identity.certificate_sha256))
    assert re.fullmatch(r"([0-9A-F]{2}:){31}[0-9A-F]{2}", words)


@pytest.mark.skipif(shutil.which("openssl") is None, reason="openssl is not installed")
def test_that_openssl_writes_the_same_fingerprint(identity: Identity, tmp_path: Path) -> None:
    from cryptography.hazmat.primitives.serialization import Encoding

    (tmp_path / "signer.pem").write_bytes(identity.certificate.public_bytes(Encoding.PEM))
    command = ["openssl", "x509", "-in", str(tmp_path / "signer.pem"), "-noout", "-fingerprint", "-sha256"]
    said = subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()
    assert said.partition("=")[2] == fingerprint_of_x5t(identity.x5t_s256)


def test_that_the_signed_file_begins_with_the_report_unchanged(identity: Identity) -> None:
    report = small_report({})
    assert sign_report(report, identity, reason=MEANING).startswith(report)


def test_that_the_signature_certifies_against_changes(signed_report: bytes) -> None:
    assert b"/ETSI.CAdES.detached" in signed_report
    assert re.search(rb"/DocMDP", signed_report)
    assert re.search(rb"/P 1\b", signed_report)


def test_that_any_changed_byte_anywhere_is_noticed(signed_report: bytes, authority: Authority) -> None:
    gap = signed_report.index(b"/Contents <") + len(b"/Contents ")
    after = signed_report.index(b">", gap)
    content_end = len(signed_report[gap:after].rstrip(b"0")) + gap
    chosen = random.Random(20261122)
    positions = {
        *chosen.sample(range(len(signed_report)), 100),
        *chosen.sample(range(gap, content_end), 60),  # inside the signature
        *chosen.sample(range(content_end, after), 20),  # its padding
        *(gap, gap + 1, after - 1, after, after + 1),
        *range(len(signed_report) - 25, len(signed_report)),  # startxref and the end
        *chosen.sample(range(after, len(signed_report)), 20),
    }
    for position in sorted(positions):
        changed = bytearray(signed_report)
        changed[position] ^= chosen.choice((1, 2, 4, 16, 32, 128))
        assert not verify_report(bytes(changed), authority.pem).valid, position
        assert not verify_report(bytes(changed), None).valid, position


def test_that_the_unsigned_parts_of_the_signature_cannot_be_respelled(
    signed_report: bytes, authority: Authority
) -> None:
    gap = signed_report.index(b"/Contents <") + len(b"/Contents ")
    after = signed_report.index(b">", gap)
    content = signed_report[gap + 1 : after].rstrip(b"0")
    issuer, capitals = (text.hex().upper().encode("ascii") for text in (b"Test root", b"TEST ROOT"))
    length = int(signed_report[gap + 5 : gap + 9], 16)
    respelled = {
        "issuer in capitals": content.replace(issuer, capitals),
        "length with padding": content[:4] + f"{length + 2:04X}".encode("ascii") + content[8:],
        "mixed letter case": content[:-100] + content[-100:].lower(),
        "space": content[:-1] + b" " + content[-1:],
    }
    for name, changed in respelled.items():
        assert changed != content, name
        padded = changed.ljust(after - gap - 1, b"0")
        report = signed_report[: gap + 1] + padded + signed_report[after:]
        assert not verify_report(report, authority.pem).valid, name


@pytest.mark.parametrize("addition", [b"\n", b" ", b"%%EOF", b"\0" * 100])
def test_that_bytes_outside_the_signature_make_it_not_the_whole_document(
    signed_report: bytes, authority: Authority, addition: bytes
) -> None:
    longer = verify_report(signed_report + addition, authority.pem)
    assert not longer.whole_document
    assert not longer.valid
    assert not verify_report(addition + signed_report, authority.pem).valid


def test_that_a_later_revision_is_noticed(signed_report: bytes, authority: Authority) -> None:
    from io import BytesIO

    from pyhanko.pdf_utils.generic import NameObject, TextStringObject
    from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter

    writer = IncrementalPdfFileWriter(BytesIO(signed_report))
    writer.root[NameObject("/Note")] = TextStringObject("and this")
    writer.update_root()
    changed = BytesIO()
    writer.write(changed)
    found = verify_report(changed.getvalue(), authority.pem)
    assert not found.valid
    assert "added" in found.sentence


def test_that_a_cut_report_is_noticed(signed_report: bytes, authority: Authority) -> None:
    for length in (0, 10, len(signed_report) // 2, len(signed_report) - 1):
        assert not verify_report(signed_report[:length], authority.pem).valid


def test_that_a_stranger_is_not_trusted(signed_report: bytes) -> None:
    found = verify_report(signed_report, make_authority("Other").pem)
    assert (found.intact, found.trusted, found.valid) == (True, False, False)


def test_that_without_trusted_certificates_the_sentence_says_so(signed_report: bytes) -> None:
    found = verify_report(signed_report, None)
    assert found.trusted is None
    assert "was not checked" in found.sentence


def test_that_the_opinion_inside_must_be_the_signers(
    identity: Identity, frozen: FrozenOpinion, authority: Authority
) -> None:
    other = load_identity(authority.identity("Dr Other"), PIN)
    attachments = {"opinion.json": frozen.envelope, "opinion.json.jws": sign_envelope(frozen, identity).encode()}
    mixed = verify_report(sign_report(small_report(attachments), other, reason=MEANING), authority.pem)
    assert (mixed.intact, mixed.envelope_matches, mixed.valid) == (True, False, False)
    assert "another certificate" in mixed.sentence


def test_that_the_opinion_inside_must_verify(identity: Identity, frozen: FrozenOpinion, authority: Authority) -> None:
    jws = sign_envelope(frozen, identity).encode()
    swapped = freeze_for(identity, version=2).envelope
    for attachments in ({"opinion.json": swapped, "opinion.json.jws": jws}, {"opinion.json": frozen.envelope}, {}):
        found = verify_report(sign_report(small_report(attachments), identity, reason=MEANING), authority.pem)
        assert (found.intact, found.envelope_matches, found.valid) == (True, False, False)


def test_that_an_unsigned_pdf_is_not_valid(authority: Authority) -> None:
    found = verify_report(small_report({}), authority.pem)
    assert not found.valid
    assert "carries no signature" in found.sentence


def test_that_an_intermediate_travels_with_the_report(authority: Authority) -> None:
    identity = load_identity(authority.intermediate("Site CA").identity(), PIN)
    frozen = freeze_for(identity)
    attachments = {"opinion.json": frozen.envelope, "opinion.json.jws": sign_envelope(frozen, identity).encode()}
    assert verify_report(sign_report(small_report(attachments), identity, reason=MEANING), authority.pem).valid


@pytest.mark.skipif(shutil.which("pdfsig") is None, reason="poppler's pdfsig is not installed")
def test_that_poppler_finds_the_total_document_signed(signed_report: bytes, tmp_path: Path) -> None:
    file = tmp_path / "report.pdf"
    file.write_bytes(signed_report)
    said = subprocess.run(
        ["pdfsig", "-nocert", str(file)],
        capture_output=True,
        text=True,
        check=False,
        env={"HOME": str(tmp_path), "PATH": "/usr/bin:/bin"},
    ).stdout
    assert "Signature is Valid" in said
    assert "Total document signed" in said
