"""The page where images are read and marked: which images, how they hang, the marks, and that they are kept."""
