"""Data the program ships: questionnaires, presets, styles, icons, fonts, licences. No behaviour."""

from importlib.resources import files
from importlib.resources.abc import Traversable


def resource(*parts: str) -> Traversable:
    """The shipped file at *parts*, e.g. ``resource("questionnaires", "second-opinion.json")``."""
    found = files(__name__)
    for part in parts:
        found = found / part
    return found
