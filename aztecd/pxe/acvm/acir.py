"""The plain interpreter of circuits: one opcode after the other, each solving at most one unknown.

It is the meaning of the opcodes. The compiled form does the usual quickly and hands over to this one,
before the opcode in question, whatever does not go as planned: so every error comes from here.

Authority: the behaviour of @aztec/noir-acvm_js (4.1.2) on recorded executions.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import assert_never

from aztecd.crypto.field import FR_MODULUS
from aztecd.pxe.acvm import black_box
from aztecd.pxe.acvm.errors import (
    AssertionFailedError,
    ExecutionError,
    UnsatisfiedConstraintError,
    UnsolvableError,
)
from aztecd.pxe.acvm.opcodes import (
    AcirOpcode,
    AssertZero,
    BlackBoxCall,
    BrilligCall,
    Circuit,
    Expression,
    Input,
    MemoryArray,
    MemoryInit,
    MemoryOp,
)

__all__ = ["CircuitState", "RunBrillig", "solve", "with_message"]

RunBrillig = Callable[[int, list[int], int], list[int]]
"""Runs an unconstrained function, by its number, on inputs; gives so many outputs. Raises ExecutionError."""


class CircuitState:
    """One run of a circuit. Mutable."""

    __slots__ = ("blocks", "run_brillig", "witnesses")

    def __init__(self, witness_count: int, initial: Sequence[int], run_brillig: RunBrillig) -> None:
        self.witnesses: list[int | None] = [*initial, *[None] * (witness_count - len(initial))]
        self.blocks: dict[int, list[int]] = {}
        self.run_brillig = run_brillig


def solve(circuit: Circuit, state: CircuitState, start: int = 0) -> None:
    """Execute the opcodes from number `start` to the end. Raises ExecutionError, with its place."""
    for index in range(start, len(circuit.opcodes)):
        try:
            _execute(circuit.opcodes[index], state)
        except ExecutionError as error:
            error.opcode = index
            raise with_message(error, circuit, state) from error.__cause__


def with_message(error: ExecutionError, circuit: Circuit, state: CircuitState) -> ExecutionError:
    """Make of a failed constraint what the program has to say about it; give any other error back."""
    if type(error) is not UnsatisfiedConstraintError or error.brillig_function is not None:
        return error
    message = circuit.assert_messages.get(error.location[-1])
    if message is None:
        return error
    payload: list[int] = []
    try:
        for part in message.payload:
            payload += _block(state, part.block) if isinstance(part, MemoryArray) else [_value(state, part)]
    except UnsolvableError:
        # A message of values that are not known yet says nothing: the reference leaves it away, too.
        return error
    failed = AssertionFailedError(message.selector, tuple(payload))
    failed.opcode = error.opcode
    return failed


def _execute(opcode: AcirOpcode, state: CircuitState) -> None:
    match opcode:
        case AssertZero(expression):
            _assert_zero(state, expression)
        case BlackBoxCall():
            _call_black_box(state, opcode)
        case MemoryInit(block, witnesses):
            state.blocks[block] = [_witness(state, witness) for witness in witnesses]
        case MemoryOp(block, is_write, index, value):
            values = _block(state, block)
            place = _value(state, index)
            if place >= len(values):
                raise ExecutionError(
                    f"Index out of bounds, array has size {len(values)}, but index was {place}"
                )
            if is_write:
                values[place] = _value(state, value)
            else:
                _assign(state, value.terms[0][1], values[place])
        case BrilligCall():
            _call_brillig(state, opcode)
        case _:
            assert_never(opcode)


def _assert_zero(state: CircuitState, expression: Expression) -> None:
    total = expression.constant
    unknown: dict[int, int] = {}
    for coefficient, left, right in expression.products:
        left_value, right_value = state.witnesses[left], state.witnesses[right]
        if left_value is not None and right_value is not None:
            total += coefficient * left_value * right_value
        elif left_value is not None:
            unknown[right] = unknown.get(right, 0) + coefficient * left_value
        elif right_value is not None:
            unknown[left] = unknown.get(left, 0) + coefficient * right_value
        elif coefficient:
            raise UnsolvableError(f"expression has too many unknowns w{left}*w{right}")
    for coefficient, witness in expression.terms:
        value = state.witnesses[witness]
        if value is None:
            unknown[witness] = unknown.get(witness, 0) + coefficient
        else:
            total += coefficient * value
    total %= FR_MODULUS
    # An unknown that is multiplied by 0 may be anything: it stays unknown.
    left_over = {
        w: coefficient % FR_MODULUS for w, coefficient in unknown.items() if coefficient % FR_MODULUS
    }
    if not left_over:
        if total:
            raise UnsatisfiedConstraintError
        return
    if len(left_over) > 1:
        names = " + ".join(f"w{witness}" for witness in sorted(left_over)[:5])
        raise UnsolvableError(f"expression has too many unknowns {names}")
    ((witness, coefficient),) = left_over.items()
    state.witnesses[witness] = -total * pow(coefficient, -1, FR_MODULUS) % FR_MODULUS


def _call_black_box(state: CircuitState, opcode: BlackBoxCall) -> None:
    inputs = [[_input(state, item) for item in group] for group in opcode.inputs]
    match opcode.name:
        case "RANGE":
            if inputs[0][0] >> opcode.bits:
                raise UnsatisfiedConstraintError
            return
        case "AND":
            outputs: Sequence[int] = [black_box.bitwise_and(inputs[0][0], inputs[1][0], opcode.bits)]
        case "XOR":
            outputs = [black_box.bitwise_xor(inputs[0][0], inputs[1][0], opcode.bits)]
        case name:
            outputs = black_box.ACIR_BLACK_BOXES[name](*inputs)
    for witness, value in zip(opcode.outputs, outputs, strict=True):
        _assign(state, witness, value)


def _call_brillig(state: CircuitState, opcode: BrilligCall) -> None:
    outputs = [0] * len(opcode.outputs)
    if _value(state, opcode.predicate):
        calldata: list[int] = []
        for item in opcode.inputs:
            calldata += _block(state, item.block) if isinstance(item, MemoryArray) else [_value(state, item)]
        outputs = state.run_brillig(opcode.function, calldata, len(opcode.outputs))
    for witness, value in zip(opcode.outputs, outputs, strict=True):
        _assign(state, witness, value)


def _witness(state: CircuitState, witness: int) -> int:
    value = state.witnesses[witness]
    if value is None:
        raise UnsolvableError(f"missing assignment for witness index {witness}")
    return value


def _input(state: CircuitState, item: Input) -> int:
    return item.constant if item.witness is None else _witness(state, item.witness)


def _value(state: CircuitState, expression: Expression) -> int:
    total = expression.constant
    for coefficient, left, right in expression.products:
        total += coefficient * _witness(state, left) * _witness(state, right)
    for coefficient, witness in expression.terms:
        total += coefficient * _witness(state, witness)
    return total % FR_MODULUS


def _block(state: CircuitState, block: int) -> list[int]:
    values = state.blocks.get(block)
    if values is None:
        raise UnsolvableError(f"memory block {block} is used before it is initialized")
    return values


def _assign(state: CircuitState, witness: int, value: int) -> None:
    known = state.witnesses[witness]
    if known is None:
        state.witnesses[witness] = value
    elif known != value:
        raise UnsatisfiedConstraintError
