"""The short code lists that ship, by the canonical address of their value set. No terminology server is asked."""

from __future__ import annotations

import json
from functools import cache
from typing import Any

from resources import resource
from sync.records.answer import Coding
from sync.records.questionnaire import codes_of_value_set


@cache
def load_code_lists() -> dict[str, tuple[Coding, ...]]:
    """Every list in resources/code_lists; one that includes others (compose.include.valueSet) has theirs too."""
    folder = resource("code_lists")
    sources = [json.loads(file.read_text("utf-8")) for file in folder.iterdir() if file.name.endswith(".json")]
    by_url: dict[str, dict[str, Any]] = {source["url"]: source for source in sources}
    return {url: _codes(url, by_url) for url in sorted(by_url)}


def _codes(url: str, by_url: dict[str, dict[str, Any]]) -> tuple[Coding, ...]:
    source = by_url[url]
    included = [
        other
        for include in source.get("compose", {}).get("include", ())
        for other in include.get("valueSet", ())
        if other in by_url and other != url
    ]
    return codes_of_value_set(source) + tuple(coding for other in included for coding in _codes(other, by_url))
