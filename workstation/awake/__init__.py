"""Keeping the computer from going to sleep by itself while something is moving to or from the hospital."""
