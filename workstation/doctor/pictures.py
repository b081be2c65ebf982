"""Whether images can be read: each compression by a tiny known picture, and the library for the rarer slides."""

from __future__ import annotations

from importlib import metadata

from workstation.count_words import counted
from workstation.doctor.finding import Finding, fault, note, works


def look_at_codecs() -> Finding:
    """Every compressed transfer syntax decoded once."""
    try:
        from viewers.radiology.codec_selftest import run_codec_selftest
    except (ImportError, OSError) as error:
        return fault("codecs", f"The image libraries cannot be loaded ({type(error).__name__}).", "Install them anew.")
    results = run_codec_selftest()
    facts = {result.transfer_syntax: result.fault or "works" for result in results}
    broken = [f"{result.name}: {result.fault}" for result in results if result.fault]
    if broken:
        remedy = "Install the program anew; images of these kinds are refused until then."
        return fault(
            "codecs", f"{counted(len(broken), 'codec')} of {len(results)} failed. {' '.join(broken)}", remedy, **facts
        )
    return works("codecs", f"All {len(results)} known pictures were decoded right.", **facts)


def look_at_openslide() -> Finding:
    """OpenSlide, which reads the slides that our own readers do not."""
    try:
        import viewers.pathology.openslide_source  # noqa: F401 - loads the library

        version = metadata.version("openslide-bin")
    except (ImportError, OSError, metadata.PackageNotFoundError):
        words = "OpenSlide cannot be loaded: NDPI, MIRAX and BIF slides are not shown; SVS, TIFF and DICOM are."
        return note("slides", words, "Install openslide-python and openslide-bin anew.")
    return works("slides", f"OpenSlide {version} is loaded.", version=version)
