"""JSON schemas of the protocol's objects, made from their declarations."""

from __future__ import annotations

from typing import Any, Final

from aztecd.protocol.codec import (
    BoolCodec,
    BytesCodec,
    Codec,
    FrCodec,
    FrListCodec,
    IntCodec,
    ListCodec,
    OptionalCodec,
    TextCodec,
    UintCodec,
)
from aztecd.protocol.identifier_codecs import AztecAddressCodec, EthAddressCodec, TxHashCodec
from aztecd.protocol.record import Record, RecordCodec

__all__ = ["BASIC_SCHEMAS", "schema_of", "schemas_of_records"]

_BASE64: Final = {"type": "string", "contentEncoding": "base64"}
_DECIMAL: Final = {"type": "string", "pattern": "^-?[0-9]+$"}


def _hex(digits: int, text: str) -> dict[str, Any]:
    return {"type": "string", "pattern": f"^0x[0-9a-f]{{{digits}}}$", "description": text}


BASIC_SCHEMAS: Final[dict[str, Any]] = {
    "Fr": _hex(64, "A field element, below the BN254 scalar modulus."),
    "FrInput": {
        "type": "string",
        "pattern": "^(0x[0-9a-fA-F]+|[0-9]+)$",
        "description": "A field element: hexadecimal digits after 0x, or decimal digits.",
    },
    "AztecAddress": _hex(64, "An address on Aztec. Input may leave out 0x."),
    "EthAddress": _hex(
        40, "An address on L1. Input may leave out 0x; mixed case must carry a valid checksum."
    ),
    "TxHash": _hex(64, "A transaction's hash. Input may leave out 0x."),
    "BlockParameter": {
        "oneOf": [
            {"$ref": "#/components/schemas/FrInput"},
            {"type": "integer", "minimum": 0},
            {"const": "latest"},
        ],
        "description": "A block's hash, its number (0 is genesis), or the latest proposed block.",
    },
}


def schema_of(codec: Codec) -> dict[str, Any]:
    """Give the schema of what a codec writes."""
    match codec:
        case RecordCodec():
            return _ref(codec.cls.__name__)
        case AztecAddressCodec():
            return _ref("AztecAddress")
        case TxHashCodec():
            return _ref("TxHash")
        case EthAddressCodec():
            return _ref("EthAddress")
        case FrCodec():
            return _ref("Fr")
        case UintCodec():
            return _uint(codec)
        case IntCodec():
            return dict(_DECIMAL)
        case BoolCodec():
            return {"type": "boolean"}
        case TextCodec():
            return {"type": "string"}
        case BytesCodec(json="hex"):
            return _hex(2 * codec.size, f"{codec.size} bytes")
        case FrListCodec() | ListCodec():
            return _list(codec)
        case OptionalCodec():
            return schema_of(codec.item)
        case _:
            # What is left are buffers and signatures with codecs of their own.
            return dict(_BASE64)


def schemas_of_records(records: list[type[Record]]) -> dict[str, Any]:
    """Describe objects and all objects inside them, by name."""
    found: dict[str, Any] = {}
    waiting = list(records)
    while waiting:
        record = waiting.pop()
        if record.__name__ in found:
            continue
        members = record.codec.members
        found[record.__name__] = {
            "type": "object",
            "description": (record.__doc__ or "").strip().partition("\n")[0],
            "properties": {member.json_name: schema_of(member.codec) for member in members},
            "required": [member.json_name for member in members if not member.is_optional],
        }
        waiting += [inner for member in members for inner in _records_in(member.codec)]
    return dict(sorted(found.items()))


def _records_in(codec: Codec) -> list[type[Record]]:
    match codec:
        case RecordCodec():
            return [codec.cls]
        case ListCodec() | OptionalCodec():
            return _records_in(codec.item)
        case _:
            return []


def _uint(codec: UintCodec) -> dict[str, Any]:
    match codec.json:
        case "number":
            return {"type": "integer", "minimum": 0}
        case "decimal":
            return {**_DECIMAL, "pattern": "^[0-9]+$"}
        case _:
            return _ref("Fr")


def _list(codec: FrListCodec | ListCodec) -> dict[str, Any]:
    items = _ref("Fr") if isinstance(codec, FrListCodec) else schema_of(codec.item)
    schema: dict[str, Any] = {"type": "array", "items": items}
    if codec.length is not None:
        schema["minItems"] = schema["maxItems"] = codec.length
    return schema


def _ref(name: str) -> dict[str, Any]:
    return {"$ref": f"#/components/schemas/{name}"}
