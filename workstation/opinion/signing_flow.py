"""Signing in one place: freeze → preview → gate → JWS → report → PAdES → store. Blocks, off the UI thread. No Qt."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import sha256

from sync.changes import Changes
from sync.conflicts import find_changed_terms, terms_of
from sync.errors import SigningRefused
from sync.records.amendment import amendment_of
from sync.records.answer_rules import final_items
from sync.records.case import Case
from sync.records.opinion import FrozenOpinion, Json, MarksFile, SignedOpinion
from sync.records.questionnaire import Questionnaire
from sync.records.questionnaire_response import Response
from sync.signing.detached_jws import sign_envelope
from sync.signing.envelope import MEANING, Material, SignerBinding, freeze_opinion, uid_digest
from sync.signing.gate import NO_CERTIFICATE, SigningGate, find_signer
from sync.signing.pades import sign_report
from sync.store.database import Store
from workstation.opinion.opinion_desk import hindrances
from workstation.opinion.report import KeyImage, build_report

LONGEST_PREVIEW = timedelta(minutes=15)
"""A preview carries the time of signing; one that lay open for longer would say a wrong time."""

ExportMarks = Callable[[Store, Case], tuple[MarksFile, ...]]
DrawKeyImages = Callable[[Store, Case, FrozenOpinion], Sequence[KeyImage]]


@dataclass(frozen=True, slots=True)
class PreparedOpinion:
    """What the reader is shown before signing; exactly this is signed, or nothing."""

    frozen: FrozenOpinion
    case: Case
    signer: SignerBinding
    key_images: tuple[KeyImage, ...]
    mark_revisions: tuple[tuple[str, int], ...]
    preview_pdf: bytes

    @property
    def title(self) -> str:
        """What is about to be signed."""
        amendment = amendment_of(self.frozen)
        if amendment is None:
            return "Sign this opinion"
        return f"Sign the {amendment.title[:1].lower()}{amendment.title[1:]}, version {self.frozen.version}"

    @property
    def meaning(self) -> str:
        return MEANING


def prepare_opinion(
    store: Store,
    case: Case,
    form: Questionnaire,
    response: Response,
    *,
    export_marks: ExportMarks,
    draw_key_images: DrawKeyImages | None,
    app_version: str,
    now: datetime,
) -> PreparedOpinion:
    """Freeze the opinion as it stands and lay out its report. SigningRefused where there is nobody to sign."""
    signer = find_signer(store)
    if signer is None:
        raise SigningRefused(NO_CERTIFICATE)
    if signer.reference and signer.reference != case.owner_reference:
        raise SigningRefused(
            "The signing certificate on this computer is not that of the reader this case is assigned to."
        )
    task = store.cases.find_resource(case.task_reference)
    if task is None:
        raise SigningRefused(f"The assignment of case {case.case_id} is not on this computer; sync first.")
    version, replaces = next_version(store, case)
    revisions = _mark_revisions(store, case)  # before the export: a mark made in between voids the preview
    frozen = freeze_opinion(
        case=case,
        task_json=task,
        response=final_response(form, response, case, signer, now),
        marks=export_marks(store, case),
        materials=materials_here(store, case),
        signer=signer,
        version=version,
        replaces=replaces,
        amendment=store.amendments.find(case.case_id),
        signed_at=now.replace(microsecond=0),
        app_version=app_version,
        mismatch_override=store.objects.find_mismatch_override(case.case_id),
    )
    images = tuple(draw_key_images(store, case, frozen)) if draw_key_images is not None else ()
    preview = build_report(frozen, case, jws=None, signer_name=signer.name, key_images=images)
    return PreparedOpinion(frozen, case, signer, images, revisions, preview)


def sign_opinion(
    store: Store, prepared: PreparedOpinion, passphrase: str, pin: str, *, now: datetime
) -> tuple[SignedOpinion, Changes]:
    """Sign what was previewed and put it into the outbox. SigningRefused, with nothing signed, otherwise."""
    frozen = prepared.frozen
    if now - frozen.signed_at > LONGEST_PREVIEW:
        raise SigningRefused("This preview is older than 15 minutes; close it and look at a fresh one.")
    if hindrance := _hindrance(store, prepared):
        raise SigningRefused(hindrance)
    identity = SigningGate(store).check(passphrase, pin)
    if identity.x5t_s256 != prepared.signer.x5t_s256:
        raise SigningRefused("The signing certificate is not the one this preview was made for. Nothing was signed.")
    jws = sign_envelope(frozen, identity)
    report = build_report(
        frozen, prepared.case, jws=jws, signer_name=prepared.signer.name, key_images=prepared.key_images
    )
    signed = SignedOpinion(
        frozen=frozen,
        jws=jws,
        report_pdf=sign_report(report, identity, reason=prepared.meaning),
        signer_name=prepared.signer.name,
        certificate_sha256=identity.certificate_sha256,
    )
    # Asked again under the store's write lock: nothing of it can change between the answer and the seal.
    return signed, store.opinions.put_signed(signed, hindrance=lambda: _hindrance(store, prepared))


def _hindrance(store: Store, prepared: PreparedOpinion) -> str:
    """Why what was previewed may not be signed any more: a sync may have brought something since. Empty: it may."""
    if _mark_revisions(store, prepared.case) != prepared.mark_revisions:
        return "The marks changed after this preview was made; close it and look at a fresh one."
    if amendment_of(prepared.frozen) != store.amendments.find(prepared.case.case_id):
        return "The amendment changed after this preview was made; close it and look at a fresh one."
    now = store.cases.get_case(prepared.case.case_id)
    if now.patient != prepared.case.patient:
        return "The hospital changed the patient's data after this preview was made; close it and look at a fresh one."
    if changed := find_changed_terms(now.case_id, terms_of(prepared.case), terms_of(now)):
        return changed
    return next((check.sentence for check in hindrances(store, now)), "")


def _mark_revisions(store: Store, case: Case) -> tuple[tuple[str, int], ...]:
    return tuple((mark.annotation_id, mark.revision) for mark in store.annotations.list_current(case.case_id))


def next_version(store: Store, case: Case) -> tuple[int, str | None]:
    """The number of the opinion to sign, and the SHA-256 of the envelope it amends: the last one delivered."""
    versions = store.opinions.list_signed(case.case_id)
    if not versions:
        return 1, None
    delivered = [v.frozen for v in versions if store.opinions.find_receipt_of(v.frozen.opinion_identifier) is not None]
    replaces = sha256(delivered[-1].envelope).hexdigest() if delivered else None
    return versions[-1].frozen.version + 1, replaces


def final_response(
    form: Questionnaire, response: Response, case: Case, signer: SignerBinding, authored: datetime
) -> Json:
    """The answers that leave: FHIR R4 QuestionnaireResponse, completed, with the words of each question."""
    return {
        "resourceType": "QuestionnaireResponse",
        "questionnaire": form.canonical,
        "status": "completed",
        "basedOn": [{"reference": case.service_request_reference}],
        "subject": {"reference": case.patient.reference},
        "authored": authored.replace(microsecond=0).isoformat(),
        "author": {"reference": signer.reference or case.owner_reference, "display": signer.name},
        "item": final_items(response),
    }


def materials_here(store: Store, case: Case) -> tuple[Material, ...]:
    """What of the manifest was on this computer: studies by their instances, files by their bytes, values as sent."""
    objects = store.objects.list_objects(case.case_id)
    found = []
    for study in case.studies:
        uids = [o.sop_instance_uid for o in objects if o.source == study.reference and o.sop_instance_uid]
        if uids:
            found.append(Material(study.reference, study.version_id, uid_digest(uids)))
    for document in case.documents:
        stored = next((o for o in objects if o.source == document.reference), None)
        if stored is not None:
            found.append(Material(document.reference, document.version_id, stored.sha256))
    values = [(report.reference, report.version_id) for report in case.prior_reports]
    values += [(result.reference, result.version_id) for result in case.lab_results]
    for reference, version_id in values:
        source = store.cases.find_resource(reference)
        if source is not None:
            plain = json.dumps(source, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
            found.append(Material(reference, version_id, sha256(plain.encode()).hexdigest()))
    return tuple(found)
