"""The text of a failed assertion, from its selector and payload.

Values inside a text print as in Noir: a field as `0x` and an even number of digits, integers in decimal,
arrays in brackets, structs with their name and members. A custom error prints as JSON with sorted keys;
integers look like fields there, and signed ones have all 64 digits.

Authority: @aztec/noir-noirc_abi `abiDecodeError`, @aztec/simulator src/common/errors.ts
(`resolveAssertionMessage`) (4.1.2). Recorded answers of both are in the tests' vectors.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Final, assert_never

import orjson

from aztecd.pxe.abi.decode import signed
from aztecd.pxe.abi.errors import AbiDecodingError
from aztecd.pxe.abi.types import (
    AbiType,
    ArrayType,
    BooleanType,
    CustomError,
    ErrorType,
    FieldType,
    FormatError,
    IntegerType,
    StringError,
    StringType,
    StructType,
    TupleType,
)

__all__ = ["assertion_message"]

_PLACEHOLDER: Final = re.compile(r"\{\{|\}\}|\{[^{}]*\}")


def assertion_message(
    error_types: Mapping[str, ErrorType], selector: int, payload: Sequence[int]
) -> str | None:
    """Give the text of a failed assertion; none for a selector that the function does not declare.

    Raises AbiDecodingError when the payload is no value of the declared type: the artifact is another one.
    """
    error = error_types.get(str(selector))
    match error:
        case None:
            return None
        case StringError():
            return error.text
        case FormatError():
            return _format(error, payload)
        case CustomError():
            value = _json(error.type, iter(payload))
            return (
                value if isinstance(value, str) else orjson.dumps(value, option=orjson.OPT_SORT_KEYS).decode()
            )
        case _:
            assert_never(error)


def _format(error: FormatError, payload: Sequence[int]) -> str:
    rest = iter(payload)
    template = _string(error.length, rest)
    # The number of items; the types say it too.
    _next(rest)
    values = [_text(item, rest) for item in error.items]
    given = iter(values)

    def insert(match: re.Match[str]) -> str:
        if match[0] in {"{{", "}}"}:
            return match[0][0]
        return next(given, match[0])

    return _PLACEHOLDER.sub(insert, template)


def _text(abi_type: AbiType, rest: Iterator[int]) -> str:
    match abi_type:
        case FieldType():
            return _hex(_next(rest))
        case BooleanType():
            return "true" if _next(rest) else "false"
        case IntegerType():
            value = _next(rest)
            return str(signed(value, abi_type.width) if abi_type.is_signed else value)
        case StringType():
            return _string(abi_type.length, rest)
        case ArrayType():
            return "[" + ", ".join(_text(abi_type.item, rest) for _ in range(abi_type.length)) + "]"
        case StructType():
            members = ", ".join(f"{field.name}: {_text(field.type, rest)}" for field in abi_type.fields)
            return f"{abi_type.path.rsplit('::', 1)[-1]} {{ {members} }}"
        case TupleType():
            return "(" + ", ".join(_text(field, rest) for field in abi_type.fields) + ")"
        case _:
            assert_never(abi_type)


def _json(abi_type: AbiType, rest: Iterator[int]) -> object:
    match abi_type:
        case FieldType():
            return _hex(_next(rest))
        case BooleanType():
            return _next(rest) != 0
        case IntegerType():
            value = _next(rest)
            if not abi_type.is_signed:
                return _hex(value)
            value = signed(value, abi_type.width)
            return f"{'-' if value < 0 else ''}0x{abs(value):064x}"
        case StringType():
            return _string(abi_type.length, rest)
        case ArrayType():
            return [_json(abi_type.item, rest) for _ in range(abi_type.length)]
        case StructType():
            return {field.name: _json(field.type, rest) for field in abi_type.fields}
        case TupleType():
            return [_json(field, rest) for field in abi_type.fields]
        case _:
            assert_never(abi_type)


def _hex(value: int) -> str:
    digits = f"{value:x}"
    return "0x" + "0" * (len(digits) % 2) + digits


def _string(length: int, rest: Iterator[int]) -> str:
    # The bytes of UTF-8, unlike the strings of arguments.
    return bytes(_next(rest) & 0xFF for _ in range(length)).decode("utf-8", "replace")


def _next(rest: Iterator[int]) -> int:
    value = next(rest, None)
    if value is None:
        raise AbiDecodingError("the payload of a failed assertion is shorter than its type")
    return value
