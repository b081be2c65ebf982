"""The reader's signature: PAdES baseline B-B on the finished report, certified against any change (protocol §5.4)."""

from __future__ import annotations

from io import BytesIO
from typing import Any

from asn1crypto import keys
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter
from pyhanko.sign.fields import MDPPerm, SigFieldSpec, SigSeedSubFilter
from pyhanko.sign.signers import PdfSignatureMetadata, SimpleSigner, sign_pdf
from pyhanko_certvalidator.registry import SimpleCertificateStore

from sync.signing.identity import Identity
from sync.signing.trust import to_asn1

FIELD = "Signature"


def sign_report(pdf: bytes, identity: Identity, *, reason: str, location: str = "") -> bytes:
    """*pdf* with one certification signature (ETSI EN 319 142-1 B-B, DocMDP: no changes) as an incremental update.

    *reason* is the signature's meaning; the time of signing is this computer's, with zone.
    """
    store: Any = SimpleCertificateStore  # its constructors carry no types
    chain = store.from_certs([to_asn1(link) for link in identity.intermediates])
    key = identity.private_key.private_bytes(Encoding.DER, PrivateFormat.PKCS8, NoEncryption())
    signer = SimpleSigner(to_asn1(identity.certificate), keys.PrivateKeyInfo.load(key), chain, embed_roots=False)
    metadata = PdfSignatureMetadata(
        field_name=FIELD,
        md_algorithm="sha256",
        subfilter=SigSeedSubFilter.PADES,
        name=identity.name,
        reason=reason,
        location=location or None,
        certify=True,
        docmdp_permissions=MDPPerm.NO_CHANGES,
    )
    signed = BytesIO()
    sign_pdf(
        IncrementalPdfFileWriter(BytesIO(pdf)),
        metadata,
        signer=signer,
        new_field_spec=SigFieldSpec(FIELD),
        output=signed,
    )
    return signed.getvalue()
