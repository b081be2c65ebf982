"""Conflicts between this computer and the hospital, put to the reader: one sentence, and what can be done."""
