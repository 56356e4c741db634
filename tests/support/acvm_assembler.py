"""Write private programs in the form of artifacts: raw opcodes, msgpack, gzip."""

from __future__ import annotations

import gzip
from collections.abc import Iterable, Sequence
from typing import Any

import msgpack

from aztecd.crypto.field import FR_MODULUS

Raw = Any


def element(value: int) -> bytes:
    return (value % FR_MODULUS).to_bytes(32, "big")


def expression(
    *terms: tuple[int, int], products: Iterable[tuple[int, int, int]] = (), constant: int = 0
) -> Raw:
    """The terms are (coefficient, witness)."""
    return [
        [[element(c), left, right] for c, left, right in products],
        [[element(c), witness] for c, witness in terms],
        element(constant),
    ]


def assert_zero(
    *terms: tuple[int, int], products: Iterable[tuple[int, int, int]] = (), constant: int = 0
) -> Raw:
    return {"AssertZero": expression(*terms, products=products, constant=constant)}


def witness(number: int) -> Raw:
    return {"Witness": number}


def constant(value: int) -> Raw:
    return {"Constant": element(value)}


def black_box(name: str, *arguments: Raw) -> Raw:
    return {"BlackBoxFuncCall": {name: list(arguments)}}


def memory_init(block: int, witnesses: Sequence[int]) -> Raw:
    return {"MemoryInit": [block, list(witnesses), "Memory"]}


def memory_op(block: int, is_write: bool, place: Raw, value: Raw) -> Raw:
    return {"MemoryOp": [block, [expression(constant=int(is_write)), place, value]]}


def brillig_call(
    function: int, inputs: Sequence[Raw], outputs: Sequence[int], predicate: Raw | None = None
) -> Raw:
    return {
        "BrilligCall": [
            function,
            [{"Single": item} for item in inputs],
            [{"Simple": output} for output in outputs],
            expression(constant=1) if predicate is None else predicate,
        ]
    }


def program(
    opcodes: Sequence[Raw],
    parameters: int = 0,
    functions: Sequence[Sequence[Raw]] = (),
    *,
    returned: Sequence[int] = (),
    messages: Sequence[Raw] = (),
    witnesses: int = 64,
) -> bytes:
    """Pack a program whose first witnesses are its (private) parameters."""
    circuit = [
        "main",
        witnesses - 1,
        list(opcodes),
        list(range(parameters)),
        [],
        list(returned),
        list(messages),
    ]
    return pack([[circuit], [[f"function_{i}", list(code)] for i, code in enumerate(functions)]])


def pack(value: Raw) -> bytes:
    return gzip.compress(b"\x03" + msgpack.packb(value), mtime=0)


def unconstrained(
    code: Sequence[Raw], inputs: Sequence[int] = (), outputs: int = 1, messages: Sequence[Raw] = ()
) -> bytes:
    """A program of one call of unconstrained code, whose results are the values that it returns."""
    count = len(inputs)
    results = range(count, count + outputs)
    call = brillig_call(0, [expression((1, w)) for w in range(count)], results)
    return program(
        [call], count, [code], returned=results, messages=messages, witnesses=max(1, count + outputs)
    )


# Unconstrained opcodes. A cell is a number (direct) or a text such as "s+3" (relative).

Cell = int | str


def cell(place: Cell) -> Raw:
    return {"Direct": place} if isinstance(place, int) else {"Relative": int(place.removeprefix("s+"))}


def width(bits: int) -> Raw:
    return {"Integer": f"U{bits}"} if bits else "Field"


def const(target: Cell, value: int, bits: int = 32) -> Raw:
    return {"Const": [cell(target), width(bits), element(value)]}


def indirect_const(pointer: Cell, value: int, bits: int = 32) -> Raw:
    return {"IndirectConst": [cell(pointer), width(bits), element(value)]}


def mov(target: Cell, source: Cell) -> Raw:
    return {"Mov": [cell(target), cell(source)]}


def conditional_mov(target: Cell, if_true: Cell, if_false: Cell, condition: Cell) -> Raw:
    return {"ConditionalMov": [cell(target), cell(if_true), cell(if_false), cell(condition)]}


def integer(target: Cell, operation: str, bits: int, left: Cell, right: Cell) -> Raw:
    return {"BinaryIntOp": [cell(target), operation, f"U{bits}", cell(left), cell(right)]}


def field(target: Cell, operation: str, left: Cell, right: Cell) -> Raw:
    return {"BinaryFieldOp": [cell(target), operation, cell(left), cell(right)]}


def invert(target: Cell, source: Cell, bits: int) -> Raw:
    return {"Not": [cell(target), cell(source), f"U{bits}"]}


def cast(target: Cell, source: Cell, bits: int) -> Raw:
    return {"Cast": [cell(target), cell(source), width(bits)]}


def jump(place: int) -> Raw:
    return {"Jump": [place]}


def jump_if(condition: Cell, place: int) -> Raw:
    return {"JumpIf": [cell(condition), place]}


def call(place: int) -> Raw:
    return {"Call": [place]}


RETURN: Raw = "Return"


def calldata_copy(target: Cell, size: Cell, offset: Cell) -> Raw:
    return {"CalldataCopy": [cell(target), cell(size), cell(offset)]}


def load(target: Cell, pointer: Cell) -> Raw:
    return {"Load": [cell(target), cell(pointer)]}


def store(pointer: Cell, source: Cell) -> Raw:
    return {"Store": [cell(pointer), cell(source)]}


def trap(pointer: Cell, size: Cell) -> Raw:
    return {"Trap": [[cell(pointer), cell(size)]]}


def stop(pointer: Cell, size: Cell) -> Raw:
    return {"Stop": [[cell(pointer), cell(size)]]}


def inner_black_box(name: str, *arguments: Cell | tuple[Cell, int]) -> Raw:
    """A pair is an array: the cell of its pointer, and its size."""
    return {"BlackBox": {name: [[cell(a[0]), a[1]] if isinstance(a, tuple) else cell(a) for a in arguments]}}


def foreign_call(
    name: str, destinations: Sequence[tuple[Raw, Raw]], inputs: Sequence[tuple[Raw, Raw]] = ()
) -> Raw:
    """Pairs of a slot (see below) and its type."""
    return {
        "ForeignCall": [
            name,
            [slot for slot, _ in destinations],
            [kind for _, kind in destinations],
            [slot for slot, _ in inputs],
            [kind for _, kind in inputs],
        ]
    }


def single(place: Cell, bits: int = 0) -> tuple[Raw, Raw]:
    return {"MemoryAddress": cell(place)}, {"Simple": width(bits)}


def array(pointer: Cell, size: int, bits: int = 0) -> tuple[Raw, Raw]:
    return {"HeapArray": [cell(pointer), size]}, {"Array": [[{"Simple": width(bits)}], size]}


def nested(pointer: Cell, size: int, inner: int, bits: int = 0) -> tuple[Raw, Raw]:
    """An array of `size` arrays of `inner` values."""
    kind = {"Array": [[{"Simple": width(bits)}], inner]}
    return {"HeapArray": [cell(pointer), size]}, {"Array": [[kind], size]}


def vector(pointer: Cell, size: Cell, bits: int = 0) -> tuple[Raw, Raw]:
    return {"HeapVector": [cell(pointer), cell(size)]}, {"Vector": [[{"Simple": width(bits)}]]}
