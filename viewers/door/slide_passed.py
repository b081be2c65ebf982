"""What the door remembers of a slide that OpenSlide read there. Imports nothing: who asks for it opens no slide."""

PASSED_OPENSLIDE = b"openslide 1"
"""From now on the program may open it itself. Another number, and every slide is checked again before it is opened."""
