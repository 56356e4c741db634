"""The types of the ABI, read from an artifact's JSON and given back in the same form.

Reading checks everything, nesting and size included, so that nobody who walks over a type has to: a type has
at most 32 levels and a value at most 2^20 field elements in 2^21 parts, of which some may be empty. Unknown
members are dropped, as the reference's schema does, which the artifact hash relies on.

Authority: @aztec/stdlib src/abi/abi.ts (`AbiTypeSchema`, `AbiErrorType`) (4.1.2).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Literal, TypeAlias, TypeVar, assert_never

from aztecd.protocol.codec import JsonValue, json_kind
from aztecd.pxe.abi.errors import AbiTypeError

__all__ = [
    "AbiParameter",
    "AbiType",
    "AbiVariable",
    "ArrayType",
    "BooleanType",
    "CustomError",
    "ErrorType",
    "FieldType",
    "FormatError",
    "IntegerType",
    "StringError",
    "StringType",
    "StructType",
    "TupleType",
    "error_type_from_json",
    "error_type_to_json",
    "member",
    "type_from_json",
    "type_size",
    "type_to_json",
]

MAX_TYPE_DEPTH: Final = 32
MAX_VALUE_FIELDS: Final = 1 << 20
MAX_VALUE_PARTS: Final = 1 << 21
"""Structs without members take no field elements, but time: whoever decodes an array visits each of them."""

T = TypeVar("T")

Visibility: TypeAlias = Literal["public", "private", "databus"]


@dataclass(frozen=True, slots=True)
class FieldType:
    """A field element."""

    kind: Literal["field"] = "field"


@dataclass(frozen=True, slots=True)
class BooleanType:
    """True or false."""

    kind: Literal["boolean"] = "boolean"


@dataclass(frozen=True, slots=True, kw_only=True)
class IntegerType:
    """An integer of `width` bits; one field element, in two's complement of that width when signed."""

    is_signed: bool
    width: int
    kind: Literal["integer"] = "integer"


@dataclass(frozen=True, slots=True, kw_only=True)
class StringType:
    """A text of exactly `length` characters, one field element each; shorter ones end in zeros."""

    length: int
    kind: Literal["string"] = "string"


@dataclass(frozen=True, slots=True, kw_only=True)
class ArrayType:
    """`length` values of one type."""

    length: int
    item: AbiType
    kind: Literal["array"] = "array"


@dataclass(frozen=True, slots=True, kw_only=True)
class AbiVariable:
    """A named value: a member of a struct."""

    name: str
    type: AbiType


@dataclass(frozen=True, slots=True, kw_only=True)
class StructType:
    """Named values in order; `path` is the full name in Noir, which the encoder's shortcuts go by."""

    path: str
    fields: tuple[AbiVariable, ...]
    kind: Literal["struct"] = "struct"

    @property
    def is_eth_address(self) -> bool:
        """Tell whether it is an address of Ethereum."""
        return self.path.endswith("address::EthAddress")

    @property
    def is_aztec_address(self) -> bool:
        """Tell whether it is an address of Aztec."""
        return self.path.endswith("address::AztecAddress")

    @property
    def is_function_selector(self) -> bool:
        """Tell whether it is a function's selector."""
        return self.path.endswith("types::abis::function_selector::FunctionSelector")

    @property
    def is_wrapped_field(self) -> bool:
        """Tell whether its only member is a field element called `inner`."""
        return (
            len(self.fields) == 1
            and self.fields[0].name == "inner"
            and isinstance(self.fields[0].type, FieldType)
        )

    @property
    def is_bounded_vec(self) -> bool:
        """Tell whether it is Noir's vector of bounded length."""
        return self.path == "std::collections::bounded_vec::BoundedVec" and self._has("storage", "len")

    @property
    def is_option(self) -> bool:
        """Tell whether it is Noir's optional value."""
        return self.path == "std::option::Option" and self._has("_is_some", "_value")

    def _has(self, *names: str) -> bool:
        return tuple(field.name for field in self.fields) == names


@dataclass(frozen=True, slots=True, kw_only=True)
class TupleType:
    """Values of several types, without names."""

    fields: tuple[AbiType, ...]
    kind: Literal["tuple"] = "tuple"


AbiType: TypeAlias = FieldType | BooleanType | IntegerType | StringType | ArrayType | StructType | TupleType


@dataclass(frozen=True, slots=True, kw_only=True)
class AbiParameter:
    """A parameter of a function."""

    name: str
    type: AbiType
    visibility: Visibility = "private"


@dataclass(frozen=True, slots=True, kw_only=True)
class StringError:
    """An assertion whose text is known when compiling."""

    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class FormatError:
    """An assertion whose text has `length` characters and values to put in, all of which are its payload."""

    length: int
    items: tuple[AbiType, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class CustomError:
    """An assertion that fails with a value."""

    type: AbiType


ErrorType: TypeAlias = StringError | FormatError | CustomError


def type_size(abi_type: AbiType) -> int:
    """Count the field elements of a value."""
    match abi_type:
        case FieldType() | BooleanType() | IntegerType():
            return 1
        case StringType():
            return abi_type.length
        case ArrayType():
            return abi_type.length * type_size(abi_type.item)
        case StructType():
            return sum(type_size(field.type) for field in abi_type.fields)
        case TupleType():
            return sum(map(type_size, abi_type.fields))
        case _:
            assert_never(abi_type)


def type_from_json(value: JsonValue, path: str = "") -> AbiType:
    """Read a type. Raises AbiTypeError."""
    read = _read_type(value, path, 0)
    if type_size(read) > MAX_VALUE_FIELDS:
        raise AbiTypeError(f"a type of more than {MAX_VALUE_FIELDS} field elements{_at(path)}")
    _require_few_parts([read], path)
    return read


def type_to_json(abi_type: AbiType) -> JsonValue:
    """Give a type in the form it was read from."""
    match abi_type:
        case FieldType() | BooleanType():
            return {"kind": abi_type.kind}
        case IntegerType():
            sign = "signed" if abi_type.is_signed else "unsigned"
            return {"kind": "integer", "sign": sign, "width": abi_type.width}
        case StringType():
            return {"kind": "string", "length": abi_type.length}
        case ArrayType():
            return {"kind": "array", "length": abi_type.length, "type": type_to_json(abi_type.item)}
        case StructType():
            fields: list[JsonValue] = [
                {"name": field.name, "type": type_to_json(field.type)} for field in abi_type.fields
            ]
            return {"kind": "struct", "fields": fields, "path": abi_type.path}
        case TupleType():
            return {"kind": "tuple", "fields": [type_to_json(field) for field in abi_type.fields]}
        case _:
            assert_never(abi_type)


def error_type_from_json(value: JsonValue, path: str = "") -> ErrorType:
    """Read the type of a failed assertion. Raises AbiTypeError."""
    kind = member(value, "error_kind", str, path)
    if kind == "string":
        return StringError(text=member(value, "string", str, path))
    if kind == "fmtstring":
        length = _count(value, "length", path)
        items = member(value, "item_types", list, path)
        read = tuple(type_from_json(item, f"{path}.item_types[{index}]") for index, item in enumerate(items))
        _require_few_parts(read, path)
        return FormatError(length=length, items=read)
    if kind == "custom":
        return CustomError(type=type_from_json(value, path))
    raise AbiTypeError(f"unknown kind of error {kind[:40]!r}{_at(path)}")


def error_type_to_json(error: ErrorType) -> JsonValue:
    """Give the type of a failed assertion in the form it was read from."""
    match error:
        case StringError():
            return {"error_kind": "string", "string": error.text}
        case FormatError():
            items: list[JsonValue] = [type_to_json(item) for item in error.items]
            return {"error_kind": "fmtstring", "length": error.length, "item_types": items}
        case CustomError():
            custom = type_to_json(error.type)
            assert isinstance(custom, dict)
            return {"error_kind": "custom", **custom}
        case _:
            assert_never(error)


def _read_type(value: JsonValue, path: str, depth: int) -> AbiType:
    if depth > MAX_TYPE_DEPTH:
        raise AbiTypeError(f"a type nested deeper than {MAX_TYPE_DEPTH} levels{_at(path)}")
    kind = member(value, "kind", str, path)
    match kind:
        case "field":
            return FieldType()
        case "boolean":
            return BooleanType()
        case "integer":
            sign = member(value, "sign", str, path)
            width = _count(value, "width", path)
            if sign not in {"signed", "unsigned"} or not 0 < width <= 256:
                raise AbiTypeError(f"an integer type {sign[:20]!r} of {width} bits{_at(path)}")
            return IntegerType(is_signed=sign == "signed", width=width)
        case "string":
            return StringType(length=_count(value, "length", path))
        case "array":
            item = _read_type(member(value, "type", dict, path), f"{path}[]", depth + 1)
            return ArrayType(length=_count(value, "length", path), item=item)
        case "struct":
            variables = member(value, "fields", list, path)
            return StructType(
                path=member(value, "path", str, path),
                fields=tuple(_read_variable(item, path, depth + 1) for item in variables),
            )
        case "tuple":
            parts = member(value, "fields", list, path)
            return TupleType(
                fields=tuple(
                    _read_type(item, f"{path}.{index}", depth + 1) for index, item in enumerate(parts)
                )
            )
        case _:
            raise AbiTypeError(f"unknown kind of type {kind[:40]!r}{_at(path)}")


def _require_few_parts(types: Sequence[AbiType], path: str) -> None:
    if sum(map(_parts, types)) > MAX_VALUE_PARTS:
        raise AbiTypeError(f"a type of more than {MAX_VALUE_PARTS} parts{_at(path)}")


def _parts(abi_type: AbiType) -> int:
    """Count the values that one is made of, itself included."""
    match abi_type:
        case FieldType() | BooleanType() | IntegerType():
            return 1
        case StringType():
            return 1 + abi_type.length
        case ArrayType():
            return 1 + abi_type.length * _parts(abi_type.item)
        case StructType():
            return 1 + sum(_parts(field.type) for field in abi_type.fields)
        case TupleType():
            return 1 + sum(map(_parts, abi_type.fields))
        case _:
            assert_never(abi_type)


def _read_variable(value: JsonValue, path: str, depth: int) -> AbiVariable:
    name = member(value, "name", str, path)
    inner = f"{path}.{name}"
    return AbiVariable(name=name, type=_read_type(member(value, "type", dict, inner), inner, depth))


def member(value: JsonValue, name: str, kind: type[T], path: str) -> T:
    """Take a member of a JSON object, of a given Python type. Raises AbiTypeError."""
    if not isinstance(value, dict):
        raise AbiTypeError(f"expected an object, received {json_kind(value)}{_at(path)}")
    found = value.get(name)
    if not isinstance(found, kind):
        raise AbiTypeError(f"{name!r} is missing or of a wrong kind{_at(path)}")
    return found


def _count(value: JsonValue, name: str, path: str) -> int:
    count = member(value, name, int, path)
    if isinstance(count, bool) or not 0 <= count <= MAX_VALUE_FIELDS:
        raise AbiTypeError(f"{name!r} is {count}, out of range{_at(path)}")
    return count


def _at(path: str) -> str:
    return f" (at {path[:200]})" if path else ""
