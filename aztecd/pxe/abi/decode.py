"""From field elements to Python values: return values, events, failed assertions.

Fields and integers become int, addresses of Aztec 32 bytes, strings keep their zeros, an `Option` becomes
None or the value, other structs a dict, arrays and tuples a list.

Authority: @aztec/stdlib src/abi/decoder.ts (4.1.2).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TypeAlias, assert_never

from aztecd.crypto.field import Fr, fr_int
from aztecd.pxe.abi.errors import AbiDecodingError
from aztecd.pxe.abi.types import (
    AbiType,
    ArrayType,
    BooleanType,
    FieldType,
    IntegerType,
    StringType,
    StructType,
    TupleType,
)

__all__ = ["Decoded", "decode_values"]

Decoded: TypeAlias = int | bool | str | bytes | list["Decoded"] | dict[str, "Decoded"] | None


def decode_values(types: Sequence[AbiType], fields: Sequence[Fr]) -> Decoded:
    """Decode values that lie one after the other; a single one is given bare, others as a list.

    Fields beyond the last type are ignored, as in the reference. Raises AbiDecodingError on too few.
    """
    rest = iter(fields)
    values = [_decode(abi_type, rest) for abi_type in types]
    return values[0] if len(values) == 1 else values


def _decode(abi_type: AbiType, rest: Iterator[Fr]) -> Decoded:
    match abi_type:
        case FieldType():
            return _next(rest)
        case BooleanType():
            return _next(rest) != 0
        case IntegerType():
            return signed(_next(rest), abi_type.width) if abi_type.is_signed else _next(rest)
        case StringType():
            units = [_next(rest) & 0xFFFF for _ in range(abi_type.length)]
            data = b"".join(unit.to_bytes(2, "big") for unit in units)
            return data.decode("utf-16-be", "surrogatepass")
        case ArrayType():
            return [_decode(abi_type.item, rest) for _ in range(abi_type.length)]
        case StructType():
            if abi_type.is_aztec_address:
                return _next(rest).to_bytes(32, "big")
            if abi_type.is_option:
                is_some, value = [_decode(field.type, rest) for field in abi_type.fields]
                return value if is_some else None
            return {field.name: _decode(field.type, rest) for field in abi_type.fields}
        case TupleType():
            return [_decode(field, rest) for field in abi_type.fields]
        case _:
            assert_never(abi_type)


def signed(value: int, width: int) -> int:
    """Read the low `width` bits as two's complement."""
    value &= (1 << width) - 1
    return value - (1 << width) if value >> width - 1 else value


def _next(rest: Iterator[Fr]) -> int:
    field = next(rest, None)
    if field is None:
        raise AbiDecodingError("Not enough return values")
    return fr_int(field)
