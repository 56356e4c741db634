"""Opcodes of constrained (ACIR) and unconstrained (Brillig) programs, decoded and checked.

These are named tuples, not dataclasses: a program has a hundred thousand of them, and they are made four
times as fast. Witnesses are indices; field elements are integers below the modulus.

Authority: the artifacts of 4.1.2; their schema is the one of noir 1.0.0-beta.18.
"""

from __future__ import annotations

from enum import Enum, unique
from typing import NamedTuple

__all__ = [
    "FIELD",
    "AcirOpcode",
    "Address",
    "ArrayType",
    "AssertMessage",
    "AssertZero",
    "BinaryField",
    "BinaryInt",
    "BlackBox",
    "BlackBoxCall",
    "BrilligCall",
    "BrilligFunction",
    "BrilligOpcode",
    "Call",
    "CalldataCopy",
    "Cast",
    "Circuit",
    "ConditionalMov",
    "Const",
    "Expression",
    "ForeignCallOp",
    "HeapArray",
    "HeapVector",
    "IndirectConst",
    "Input",
    "IntegerOp",
    "Jump",
    "JumpIf",
    "Load",
    "MemoryArray",
    "MemoryInit",
    "MemoryOp",
    "Mov",
    "Not",
    "Return",
    "SimpleType",
    "Stop",
    "Store",
    "Trap",
    "ValueType",
    "VectorType",
]

FIELD = 0
"""The width of a field element; integers have 1, 8, 16, 32, 64 or 128 bits."""


# ACIR


class Expression(NamedTuple):
    """A sum: products (coefficient, witness, witness), terms (coefficient, witness), a constant."""

    products: tuple[tuple[int, int, int], ...]
    terms: tuple[tuple[int, int], ...]
    constant: int


class Input(NamedTuple):
    """An input of a black box: a witness, or a constant where `witness` is None."""

    witness: int | None
    constant: int


class MemoryArray(NamedTuple):
    """All values of a memory block, as inputs of unconstrained code."""

    block: int


class AssertZero(NamedTuple):
    """Constrain an expression; solves it when one witness has no value yet."""

    expression: Expression


class BlackBoxCall(NamedTuple):
    """Call a function outside of the arithmetic. `bits` is the width of RANGE, AND, XOR, else 0."""

    name: str
    inputs: tuple[tuple[Input, ...], ...]
    bits: int
    outputs: tuple[int, ...]


class MemoryInit(NamedTuple):
    """Make a memory block of witnesses."""

    block: int
    witnesses: tuple[int, ...]


class MemoryOp(NamedTuple):
    """Read a value of a block into the witness that `value` is, or write the value."""

    block: int
    is_write: bool
    place: Expression
    value: Expression


class BrilligCall(NamedTuple):
    """Run unconstrained code, unless the predicate is 0: then all outputs are 0."""

    function: int
    inputs: tuple[Expression | MemoryArray, ...]
    outputs: tuple[int, ...]
    predicate: Expression


AcirOpcode = AssertZero | BlackBoxCall | MemoryInit | MemoryOp | BrilligCall


class AssertMessage(NamedTuple):
    """What an assertion says when it fails: the selector of the error's type, and its parts."""

    selector: int
    payload: tuple[Expression | MemoryArray, ...]


class Circuit(NamedTuple):
    """The constrained part of a program."""

    name: str
    witness_count: int
    parameters: tuple[int, ...]
    return_values: tuple[int, ...]
    opcodes: tuple[AcirOpcode, ...]
    assert_messages: dict[str, AssertMessage]
    """By the location of the opcode that fails."""


# Brillig


class Address(NamedTuple):
    """A cell: `offset` itself, or `offset` cells after the one that cell 0 names."""

    is_relative: bool
    offset: int


class HeapArray(NamedTuple):
    """`size` cells from the one that the cell `pointer` names."""

    pointer: Address
    size: int


class HeapVector(NamedTuple):
    """The same; the cell `size` holds the size."""

    pointer: Address
    size: Address


class SimpleType(NamedTuple):
    """A number of `width` bits, or a field element."""

    width: int


class ArrayType(NamedTuple):
    """`size` times the items, which may be nested."""

    items: tuple[ValueType, ...]
    size: int


class VectorType(NamedTuple):
    """Any number of times the items."""

    items: tuple[ValueType, ...]


ValueType = SimpleType | ArrayType | VectorType


@unique
class IntegerOp(Enum):
    """The operations on two cells."""

    ADD = "Add"
    SUB = "Sub"
    MUL = "Mul"
    DIV = "Div"
    INTEGER_DIV = "IntegerDiv"
    EQUALS = "Equals"
    LESS_THAN = "LessThan"
    LESS_THAN_EQUALS = "LessThanEquals"
    AND = "And"
    OR = "Or"
    XOR = "Xor"
    SHL = "Shl"
    SHR = "Shr"


class Const(NamedTuple):
    """Set a cell."""

    target: Address
    value: int


class IndirectConst(NamedTuple):
    """Set the cell that another one names."""

    pointer: Address
    value: int


class Mov(NamedTuple):
    """Copy a cell."""

    target: Address
    source: Address


class ConditionalMov(NamedTuple):
    """Copy one of two cells."""

    target: Address
    if_true: Address
    if_false: Address
    condition: Address


class BinaryInt(NamedTuple):
    """Compute with two integers, modulo 2^width."""

    target: Address
    operation: IntegerOp
    width: int
    left: Address
    right: Address


class BinaryField(NamedTuple):
    """Compute with two field elements."""

    target: Address
    operation: IntegerOp
    left: Address
    right: Address


class Not(NamedTuple):
    """Invert all bits."""

    target: Address
    source: Address
    width: int


class Cast(NamedTuple):
    """Keep the lower `width` bits; a cast to a field element keeps all."""

    target: Address
    source: Address
    width: int


class Jump(NamedTuple):
    """Go on elsewhere."""

    target: int


class JumpIf(NamedTuple):
    """Go on elsewhere if the condition is not 0."""

    condition: Address
    target: int


class Call(NamedTuple):
    """Go on elsewhere; the next Return comes back."""

    target: int


class Return(NamedTuple):
    """Go on behind the last Call."""


class CalldataCopy(NamedTuple):
    """Copy `size` inputs, from number `offset` on, to the cells from `target` on."""

    target: Address
    size: Address
    offset: Address


class Load(NamedTuple):
    """Copy the cell that another one names."""

    target: Address
    pointer: Address


class Store(NamedTuple):
    """Copy to the cell that another one names."""

    pointer: Address
    source: Address


class ForeignCallOp(NamedTuple):
    """Ask the oracle."""

    name: str
    destinations: tuple[Address | HeapArray | HeapVector, ...]
    destination_types: tuple[ValueType, ...]
    inputs: tuple[Address | HeapArray | HeapVector, ...]
    input_types: tuple[ValueType, ...]


class BlackBox(NamedTuple):
    """Call a black box with arrays and cells of the memory; the shapes are in `black_box`."""

    name: str
    arguments: tuple[Address | HeapArray, ...]


class Trap(NamedTuple):
    """Fail with the cells of a vector: selector and payload."""

    data: HeapVector


class Stop(NamedTuple):
    """End with the cells of a vector."""

    data: HeapVector


BrilligOpcode = (
    Const
    | IndirectConst
    | Mov
    | ConditionalMov
    | BinaryInt
    | BinaryField
    | Not
    | Cast
    | Jump
    | JumpIf
    | Call
    | Return
    | CalldataCopy
    | Load
    | Store
    | ForeignCallOp
    | BlackBox
    | Trap
    | Stop
)


class BrilligFunction(NamedTuple):
    """An unconstrained function."""

    name: str
    opcodes: tuple[BrilligOpcode, ...]
