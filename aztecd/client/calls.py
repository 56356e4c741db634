"""Calls of contracts' functions, from Python values to fields.

Authority: @aztec/aztec.js src/contract/contract_function_interaction.ts (4.1.2).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, assert_never

from aztecd.client.errors import ArgumentsError
from aztecd.crypto.field import Fr
from aztecd.protocol.basic import AztecAddress
from aztecd.pxe.abi import (
    AbiType,
    ArrayType,
    BooleanType,
    Decoded,
    FieldType,
    IntegerType,
    StringType,
    StructType,
    TupleType,
    decode_values,
    encode_arguments,
)
from aztecd.pxe.artifacts import FunctionAbi
from aztecd.pxe.requests import FunctionCall

__all__ = ["decode_returns", "function_call", "readable_signature"]


def function_call(
    address: AztecAddress, abi: FunctionAbi, arguments: Sequence[Any], *, hides_sender: bool = False
) -> FunctionCall:
    """Encode a call; `hides_sender` has a meaning for public functions only.

    Raises ArgumentsError, AbiEncodingError.
    """
    _check(abi, arguments)
    return FunctionCall(
        name=abi.name,
        to=address,
        selector=abi.selector,
        type=abi.kind,
        hide_msg_sender=hides_sender,
        is_static=abi.is_static,
        args=tuple(encode_arguments(abi.parameters, arguments)),
        return_types=abi.return_types,
    )


def decode_returns(call: FunctionCall, values: Sequence[Fr] | None) -> Decoded:
    """Decode what a call returned; nothing gives an empty list."""
    if values is None or not call.return_types:
        return []
    return decode_values(call.return_types, values)


def readable_signature(abi: FunctionAbi) -> str:
    """Write a function with its parameters' names and types, for people."""
    parameters = ", ".join(f"{item.name}: {_type(item.type)}" for item in abi.parameters)
    return f"{abi.name}({parameters})"


def _check(abi: FunctionAbi, arguments: Sequence[Any]) -> None:
    if len(arguments) != len(abi.parameters):
        raise ArgumentsError(
            f"{readable_signature(abi)} takes {len(abi.parameters)} arguments, got {len(arguments)}"
        )
    for parameter, argument in zip(abi.parameters, arguments, strict=True):
        is_option = isinstance(parameter.type, StructType) and parameter.type.is_option
        if argument is None and not is_option:
            received = ", ".join(_show(item) for item in arguments)
            raise ArgumentsError(
                "Null or undefined arguments are only allowed for Option<T> parameters in "
                f"{readable_signature(abi)}. Received: ({received})."
            )


def _type(abi_type: AbiType) -> str:
    match abi_type:
        case FieldType():
            return "Field"
        case BooleanType():
            return "bool"
        case IntegerType():
            return f"{'i' if abi_type.is_signed else 'u'}{abi_type.width}"
        case StringType():
            return f"str<{abi_type.length}>"
        case ArrayType():
            return f"[{_type(abi_type.item)}; {abi_type.length}]"
        case StructType() if abi_type.is_option:
            return f"Option<{_type(abi_type.fields[1].type)}>"
        case StructType():
            return "(" + ", ".join(f"{field.name}: {_type(field.type)}" for field in abi_type.fields) + ")"
        case TupleType():
            return "(" + ", ".join(_type(field) for field in abi_type.fields) + ")"
        case _:
            assert_never(abi_type)


def _show(value: Any) -> str:
    if value is None:
        return "null"
    text = "0x" + value.hex() if isinstance(value, bytes) else str(value)
    return text if len(text) <= 80 else text[:77] + "..."
