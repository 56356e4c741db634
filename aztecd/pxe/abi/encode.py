"""From Python values to the field elements of a call.

| type | values |
|---|---|
| field | int, decimal or `0x` text, 32 bytes, bool, anything with `to_field()` |
| boolean | bool, 0, 1 |
| integer | int, decimal or `0x` text, within the type's range |
| string | str |
| array | any sequence of the right length; bytes are a sequence of integers |
| struct | a mapping, or an object with attributes of the members' names, or one with `to_fields()` |

and the shortcuts of the reference: addresses, selectors and structs of one field `inner` take the bare value
(and an object with `address`, such as a complete address, counts as an address); `Option` takes None or the
value; `BoundedVec` takes a sequence.

Stricter than the reference, which passes on what a circuit would refuse later: an integer out of its type's
range, a text that is too long (there: cut), too many items of an array (there: ignored) and values that are
neither true nor false are errors.

Authority: @aztec/stdlib src/abi/encoder.ts (4.1.2); the texts of errors are those of the reference where it
has one.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any, Final, assert_never

from aztecd.crypto.field import FR_MODULUS, FR_SIZE, FR_ZERO, FieldError, Fr, fr, fr_from_bytes
from aztecd.pxe.abi.errors import AbiEncodingError
from aztecd.pxe.abi.types import (
    AbiParameter,
    AbiType,
    ArrayType,
    BooleanType,
    FieldType,
    IntegerType,
    StringType,
    StructType,
    TupleType,
    type_size,
)

__all__ = ["encode_arguments", "encode_value"]

_NUMBER: Final = re.compile(r"[0-9]+|0[xX][0-9a-fA-F]+")
_ETH_ADDRESS_SIZE: Final = 20
_PREVIEW_ITEMS: Final = 3
_ABSENT: Final = object()


def encode_arguments(parameters: Sequence[AbiParameter], arguments: Sequence[Any]) -> list[Fr]:
    """Encode the arguments of a call. Raises AbiEncodingError."""
    if len(arguments) > len(parameters):
        raise AbiEncodingError(f"expected {len(parameters)} arguments, got {len(arguments)}")
    out: list[Fr] = []
    for index, parameter in enumerate(parameters):
        value = arguments[index] if index < len(arguments) else None
        _encode(parameter.type, value, parameter.name, out)
    return out


def encode_value(abi_type: AbiType, value: Any, name: str = "value") -> list[Fr]:
    """Encode one value. Raises AbiEncodingError, naming the value as given."""
    out: list[Fr] = []
    _encode(abi_type, value, name, out)
    return out


def _encode(abi_type: AbiType, value: Any, name: str, out: list[Fr]) -> None:
    if isinstance(abi_type, StructType) and abi_type.is_option:
        _encode_option(abi_type, value, name, out)
        return
    if value is None or value is _ABSENT:
        raise AbiEncodingError(f"Undefined argument {name} of type {abi_type.kind}")
    match abi_type:
        case FieldType():
            out.append(_field(value, name))
        case BooleanType():
            out.append(fr(_boolean(value, name)))
        case IntegerType():
            out.append(_integer(abi_type, value, name))
        case StringType():
            _encode_string(abi_type, value, name, out)
        case ArrayType():
            items = _items(value, name)
            if len(items) > abi_type.length:
                raise AbiEncodingError(
                    f"Argument {name} has {len(items)} items where the type has {abi_type.length}"
                )
            for index in range(abi_type.length):
                item = items[index] if index < len(items) else None
                _encode(abi_type.item, item, f"{name}[{index}]", out)
        case StructType():
            _encode_struct(abi_type, value, name, out)
        case TupleType():
            parts = _items(value, name)
            if len(parts) != len(abi_type.fields):
                raise AbiEncodingError(
                    f"Argument {name} has {len(parts)} parts where the type has {len(abi_type.fields)}"
                )
            for index, part in enumerate(abi_type.fields):
                _encode(part, parts[index], f"{name}.{index}", out)
        case _:
            assert_never(abi_type)


def _encode_option(abi_type: StructType, value: Any, name: str, out: list[Fr]) -> None:
    flag, content = abi_type.fields
    if isinstance(value, Mapping) and "_is_some" in value:
        is_some = _boolean(value["_is_some"], f"{name}._is_some")
        value = value.get("_value")
    else:
        is_some = value is not None and value is not _ABSENT
    _encode(flag.type, is_some, f"{name}._is_some", out)
    if is_some:
        _encode(content.type, value, f"{name}._value", out)
    else:
        out += [FR_ZERO] * type_size(content.type)


def _encode_struct(abi_type: StructType, value: Any, name: str, out: list[Fr]) -> None:
    if abi_type.is_aztec_address or abi_type.is_eth_address:
        for part in ("address", "inner"):
            bare = _member(value, part)
            if bare is not _ABSENT:
                _encode(FieldType(), _address_field(bare), f"{name}.{part}", out)
                return
        _encode(FieldType(), _address_field(value), f"{name}.inner", out)
    elif abi_type.is_function_selector:
        bare = _member(value, "value")
        bare = value if bare is _ABSENT else bare
        if isinstance(bare, bytes):
            bare = int.from_bytes(bare, "big")
        _encode(IntegerType(is_signed=False, width=32), _unwrapped(bare), f"{name}.inner", out)
    elif abi_type.is_wrapped_field:
        _encode(FieldType(), _unwrapped(value), f"{name}.inner", out)
    elif abi_type.is_bounded_vec:
        _encode_bounded_vec(abi_type, value, name, out)
    elif hasattr(value, "to_fields"):
        fields = [fr_from_bytes(field) for field in value.to_fields()]
        if len(fields) != type_size(abi_type):
            raise AbiEncodingError(
                f"Argument {name} has {len(fields)} fields where the type has {type_size(abi_type)}"
            )
        out += fields
    else:
        for field in abi_type.fields:
            _encode(field.type, _member(value, field.name), f"{name}.{field.name}", out)


def _encode_bounded_vec(abi_type: StructType, value: Any, name: str, out: list[Fr]) -> None:
    storage, length = abi_type.fields
    if not isinstance(storage.type, ArrayType):
        raise AbiEncodingError(f"Argument {name} is a BoundedVec without storage")
    if isinstance(value, Mapping) and {"storage", "len"} <= value.keys():
        # The decoder's own form.
        value = _items(value["storage"], name)[: int(value["len"])]
    items = _items(value, name)
    limit = storage.type.length
    if len(items) > limit:
        preview = ", ".join(_show(item) for item in items[:_PREVIEW_ITEMS])
        more = ", ..." if len(items) > _PREVIEW_ITEMS else ""
        raise AbiEncodingError(
            f"Error encoding param '{name}': expected an array of maximum length {limit} "
            f"and got {len(items)} instead: [ {preview}{more} ]"
        )
    for index, item in enumerate(items):
        _encode(storage.type.item, item, f"storage[{index}]", out)
    out += [FR_ZERO] * ((limit - len(items)) * type_size(storage.type.item))
    _encode(length.type, len(items), "len", out)


def _encode_string(abi_type: StringType, value: Any, name: str, out: list[Fr]) -> None:
    if not isinstance(value, str):
        raise AbiEncodingError(f"Argument for {name} is no text")
    # JavaScript counts, and sends, the units of UTF-16.
    data = value.encode("utf-16-be", "surrogatepass")
    units = [int.from_bytes(data[start : start + 2], "big") for start in range(0, len(data), 2)]
    if len(units) > abi_type.length:
        raise AbiEncodingError(
            f"Argument {name} has {len(units)} characters where the type has {abi_type.length}"
        )
    out += [fr(unit) for unit in units]
    out += [FR_ZERO] * (abi_type.length - len(units))


def _field(value: Any, name: str) -> Fr:
    if hasattr(value, "to_field"):
        value = value.to_field()
    try:
        if isinstance(value, bytes):
            return fr_from_bytes(value)
        if isinstance(value, int):
            if value < 0:
                raise AbiEncodingError(f"Argument {name} is negative: {value}")
            return fr(int(value))
        if isinstance(value, str) and _NUMBER.fullmatch(value):
            return fr(_parse(value, FR_MODULUS))
    except FieldError as error:
        raise AbiEncodingError(f"Argument for {name} is no field element: {error}") from error
    if isinstance(value, str):
        raise AbiEncodingError(f"Tried to create a Fr from an invalid string: {value[:80]}")
    raise AbiEncodingError(f"Argument for {name} cannot be serialized to a field")


def _boolean(value: Any, name: str) -> bool:
    if value is True or value is False or (isinstance(value, int) and value in {0, 1}):
        return bool(value)
    raise AbiEncodingError(f"Argument for {name} is neither true nor false")


def _integer(abi_type: IntegerType, value: Any, name: str) -> Fr:
    number: int | None = None
    if isinstance(value, int):
        number = int(value)
    elif isinstance(value, str) and _NUMBER.fullmatch(value.removeprefix("-")):
        magnitude = _parse(value.removeprefix("-"), 1 << abi_type.width)
        number = -magnitude if value.startswith("-") else magnitude
    elif isinstance(value, bytes) and len(value) == FR_SIZE:
        number = int.from_bytes(value, "big")
    if number is None:
        raise AbiEncodingError(f"Argument for {name} is no integer")
    bits = abi_type.width
    low, high = (-(1 << bits - 1), 1 << bits - 1) if abi_type.is_signed else (0, 1 << bits)
    if not low <= number < min(high, FR_MODULUS):
        raise AbiEncodingError(
            f"Argument {name} does not fit {'i' if abi_type.is_signed else 'u'}{bits}: {_clip(number)}"
        )
    return fr(number % (1 << bits) if number < 0 else number)


def _parse(text: str, limit: int) -> int:
    # A number of many digits would take long to read and is too large anyway.
    digits = text.lower().removeprefix("0x").lstrip("0")
    if len(digits) > 80:
        return limit
    return int(text, 16) if text[:2].lower() == "0x" else int(text)


def _items(value: Any, name: str) -> Sequence[Any]:
    if isinstance(value, Sequence) and not isinstance(value, str):
        return value
    raise AbiEncodingError(f"Argument for {name} is no list")


def _member(value: Any, name: str) -> Any:
    if isinstance(value, Mapping):
        return value.get(name, _ABSENT)
    return getattr(value, name, _ABSENT)


def _unwrapped(value: Any) -> Any:
    inner = _member(value, "inner")
    return value if inner is _ABSENT else inner


def _address_field(value: Any) -> Any:
    if isinstance(value, bytes) and len(value) == _ETH_ADDRESS_SIZE:
        return value.rjust(FR_SIZE, b"\0")
    return value


def _show(value: Any) -> str:
    """Show an item as JavaScript's templates do."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, bytes):
        return "0x" + value.hex()
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"{key}: {_show(item)}" for key, item in value.items()) + "}"
    if isinstance(value, list | tuple):
        return "[" + ", ".join(_show(item) for item in value) + "]"
    return str(value)[:80]


def _clip(number: int) -> str:
    return str(number) if number.bit_length() <= 256 else f"a number of {number.bit_length()} bits"
