"""Pixels and marks: how a series or a slide is read, shown and measured. Knows no hospital and no case."""
