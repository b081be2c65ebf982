"""Step 0 of protocol 1.4: what the hospital holds about a case, read directly before anything of it leaves.

Reads only. What follows from it is `sync.conflicts.decide`'s.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import TYPE_CHECKING, Any

from sync.conflicts import (
    Attempted,
    Held,
    HeldOpinion,
    MoveState,
    Release,
    Standing,
    Terms,
    access_withdrawn,
    closed_sentence,
    find_changed_terms,
    given_away,
    release_sentence,
    standing_of,
    terms_from,
    terms_of,
)
from sync.errors import Refused
from sync.fhir.case_mapping import manifest_of
from sync.fhir.consent_mapping import consent_state
from sync.fhir.elements import Json, child, relative_reference, resources_in, text
from sync.fhir.searches import consents
from sync.fhir.task_probe import FoundOpinion, OpinionProbe, OpinionThere
from sync.records.case import Case, ConsentState
from sync.records.opinion import SignedOpinion
from sync.transfer.hospital import Hospital

if TYPE_CHECKING:
    from sync.store.database import Store

ACCESS_GONE = (403, 404, 410)
_HELD = {
    FoundOpinion.OURS: HeldOpinion.OURS,
    FoundOpinion.OUR_EARLIER: HeldOpinion.OUR_EARLIER,
    FoundOpinion.THIS_READERS: HeldOpinion.FROM_ELSEWHERE,
    FoundOpinion.ANOTHERS: HeldOpinion.ANOTHERS,
    FoundOpinion.UNFINISHED: HeldOpinion.NONE,
    FoundOpinion.SAME_NUMBER: HeldOpinion.SAME_NUMBER,
    FoundOpinion.AMENDED: HeldOpinion.AMENDED,
}


@dataclass(frozen=True, slots=True)
class Look:
    """What was seen. ``sentence`` explains why nothing may leave, where nothing may."""

    held: Held
    task: Json
    sentence: str = ""
    there: OpinionThere | None = None


_AS_IT_WAS = Held(True, True, Standing.OPEN, Release.HOLDS, False, HeldOpinion.NONE, MoveState.POSSIBLE)
"""What was not read counts as unchanged: an earlier fact has decided already."""


class FreshLook:
    """Looks at one case. A refusal of access is a fact; every other failure is raised."""

    def __init__(self, store: Store, hospital: Hospital, case: Case, attempted: Attempted) -> None:
        self._store = store
        self._hospital = hospital
        self._fhir = hospital.fhir
        self._base = hospital.profile.fhir_base
        self._case = case
        self._attempted = attempted

    def of_move(self, state: Callable[[str], MoveState]) -> Look:
        """*state* tells from the Task's status whether the move can be made."""
        return self._look(None, None, state)

    def of_message(self) -> Look:
        return self._look(None, None, lambda _status: MoveState.POSSIBLE)

    def of_opinion(self, signed: SignedOpinion, signed_terms: Mapping[str, Any]) -> Look:
        """*signed_terms*: what the opinion answers, as kept at signing; empty: as the case stands here now."""
        terms = terms_of(self._case)
        if signed_terms:
            terms = Terms(
                str(signed_terms["patient_reference"]),
                tuple(signed_terms["questions"]),
                str(signed_terms["manifest_reference"]),
                str(signed_terms["questionnaire"]),
            )
        return self._look(signed, terms, lambda _status: MoveState.POSSIBLE)

    def _look(self, signed: SignedOpinion | None, terms: Terms | None, move: Callable[[str], MoveState]) -> Look:
        try:
            task = self._fhir.read(self._case.task_reference)
        except Refused as error:
            return self._unreachable(error)
        there = self._probe(task, signed) if signed is not None else None
        opinion = _HELD[there.found] if there is not None else HeldOpinion.NONE
        status = text(task, "status")
        owner = relative_reference(child(task, "owner"), self._base)
        ours, standing = owner == self._hospital.profile.practitioner_reference, standing_of(status)
        held = replace(_AS_IT_WAS, ours=ours, standing=standing, opinion=opinion, move=move(status))
        if opinion in (HeldOpinion.OURS, HeldOpinion.OUR_EARLIER, HeldOpinion.FROM_ELSEWHERE):
            return Look(held, task, "", there)
        if not ours:
            return Look(held, task, given_away(self._case), there)
        is_amending = standing is Standing.COMPLETED and opinion is HeldOpinion.AMENDED
        if standing is not Standing.OPEN and not is_amending:
            return Look(held, task, closed_sentence(self._case.case_id, status), there)
        signed_at = None if signed is None else signed.frozen.signed_at
        release = None
        try:
            release = self._release_now(signed_at)
            changed = self._changed_terms(task, terms) if terms is not None else ""
        except Refused as error:
            if release is not Release.ENDED_SINCE or error.http_status not in ACCESS_GONE:
                return self._unreachable(error)
            # Without a release the hospital may keep to itself what it asks now; then nobody knows what is answered.
            release, changed = Release.RUN_OUT, ""
        sentence = release_sentence(self._case.case_id, release) or changed
        return Look(replace(held, release=release, terms_changed=bool(changed)), task, sentence, there)

    def _unreachable(self, error: Refused) -> Look:
        if error.http_status not in ACCESS_GONE:
            raise error
        return Look(replace(_AS_IT_WAS, reachable=False), {}, access_withdrawn(self._case))

    def _probe(self, task: Json, signed: SignedOpinion) -> OpinionThere | None:
        versions = [
            opinion
            for opinion in self._store.opinions.list_signed(self._case.case_id)
            if opinion.frozen.version < signed.frozen.version
        ]
        profile = self._hospital.profile
        search = self._fhir.capability().identifier_search
        delivered = frozenset(
            name
            for name in (version.frozen.opinion_identifier for version in versions)
            if self._store.opinions.find_receipt_of(name) is not None
        )
        probe = OpinionProbe(
            self._fhir, [*versions, signed], profile.practitioner_reference, profile.fhir_base, search, delivered
        )
        return probe.find(task)

    def _changed_terms(self, task: Json, terms: Terms) -> str:
        request = self._fhir.read(self._case.service_request_reference)
        manifest = self._fhir.read(manifest_of(task, self._base))
        return find_changed_terms(self._case.case_id, terms, terms_from(task, request, manifest, self._base))

    def _release_now(self, signed_at: datetime | None) -> Release:
        """Against what it was: a case whose release never was active may still be accepted or declined.

        *signed_at*: of an opinion, when it was signed; whatever else is written needs no release to be written under.
        """
        if self._attempted is not Attempted.OPINION and self._case.consent is not ConsentState.ACTIVE:
            return Release.HOLDS
        profile, patient = self._hospital.profile, self._case.patient.reference
        known: list[Json] = []
        was_ended = False
        if self._case.consent_reference is not None:
            try:
                known.append(self._fhir.read(self._case.consent_reference))
            except Refused as error:
                if error.http_status not in ACCESS_GONE:
                    raise
                # Deleted is withdrawn; not found or not allowed may be the server's mistake, and shreds nothing.
                was_ended = error.http_status == 410
        state = self._state_of(known)
        if state is ConsentState.ACTIVE:
            return Release.HOLDS
        was_ended = was_ended or (bool(known) and state is ConsentState.MISSING)
        # The one we knew does not hold any more; the patient may have signed another.
        others = [r for page in self._fhir.search(consents(patient)) for r in resources_in(page.bundle)]
        newer = consent_state(others, patient, profile.practitioner_reference, self._fhir.clock(), profile.fhir_base)[0]
        if newer is ConsentState.ACTIVE:
            return Release.HOLDS
        if was_ended:
            return Release.WITHDRAWN if newer is ConsentState.MISSING else Release.RUN_OUT
        # Nobody took it back. What was signed under it answers what was asked then, and is awaited.
        held = state is ConsentState.EXPIRED and (
            signed_at is None or self._state_of([*known, *others], signed_at) is ConsentState.ACTIVE
        )
        return Release.ENDED_SINCE if held else Release.RUN_OUT

    def _state_of(self, found: list[Json], at: datetime | None = None) -> ConsentState:
        profile, patient = self._hospital.profile, self._case.patient.reference
        reader, clock = profile.practitioner_reference, self._fhir.clock()
        return consent_state(found, patient, reader, at or clock, profile.fhir_base)[0]
