"""Signatures and selectors of functions and events.

A selector is the low four bytes of the hash of a signature such as `transfer((Field),u128)`.

Authority: @aztec/stdlib src/abi/{decoder,function_selector,event_selector}.ts (4.1.2).
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

from aztecd.crypto.field import Fr
from aztecd.protocol import hashes
from aztecd.protocol.basic import FunctionSelector
from aztecd.pxe.abi.errors import AbiTypeError
from aztecd.pxe.abi.types import (
    AbiParameter,
    AbiType,
    AbiVariable,
    ArrayType,
    BooleanType,
    FieldType,
    IntegerType,
    StringType,
    StructType,
)

__all__ = [
    "event_selector",
    "function_selector",
    "selector_field",
    "selector_from_hex",
    "selector_of_signature",
    "signature_of",
]

_SELECTOR_SIZE: Final = 4
_HEX: Final = re.compile(r"(0x)?([0-9a-fA-F]*)")


def signature_of(name: str, parameters: Sequence[AbiParameter | AbiVariable], *, names: bool = False) -> str:
    """Write a signature; with `names`, in the form for people. Raises AbiTypeError on a tuple."""
    return name + _list(parameters, names)


def selector_of_signature(signature: str) -> FunctionSelector:
    """Give the selector of a signature. Raises AbiTypeError when it contains whitespace."""
    if re.search(r"\s", signature):
        raise AbiTypeError("Signature cannot contain whitespace")
    return FunctionSelector(hashes.function_selector(signature).to_bytes(_SELECTOR_SIZE, "big"))


def function_selector(name: str, parameters: Sequence[AbiParameter | AbiVariable]) -> FunctionSelector:
    """Give a function's selector. Raises AbiTypeError when it has no signature."""
    return selector_of_signature(signature_of(name, parameters))


def event_selector(event: StructType) -> FunctionSelector:
    """Give the selector of an event: of its name without the modules, and its members' types."""
    return function_selector(event.path.rsplit("::", 1)[-1], event.fields)


def selector_field(selector: FunctionSelector) -> Fr:
    """Give a selector as a field element."""
    return Fr(selector.rjust(32, b"\0"))


def selector_from_hex(text: str) -> FunctionSelector:
    """Read `0x` and eight digits. Raises AbiTypeError."""
    match = _HEX.fullmatch(text)
    if match is None or len(match[2]) != 2 * _SELECTOR_SIZE:
        raise AbiTypeError(f"a selector has 8 hexadecimal digits, got {text[:40]!r}")
    return FunctionSelector(bytes.fromhex(match[2]))


def _list(variables: Sequence[AbiParameter | AbiVariable], names: bool) -> str:
    parts = [
        f"{variable.name}: {_type(variable.type, names)}" if names else _type(variable.type, names)
        for variable in variables
    ]
    return f"({(', ' if names else ',').join(parts)})"


def _type(abi_type: AbiType, names: bool) -> str:
    match abi_type:
        case FieldType():
            return "Field"
        case BooleanType():
            return "bool"
        case IntegerType():
            return f"{'i' if abi_type.is_signed else 'u'}{abi_type.width}"
        case ArrayType():
            return f"[{_type(abi_type.item, names)};{abi_type.length}]"
        case StringType():
            return f"str<{abi_type.length}>"
        case StructType():
            return _list(abi_type.fields, names)
        case _:
            raise AbiTypeError(f"Unsupported type: {abi_type.kind}")
