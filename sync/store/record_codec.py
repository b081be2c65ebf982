"""Frozen records ↔ JSON text, from their type hints alone: any record in `sync.records` is stored whole.

Dates and times are ISO 8601 with their offset, enums their value, bytes base64, tuples arrays. A field that the stored
text does not have takes its default, so a record may gain fields without a migration.
"""

from __future__ import annotations

import json
from base64 import b64decode, b64encode
from collections.abc import Callable, Hashable
from dataclasses import MISSING, fields, is_dataclass
from datetime import date, datetime
from enum import Enum
from functools import cache
from types import NoneType, UnionType
from typing import Any, NewType, TypeVar, Union, cast, get_args, get_origin, get_type_hints

Convert = Callable[[Any], Any]
R = TypeVar("R")

_PLAIN = (str, int, float, bool, NoneType, Any, dict)


def to_text(record: Any) -> str:
    """*record* as JSON (ASCII, so that any text survives). TypeError for a field type the codec does not know."""
    return json.dumps(_pair(cast(Hashable, type(record)))[0](record), separators=(",", ":"))


def from_text(kind: type[R], text: str) -> R:
    """The record of type *kind* that `to_text` was given."""
    result: R = _pair(cast(Hashable, kind))[1](json.loads(text))
    return result


def _same(value: Any) -> Any:
    return value


@cache
def _pair(hint: Any) -> tuple[Convert, Convert]:
    """How to encode and how to decode a value of type *hint*."""
    if isinstance(hint, NewType):
        return _pair(hint.__supertype__)
    origin = get_origin(hint)
    if hint in _PLAIN or origin is dict:
        return _same, _same
    if origin in (Union, UnionType):
        return _optional(hint)
    if origin is tuple:
        return _tuple(hint)
    if hint is bytes:
        return lambda value: b64encode(value).decode("ascii"), b64decode
    if hint is datetime:
        return datetime.isoformat, datetime.fromisoformat
    if hint is date:
        return date.isoformat, date.fromisoformat
    if isinstance(hint, type) and issubclass(hint, Enum):
        return lambda value: value.value, hint
    if is_dataclass(hint) and isinstance(hint, type):
        return _record(hint)
    raise TypeError(f"a record field of type {hint} cannot be stored")


def _optional(hint: Any) -> tuple[Convert, Convert]:
    inner = [argument for argument in get_args(hint) if argument is not NoneType]
    if len(inner) != 1:
        raise TypeError(f"a record field of type {hint} cannot be stored")
    encode, decode = _pair(inner[0])
    return (
        lambda value: None if value is None else encode(value),
        lambda value: None if value is None else decode(value),
    )


def _tuple(hint: Any) -> tuple[Convert, Convert]:
    item, *rest = get_args(hint)
    if rest != [Ellipsis]:
        raise TypeError(f"a record field of type {hint} cannot be stored")
    encode, decode = _pair(item)
    return lambda value: [encode(one) for one in value], lambda value: tuple(decode(one) for one in value)


def _record(kind: type) -> tuple[Convert, Convert]:
    hints = get_type_hints(kind)
    members = [(field, *_pair(hints[field.name])) for field in fields(kind)]

    def encode(record: Any) -> dict[str, Any]:
        return {field.name: encode_one(getattr(record, field.name)) for field, encode_one, _ in members}

    def decode(stored: dict[str, Any]) -> Any:
        return kind(
            **{
                field.name: decode_one(stored[field.name])
                for field, _, decode_one in members
                if field.name in stored or (field.default is MISSING and field.default_factory is MISSING)
            }
        )

    return encode, decode
