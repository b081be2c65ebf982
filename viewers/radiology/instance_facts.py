"""One parsed file as bytes that are kept with it, and back: a series is put together from them, no header parsed again.

JSON, deflated. What comes back is checked against the file it is said to be of, since another process wrote it.
"""

from __future__ import annotations

import json
import zlib
from dataclasses import asdict
from typing import Any

from viewers.byte_source import ByteSource
from viewers.calibration import Calibration, CalibrationClass
from viewers.errors import UnreadableFile, UnsupportedImage
from viewers.radiology import transfer_syntax as syntax
from viewers.radiology.display_facts import DisplayFacts
from viewers.radiology.frame import DicomPatient, PixelLayout
from viewers.radiology.instance import LARGEST_FRAME_PX, Instance
from viewers.radiology.series_facts import display_from_json, display_to_json, frame_from_json, frame_to_json

_FORMAT = "readingroom.instance/5"
_LARGEST_BYTES = 256 << 20
_USUAL = (
    b'{"format":"readingroom.instance/5","sop_class_uid":"1.2.840.10008.5.1.4.1.1.4","sop_class_uid":"1.2.840.10008.5.1.4'
    b'.1.1.2","sop_instance_uid":"1.2.826.0.1.3680043.8.498.","study_uid":"1.3.6.1.4.1.14519.5.2.1.","series_uid":"","ser'
    b'ies_number":1,"modality":"MR","modality":"CT","series_description":"","study_description":"","study_date":"20","body'
    b'_part":"","frame_of_reference_uid":"","concatenation_uid":"","image_type":["ORIGINAL","PRIMARY","AXIAL"],"is_packed_mosaic":false,"patient":{"patient_id":"","name":"",'
    b'"birth_date":"19","sex":"M","sex":"F","display_name":""},"layouts":[{"transfer_syntax":"1.2.840.10008.1.2.1","rows":'
    b'256,"columns":256,"rows":512,"columns":512,"samples":1,"bits_allocated":16,"bits_stored":12,"high_bit":11,"signed":f'
    b'alse,"photometric":"MONOCHROME2","planar":0,"frame_count":1,"element":"PixelData","pixel_vr_is_ow":true}],"displays"'
    b':[{"slope":1.0,"intercept":-1024.0,"unit":"HU","modality_lut":null,"windows":[[40.0,400.0,"LINEAR",""]],"voi_luts":['
    b'],"padding":null,"inverted":false,"palette":null,"overlays":[]}],"frames":[{"sop":"","class":"","n":1,"layout":0,"di'
    b'splay":0,"spans":[[0,524288]],"plane":[[-0.0,-0.0,-0.0],[1.0,0.0,0.0],[0.0,1.0,0.0],0.976562,0.976562],"orientation"'
    b':["L","P"],"orientation":null,"number":1,"thickness_mm":5.0,"laterality":"","view":"","contrast":"","aspect":1.0,"lossy":"","tile":null}],"calibrations"'
    b':[["PATIENT_GEOMETRY",0.976562,0.976562,"",null]],"variants":[["AXIAL",-1.0,-1.0,-1.0,-1.0,120.0,"","",-1.0,-1.0,1.0,36000.0,1.0,0.0]]}'
)
"""What most of these texts share: with it at hand each is packed to half the length. Part of the format."""
_PLAIN = (
    "sop_class_uid", "sop_instance_uid", "study_uid", "series_uid", "series_number", "modality", "series_description",
    "study_description", "study_date", "body_part", "frame_of_reference_uid", "concatenation_uid", "image_type",
    "is_packed_mosaic",
)  # fmt: skip


def instance_to_facts(instance: Instance) -> bytes:
    """Everything about *instance* but its pixels and where its bytes come from."""
    layouts: list[PixelLayout] = []
    displays: list[DisplayFacts] = []
    frames = []
    for frame in instance.frames:
        if not layouts or layouts[-1] != frame.layout:
            layouts.append(frame.layout)
        if not displays or displays[-1] != frame.display:
            displays.append(frame.display)
        frames.append(frame_to_json(frame, len(layouts) - 1, len(displays) - 1))
    return _packed(
        {
            **{name: getattr(instance, name) for name in _PLAIN},
            "patient": asdict(instance.patient),
            "layouts": [asdict(layout) for layout in layouts],
            "displays": [display_to_json(display) for display in displays],
            "frames": frames,
            "calibrations": [[c.kind.name, c.column_mm, c.row_mm, c.note, c.region] for c in instance.calibrations],
            "variants": instance.variants,
        }
    )


def refusal_to_facts(sentence: str) -> bytes:
    """Of a file that is well formed and cannot be shown by this program."""
    return _packed({"not_shown": sentence})


def instance_from_facts(facts: bytes, source: ByteSource) -> Instance:
    """The instance that `instance_to_facts` was given, its bytes in *source*.

    Raises UnsupportedImage for what `refusal_to_facts` wrote, UnreadableFile for facts that are damaged, of another
    version, or cannot be of this file.
    """
    try:
        inflater = zlib.decompressobj(zdict=_USUAL)
        document = json.loads(inflater.decompress(facts, _LARGEST_BYTES))
        if document["format"] != _FORMAT:
            raise ValueError(document["format"])
        if "not_shown" not in document:
            return _instance(document, source)
    except (KeyError, TypeError, ValueError, IndexError, AttributeError, zlib.error) as error:
        raise UnreadableFile(
            f"What was noted of {source.name} cannot be read; its header has to be read anew."
        ) from error
    raise UnsupportedImage(str(document["not_shown"]))


def _packed(document: dict[str, Any]) -> bytes:
    text = json.dumps({"format": _FORMAT, **document}, ensure_ascii=False, separators=(",", ":"))
    packer = zlib.compressobj(1, zdict=_USUAL)
    return packer.compress(text.encode()) + packer.flush()


def _instance(document: dict[str, Any], source: ByteSource) -> Instance:
    layouts = [PixelLayout(**layout) for layout in document["layouts"]]
    displays = [display_from_json(display) for display in document["displays"]]
    frames = tuple(frame_from_json(frame, layouts, displays, lambda _uid: source) for frame in document["frames"])
    calibrations = tuple(
        Calibration(CalibrationClass[kind], column_mm, row_mm, note, region and tuple(region))
        for kind, column_mm, row_mm, note, region in document["calibrations"]
    )
    if any(not 0 < layout.rows * layout.columns <= LARGEST_FRAME_PX for layout in layouts):
        raise ValueError("an impossible size")
    size_bytes = source.size_bytes
    for frame in frames:
        deflated = frame.layout.transfer_syntax == syntax.DEFLATED  # its offsets are those of the inflated content
        if not deflated and any(at < 0 or length < 0 or at + length > size_bytes for at, length in frame.spans):
            raise ValueError("pixels beyond the end of the file")
    return Instance(
        source=source,
        **{name: document[name] for name in _PLAIN if name != "image_type"},
        image_type=tuple(document["image_type"]),
        patient=DicomPatient(**document["patient"]),
        frames=frames,
        calibrations=calibrations,
        variants=tuple(tuple(variant) for variant in document["variants"]),
    )
