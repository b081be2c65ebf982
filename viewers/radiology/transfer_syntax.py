"""The transfer syntaxes this program reads, by family, with the words a reader is shown for them (DICOM PS3.5 A)."""

from __future__ import annotations

IMPLICIT_LITTLE = "1.2.840.10008.1.2"
EXPLICIT_LITTLE = "1.2.840.10008.1.2.1"
EXPLICIT_BIG = "1.2.840.10008.1.2.2"
DEFLATED = "1.2.840.10008.1.2.1.99"
RLE = "1.2.840.10008.1.2.5"
DEFLATED_FRAMES = "1.2.840.10008.1.2.8.1"
ENCAPSULATED_NATIVE = "1.2.840.10008.1.2.1.98"

JPEG = {
    "1.2.840.10008.1.2.4.50": "JPEG baseline",
    "1.2.840.10008.1.2.4.51": "JPEG extended",
    "1.2.840.10008.1.2.4.53": "JPEG spectral selection (retired)",
    "1.2.840.10008.1.2.4.55": "JPEG full progression (retired)",
    "1.2.840.10008.1.2.4.57": "JPEG lossless",
    "1.2.840.10008.1.2.4.70": "JPEG lossless, first-order prediction",
}
JPEG_LOSSLESS = {"1.2.840.10008.1.2.4.57", "1.2.840.10008.1.2.4.70"}
JPEG_LS = {"1.2.840.10008.1.2.4.80": "JPEG-LS lossless", "1.2.840.10008.1.2.4.81": "JPEG-LS near-lossless"}
JPEG_2000 = {
    "1.2.840.10008.1.2.4.90": "JPEG 2000 lossless",
    "1.2.840.10008.1.2.4.91": "JPEG 2000",
    "1.2.840.10008.1.2.4.201": "High-throughput JPEG 2000 lossless",
    "1.2.840.10008.1.2.4.202": "High-throughput JPEG 2000 lossless, RPCL",
    "1.2.840.10008.1.2.4.203": "High-throughput JPEG 2000",
}
JPEG_XL_LOSSLESS = "1.2.840.10008.1.2.4.110"
JPEG_XL = {
    JPEG_XL_LOSSLESS: "JPEG XL lossless",
    "1.2.840.10008.1.2.4.111": "JPEG XL recompressed from JPEG",
    "1.2.840.10008.1.2.4.112": "JPEG XL",
}
NATIVE = {
    IMPLICIT_LITTLE: "uncompressed, implicit little endian",
    EXPLICIT_LITTLE: "uncompressed, explicit little endian",
    EXPLICIT_BIG: "uncompressed, explicit big endian",
    DEFLATED: "deflated",
}
COMPRESSED = {
    **JPEG,
    **JPEG_LS,
    **JPEG_2000,
    **JPEG_XL,
    RLE: "RLE lossless",
    DEFLATED_FRAMES: "deflated frames",
    ENCAPSULATED_NATIVE: "uncompressed, encapsulated",
}
"""Those whose pixels come in items, a frame in one or several (PS3.5 A.4)."""

# Known, and not decoded here: named so that the sentence to the reader can say what it is.
NOT_DECODED = {
    "1.2.840.10008.1.2.4.92": "JPEG 2000 multi-component lossless",
    "1.2.840.10008.1.2.4.93": "JPEG 2000 multi-component",
    "1.2.840.10008.1.2.4.94": "a reference to a JPIP server",
    "1.2.840.10008.1.2.4.95": "a deflated reference to a JPIP server",
    "1.2.840.10008.1.2.4.204": "a reference to a JPIP server (HTJ2K)",
    "1.2.840.10008.1.2.4.205": "a deflated reference to a JPIP server (HTJ2K)",
    "1.2.840.10008.1.2.4.100": "MPEG-2 video",
    "1.2.840.10008.1.2.4.100.1": "MPEG-2 video",
    "1.2.840.10008.1.2.4.101": "MPEG-2 high-level video",
    "1.2.840.10008.1.2.4.101.1": "MPEG-2 high-level video",
    "1.2.840.10008.1.2.4.102": "MPEG-4 video",
    "1.2.840.10008.1.2.4.102.1": "MPEG-4 video",
    "1.2.840.10008.1.2.4.103": "MPEG-4 BD-compatible video",
    "1.2.840.10008.1.2.4.103.1": "MPEG-4 BD-compatible video",
    "1.2.840.10008.1.2.4.104": "MPEG-4 2D video",
    "1.2.840.10008.1.2.4.104.1": "MPEG-4 2D video",
    "1.2.840.10008.1.2.4.105": "MPEG-4 3D video",
    "1.2.840.10008.1.2.4.105.1": "MPEG-4 3D video",
    "1.2.840.10008.1.2.4.106": "MPEG-4 stereo video",
    "1.2.840.10008.1.2.4.106.1": "MPEG-4 stereo video",
    "1.2.840.10008.1.2.4.107": "HEVC video",
    "1.2.840.10008.1.2.4.108": "HEVC 10-bit video",
}
# Syntaxes that may lose information; what an instance lost is stated by (0028,2110), read in `fidelity`.
MAY_BE_LOSSY = {
    "1.2.840.10008.1.2.4.50",
    "1.2.840.10008.1.2.4.51",
    "1.2.840.10008.1.2.4.53",
    "1.2.840.10008.1.2.4.55",
    "1.2.840.10008.1.2.4.81",
    "1.2.840.10008.1.2.4.91",
    "1.2.840.10008.1.2.4.203",
    "1.2.840.10008.1.2.4.111",
    "1.2.840.10008.1.2.4.112",
}


def syntax_name(transfer_syntax: str) -> str:
    """Words for a transfer syntax; its UID where it is unknown."""
    for table in (NATIVE, COMPRESSED, NOT_DECODED):
        if transfer_syntax in table:
            return table[transfer_syntax]
    return transfer_syntax or "no transfer syntax"
