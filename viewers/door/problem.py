"""Why a file is not let in, as the end of a sentence that begins with its name."""

from __future__ import annotations

from viewers.errors import ViewerError


def problem_of(error: ViewerError, name: str) -> str:
    """*error*'s sentence with the name it begins with taken for "it", and without its full stop."""
    sentence = str(error).removesuffix(".")
    if sentence.startswith(f"{name} "):
        return f"it {sentence.removeprefix(name).strip()}"
    return sentence
