"""The CMS structure in a PDF's signature gap, accepted only in the one spelling in which it was written.

A signature cannot cover itself: letter case, padding and the unsigned parts of the structure (RFC 5652 §5: versions,
the outer digest algorithms, CRLs, unsigned attributes, surplus certificates) could all be changed unseen.
"""

from __future__ import annotations

import re
from typing import Any

from asn1crypto import cms
from cryptography import x509
from cryptography.exceptions import InvalidSignature

_HEX = re.compile(rb"<((?:[0-9a-f]{2})+|(?:[0-9A-F]{2})+)>")


def load_cms(gap: bytes) -> Any | None:
    """The SignedData (asn1crypto) in *gap*, ``<`` and ``>`` included; None when it is not in its one form."""
    spelled = _HEX.fullmatch(gap)
    if spelled is None:
        return None
    content = bytes.fromhex(spelled[1].decode("ascii"))
    end = _element_end(content, 0, len(content))
    if any(content[end:]):
        return None
    structure = cms.ContentInfo.load(content[:end], strict=True)
    if structure["content_type"].native != "signed_data":
        return None
    data = structure["content"]
    return data if _nothing_unsigned(data) and _certificates_are_a_chain(data) else None


def signed_digest(data: Any) -> tuple[str, bytes]:
    """Which algorithm, and the digest that the signed attributes carry (RFC 5652 §11.2)."""
    (signer,) = data["signer_infos"]
    (digest,) = (a["values"][0].native for a in signer["signed_attrs"] if a["type"].native == "message_digest")
    return str(signer["digest_algorithm"]["algorithm"].native), bytes(digest)


def _element_end(content: bytes, start: int, limit: int) -> int:
    """Where the element at *start* ends.

    ValueError unless it is DER through and through (X.690 §10.1): lengths definite and in their shortest form, each
    element filled exactly by its parts.
    """
    tag, length = content[start], content[start + 1]
    if tag == 0 or tag & 0x1F == 0x1F:
        raise ValueError("padding inside, or a tag that CMS does not use")
    begin = start + 2
    if length >= 0x80:
        begin += length & 0x7F
        length = int.from_bytes(content[start + 2 : begin], "big")
        if length < 0x80 or content[start + 2] == 0:
            raise ValueError("a length that is not in its shortest form")
    end = begin + length
    if end > limit:
        raise ValueError("an element longer than its place")
    if tag & 0x20:
        while begin < end:
            begin = _element_end(content, begin, end)
    return end


def _nothing_unsigned(data: Any) -> bool:
    if len(data["signer_infos"]) != 1:
        return False
    signer = data["signer_infos"][0]
    return bool(
        data["version"].native == "v1"
        and [algorithm.dump() for algorithm in data["digest_algorithms"]] == [signer["digest_algorithm"].dump()]
        and data["encap_content_info"]["content_type"].native == "data"
        and data["encap_content_info"]["content"].native is None
        and data["crls"].native is None
        and signer["version"].native == "v1"
        and signer["unsigned_attrs"].native is None
    )


def _certificates_are_a_chain(data: Any) -> bool:
    """Leaf first by issuer and serial; it is bound by a signed attribute, and each further one has signed the last."""
    (signer,) = data["signer_infos"]
    named = signer["sid"].chosen
    others = [item.chosen for item in data["certificates"]]
    # Byte for byte: names compare equal in either letter case.
    wanted = named["issuer"].dump() + named["serial_number"].dump()
    leaves = [one for one in others if one.issuer.dump() + one["tbs_certificate"]["serial_number"].dump() == wanted]
    if len(leaves) != 1:
        return False
    others.remove(leaves[0])
    last = _certificate(leaves[0])
    waiting = [_certificate(other) for other in others]
    while waiting:
        issuer = next((other for other in waiting if _issued(other, last)), None)
        if issuer is None:
            return False
        waiting.remove(issuer)
        last = issuer
    return True


def _certificate(item: Any) -> x509.Certificate:
    return x509.load_der_x509_certificate(item.dump())


def _issued(issuer: x509.Certificate, certificate: x509.Certificate) -> bool:
    try:
        certificate.verify_directly_issued_by(issuer)
    except (InvalidSignature, ValueError, TypeError):
        return False
    return True
