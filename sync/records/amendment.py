"""An amendment: a later version of an opinion the hospital holds already. Nothing is overwritten (protocol 1.5)."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from sync.records.opinion import FrozenOpinion


class AmendmentKind(Enum):
    """What the later version does to the earlier one."""

    CORRECTION = "correction"
    """Something in it was wrong."""
    ADDENDUM = "addendum"
    """What it said stands; something is added."""


@dataclass(frozen=True, slots=True)
class Amendment:
    """``opinion_identifier`` is the delivered version that is amended; ``reason`` is the reader's, never empty."""

    opinion_identifier: str
    kind: AmendmentKind
    reason: str

    @property
    def title(self) -> str:
        """As it stands over the form and on the report."""
        return f"{self.kind.value.capitalize()} {_JOINED_BY[self.kind]} opinion {self.opinion_identifier}"


def amendment_of(frozen: FrozenOpinion) -> Amendment | None:
    """What that version amends, from its signed envelope; None for one that stands by itself."""
    return amendment_in(json.loads(frozen.envelope))


def amendment_in(envelope: Mapping[str, Any]) -> Amendment | None:
    """As `amendment_of`, from the envelope's content. KeyError, TypeError or ValueError where it says it otherwise."""
    found = envelope.get("amendment")
    if found is None:
        return None
    return Amendment(str(found["opinion"]), AmendmentKind(found["kind"]), str(found["reason"]))


_JOINED_BY = {AmendmentKind.CORRECTION: "of", AmendmentKind.ADDENDUM: "to"}
