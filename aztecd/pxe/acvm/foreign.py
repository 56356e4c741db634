"""Values of foreign calls, in and out of the memory.

An array of arrays is a list of pointers; behind each pointer lies a reference count, then the items. The
oracle gets and gives them flat.

Authority: @aztec/noir-acvm_js (4.1.2), whose messages these are.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import cycle
from typing import Final, assert_never

from aztecd.crypto.field import FR_MODULUS
from aztecd.errors import AztecdError
from aztecd.pxe.acvm.errors import ExecutionLimitError, ForeignCallFailedError, ForeignCallShapeError
from aztecd.pxe.acvm.memory import read, read_range, write, write_range
from aztecd.pxe.acvm.opcodes import (
    FIELD,
    Address,
    ArrayType,
    ForeignCallOp,
    HeapArray,
    HeapVector,
    SimpleType,
    ValueType,
    VectorType,
)

__all__ = ["ForeignAnswer", "ForeignCall", "call_oracle"]

ForeignAnswer = Sequence[int | Sequence[int]]
"""One number or list for each destination."""

ForeignCall = Callable[[str, list[list[int]]], ForeignAnswer]
"""Answers a foreign call: name and arguments, each a list even when it is one number."""

_MAX_VALUES: Final = 1 << 20
_SHOWN_VALUES: Final = 64
_ONE_FOR_ARRAY: Final = "Foreign call returned a single value for an array type"


def call_oracle(memory: list[int], call: ForeignCallOp, oracle: ForeignCall) -> int:
    """Ask the oracle and store what it says; gives the number of values of the question.

    Raises: ForeignCallShapeError, ExecutionLimitError, and ForeignCallFailedError, whose cause is an
    AztecdError of the oracle.
    """
    inputs: list[list[int]] = []
    count = 0
    for slot, kind in zip(call.inputs, call.input_types, strict=True):
        inputs.append(_read_value(memory, slot, kind))
        count += len(inputs[-1])
        if count > _MAX_VALUES:
            raise ExecutionLimitError(f"a foreign call has more than {_MAX_VALUES} values")
    try:
        answers = oracle(call.name, inputs)
    except AztecdError as error:
        raise ForeignCallFailedError(call.name, error) from error
    if len(answers) != len(call.destinations):
        raise ForeignCallShapeError(
            f"{len(answers)} output values were provided as a foreign call result for "
            f"{len(call.destinations)} destination slots"
        )
    for slot, kind, answer in zip(call.destinations, call.destination_types, answers, strict=True):
        _write_value(memory, slot, kind, answer)
    return count


def _cell(memory: list[int], address: Address) -> int:
    return read(memory, memory[0] + address.offset if address.is_relative else address.offset)


def _read_value(memory: list[int], slot: Address | HeapArray | HeapVector, kind: ValueType) -> list[int]:
    match slot, kind:
        case Address(), SimpleType():
            return [_cell(memory, slot)]
        case HeapArray(), ArrayType(items, size):
            return _read_items(memory, _cell(memory, slot.pointer), items, size)
        case HeapVector(), VectorType(items):
            cells = _cell(memory, slot.size)
            return _read_items(memory, _cell(memory, slot.pointer), items, cells // max(1, len(items)))
        case _:
            raise AssertionError("the decoder matches slots and types")


def _read_items(memory: list[int], start: int, items: tuple[ValueType, ...], size: int) -> list[int]:
    _check_weight(items, size)
    if all(isinstance(item, SimpleType) for item in items):
        return read_range(memory, start, size * len(items))
    values: list[int] = []
    for place, item in enumerate(items * size, start):
        match item:
            case SimpleType():
                values.append(read(memory, place))
            case ArrayType(inner, count):
                values += _read_items(memory, read(memory, place) + 1, inner, count)
            case VectorType():
                raise ForeignCallShapeError("a vector within an array can not be passed to a foreign call")
            case _:
                assert_never(item)
    return values


def _write_value(
    memory: list[int], slot: Address | HeapArray | HeapVector, kind: ValueType, answer: int | Sequence[int]
) -> None:
    match slot, kind:
        case Address(), SimpleType(width):
            if not isinstance(answer, int):
                if len(answer) != 1:
                    raise _size_error(1, len(answer))
                raise ForeignCallShapeError(
                    "Function result size does not match brillig bytecode. "
                    f"Expected 1 result but got Array([{answer[0]}])"
                )
            address = memory[0] + slot.offset if slot.is_relative else slot.offset
            write(memory, address, _fitting(answer, width))
        case HeapArray(), ArrayType(items, size):
            expected = _flat_size(items, size)
            if isinstance(answer, int):
                if expected != 1:
                    raise _size_error(expected, 1)
                raise ForeignCallShapeError(_ONE_FOR_ARRAY)
            if len(answer) != expected:
                raise _size_error(expected, len(answer))
            _write_items(memory, _cell(memory, slot.pointer), items, size, answer)
        case HeapVector(), VectorType(items):
            if isinstance(answer, int):
                raise ForeignCallShapeError(_ONE_FOR_ARRAY)
            values = answer
            if (
                not items
                or not all(isinstance(item, SimpleType) for item in items)
                or len(values) % len(items)
            ):
                raise ForeignCallShapeError("a foreign call result does not fit in a vector")
            start = _cell(memory, slot.pointer)
            size = slot.size.offset + (memory[0] if slot.size.is_relative else 0)
            write(memory, size, len(values))
            _write_items(memory, start, items, len(values) // len(items), values)
        case _:
            raise AssertionError("the decoder matches slots and types")


def _write_items(
    memory: list[int], start: int, items: tuple[ValueType, ...], size: int, values: Sequence[int]
) -> None:
    _check_weight(items, size)
    if all(isinstance(item, SimpleType) for item in items):
        widths = cycle([item.width for item in items if isinstance(item, SimpleType)])
        if not all(_fits(value, width) for value, width in zip(values, widths, strict=False)):
            shown = ", ".join(str(value) for value in values[:_SHOWN_VALUES])
            raise ForeignCallShapeError(
                f"Foreign call result values [{shown}] do not match expected bit sizes"
            )
        write_range(memory, start, list(values))
        return
    used = 0
    for place, item in enumerate(items * size, start):
        match item:
            case SimpleType(width):
                write(memory, place, _fitting(values[used], width))
                used += 1
            case ArrayType(inner, count):
                part = values[used : used + _flat_size(inner, count)]
                _write_items(memory, read(memory, place) + 1, inner, count, part)
                used += len(part)
            case VectorType():
                raise ForeignCallShapeError(
                    "a vector within an array can not be the result of a foreign call"
                )
            case _:
                assert_never(item)


def _flat_size(items: tuple[ValueType, ...], size: int) -> int:
    return size * sum(
        _flat_size(item.items, item.size) if isinstance(item, ArrayType) else 1 for item in items
    )


def _weight(items: tuple[ValueType, ...], size: int) -> int:
    """Count the cells that are visited, pointers included."""
    return size * sum(
        1 + (_weight(item.items, item.size) if isinstance(item, ArrayType) else 0) for item in items
    )


def _check_weight(items: tuple[ValueType, ...], size: int) -> None:
    if _weight(items, size) > _MAX_VALUES:
        raise ExecutionLimitError(f"a value of a foreign call has more than {_MAX_VALUES} cells")


def _size_error(expected: int, got: int) -> ForeignCallShapeError:
    return ForeignCallShapeError(
        f"Foreign call return value does not match expected size. Expected {expected} but got {got}"
    )


def _fits(value: int, width: int) -> bool:
    return 0 <= value < (FR_MODULUS if width == FIELD else 1 << width)


def _fitting(value: int, width: int) -> int:
    if not _fits(value, width):
        kind = f"Integer(U{width})" if width else "Field"
        raise ForeignCallShapeError(f"Foreign call result value {value} does not fit in bit size {kind}")
    return value
