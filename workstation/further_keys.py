"""Every key that is not an action: those of the viewers from their own tables, those of lists and boxes from here."""

from __future__ import annotations

from viewers.pathology.slide_keys import SLIDE_KEYS
from viewers.radiology.mpr_keys import MPR_KEYS
from viewers.radiology.stack_keys import STACK_KEYS
from workstation.actions.key_group import KeyGroup, key_group

FURTHER_KEYS: tuple[KeyGroup, ...] = (
    key_group(
        "In the worklist",
        "worklist",
        {"letters": "Search", "Up": "Choose a case", "Down": "Choose a case", "Enter": "Open it", "Esc": "Show all"},
    ),
    key_group(
        "In a document",
        "case",
        {
            "PgDown": "Next page",
            "PgUp": "Page before",
            "+": "Larger",
            "-": "Smaller",
            "0": "As wide as there is room",
        },
    ),
    key_group("In the message box", "case", {"Ctrl+Enter": "Send", "Esc": "Back to the records; the text is kept"}),
    key_group("In what asks before something leaves", "case", {"Ctrl+Enter": "Do it", "Esc": "Leave; nothing is done"}),
    key_group("On a series", "reading", STACK_KEYS),
    key_group("On a plane of a series (MPR)", "reading", MPR_KEYS),
    key_group("On a slide", "reading", SLIDE_KEYS),
    key_group(
        "While something is drawn",
        "reading",
        {"Enter": "Close the outline", "Backspace": "Take back the last point", "Esc": "Drop it"},
    ),
    key_group("In the list of marks", "reading", {"Enter": "Go to the mark", "Del": "Delete the mark"}),
    key_group("In the preview before signing", "opinion", {"PgDown": "Next page", "PgUp": "Page before"}),
)
