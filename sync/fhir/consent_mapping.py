"""Whether the patient's release lets this reader see the records. FHIR R4 Consent."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, date, datetime, timedelta

from sync.fhir.elements import Json, child, children, codes, reference_of, relative_reference, text
from sync.records.case import ConsentState

_NEVER = datetime(9999, 12, 31, tzinfo=UTC)
_NEXT_RELEASE_WITHIN = timedelta(seconds=1)
"""A day ends at 23:59:59 here, and the next one begins a second later."""


def consent_state(
    consents: Iterable[Json], patient: str, reader: str, now: datetime, fhir_base: str = ""
) -> tuple[ConsentState, str | None]:
    """The state, and the Consent it rests on. ``now`` is the hospital's clock, never this computer's.

    Only a permission for this patient, naming this reader, counts; one that has run out (or not begun) is EXPIRED.
    """
    expired: str | None = None
    for consent in consents:
        if not _permits(consent, patient, reader, fhir_base):
            continue
        if _covers(_period(consent), now):
            return ConsentState.ACTIVE, reference_of(consent)
        expired = reference_of(consent)
    return (ConsentState.EXPIRED, expired) if expired is not None else (ConsentState.MISSING, None)


def release_until(
    consents: Iterable[Json], patient: str, reader: str, now: datetime, fhir_base: str = ""
) -> datetime | None:
    """Until when, from *now* on, the reader may see the records; of what has run out, when the last of it ended.

    Releases that follow each other without a gap count as one. None: without an end, or nothing was ever allowed.
    """
    periods = [_period(consent) for consent in consents if _permits(consent, patient, reader, fhir_base)]
    at = now
    while covering := [period for period in periods if _covers(period, at)]:
        if any(not text(period, "end") for period in covering):
            return None
        at = max(_moment(text(period, "end"), now, last=True) for period in covering) + _NEXT_RELEASE_WITHIN
    if at > now:
        return at - _NEXT_RELEASE_WITHIN
    ends = [_moment(text(period, "end"), now, last=True) for period in periods if text(period, "end")]
    return max((end for end in ends if datetime.min.replace(tzinfo=now.tzinfo) < end < now), default=None)


def next_boundary(consents: Iterable[Json], now: datetime) -> datetime | None:
    """When after *now* the first of these releases begins or ends: what `consent_state` says holds until then."""
    moments = [
        _moment(text(period, name), now, last=name == "end")
        for period in (child(child(consent, "provision"), "period") for consent in consents)
        for name in ("start", "end")
        if text(period, name)
    ]
    return min((moment for moment in moments if now < moment < _NEVER), default=None)


def _permits(consent: Json, patient: str, reader: str, fhir_base: str) -> bool:
    provision = child(consent, "provision")
    return (
        text(consent, "status") == "active"
        and text(provision, "type") != "deny"
        and relative_reference(child(consent, "patient"), fhir_base) == patient
        and _names(provision, reader, fhir_base)
        and _is_for_treatment(provision)
    )


def _period(consent: Json) -> Json:
    return child(child(consent, "provision"), "period")


def _names(provision: Json, reader: str, fhir_base: str) -> bool:
    return any(
        relative_reference(child(actor, "reference"), fhir_base) == reader for actor in children(provision, "actor")
    )


def _is_for_treatment(provision: Json) -> bool:
    purposes = codes({"coding": list(children(provision, "purpose"))})
    return not purposes or "TREAT" in purposes


def _covers(period: Json, now: datetime) -> bool:
    return not _is_before(now, text(period, "start")) and not _is_after(now, text(period, "end"))


def _is_before(now: datetime, start: str) -> bool:
    return bool(start) and _moment(start, now, last=False) > now


def _is_after(now: datetime, end: str) -> bool:
    return bool(end) and _moment(end, now, last=True) < now


def _moment(value: str, now: datetime, *, last: bool) -> datetime:
    """A FHIR dateTime of any precision; a period's end includes the whole day, month or year named (FHIR R4 Period)."""
    if "T" in value:
        try:
            at = datetime.fromisoformat(value)
        except ValueError:
            return _unreadable(now, last=last)
        return at if at.tzinfo else at.replace(tzinfo=now.tzinfo)
    try:
        year, month, day = (
            int(part) for part in (value + ("-12-31" if last else "-01-01")[len(value) - 4 :]).split("-")
        )
        if last and len(value) == 7:
            day = _days_in(year, month)
        whole_day = date(year, month, day)
    except ValueError:
        return _unreadable(now, last=last)
    clock = (23, 59, 59) if last else (0, 0, 0)
    return datetime(whole_day.year, whole_day.month, whole_day.day, *clock, tzinfo=now.tzinfo)


def _days_in(year: int, month: int) -> int:
    following = date(year + month // 12, month % 12 + 1, 1)
    return (following - date(year, month, 1)).days


def _unreadable(now: datetime, *, last: bool) -> datetime:
    """A limit nobody can read counts as not met: no records rather than records without a release."""
    return datetime.min.replace(tzinfo=now.tzinfo) if last else _NEVER
