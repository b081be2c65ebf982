"""What a look at one part of this computer found: how it stands, in one sentence, and what would mend it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any


class Standing(StrEnum):
    """How much a finding matters."""

    WORKS = "works"
    NOTE = "note"
    """Worth knowing; nothing of the main job is out of reach."""
    FAULT = "fault"
    """Part of the main job does not work here."""


@dataclass(frozen=True, slots=True)
class Finding:
    """Holds nothing of any patient: no store is opened for it."""

    topic: str
    standing: Standing
    sentence: str
    remedy: str = ""
    """What to do about it: a command to type, or a sentence."""
    facts: Mapping[str, Any] = field(default_factory=dict)
    """Values of JSON, for support."""

    def to_json(self) -> dict[str, Any]:
        """For ``--json`` and the bundle."""
        return {
            "topic": self.topic,
            "standing": self.standing.value,
            "sentence": self.sentence,
            "remedy": self.remedy,
            "facts": dict(self.facts),
        }


def works(topic: str, sentence: str, **facts: Any) -> Finding:
    """It is as it should be."""
    return Finding(topic, Standing.WORKS, sentence, "", facts)


def note(topic: str, sentence: str, remedy: str = "", **facts: Any) -> Finding:
    """It is not as it might be, and the program copes."""
    return Finding(topic, Standing.NOTE, sentence, remedy, facts)


def fault(topic: str, sentence: str, remedy: str = "", **facts: Any) -> Finding:
    """It does not work."""
    return Finding(topic, Standing.FAULT, sentence, remedy, facts)
