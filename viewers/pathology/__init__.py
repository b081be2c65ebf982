"""Whole slides: how they are read tile by tile, scaled, shown and copied out."""
