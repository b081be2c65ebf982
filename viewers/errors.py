"""The exceptions viewers raises.

ViewerError                     anything expected: has a sentence for the reader, naming the file
├── UnreadableFile              not an image we know, truncated, hostile, empty
├── UnsupportedImage            known, but this program cannot show it (and what would)
└── OutOfRange                  a frame, level or region that does not exist
"""


class ViewerError(Exception):
    """An expected failure. ``str(error)`` is one plain sentence that names the file."""


class UnreadableFile(ViewerError):
    """The file is damaged, empty or not an image."""


class UnsupportedImage(ViewerError):
    """The file is well formed, but holds something that cannot be shown."""


class OutOfRange(ViewerError):
    """A frame, level or region outside the image."""
