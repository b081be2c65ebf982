"""Marks as others read them: files that leave with an opinion. Always generated from the marks, never edited."""
