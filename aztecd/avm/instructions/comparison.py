"""EQ, LT, LTE.

Authority: @aztec/simulator src/public/avm/opcodes/comparators.ts; texts of the native simulator (4.1.2).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from aztecd.avm.addressing import resolve
from aztecd.avm.errors import ExceptionalHalt
from aztecd.avm.tags import U1

if TYPE_CHECKING:
    from aztecd.avm.bytecode import Instruction
    from aztecd.avm.frame import Frame

__all__ = ["equal", "less_than", "less_than_or_equal"]


def equal(frame: Frame, instruction: Instruction) -> None:
    """Tell whether two values of one tag are equal."""
    # OPERANDS
    left, right, target = resolve(frame, instruction)
    memory = frame.memory

    # GAS
    frame.charge(instruction.l2_gas, instruction.da_gas)

    # OPERATION
    if memory.tag(left) != memory.tag(right):
        raise _mismatch("eq")
    memory.write(target, U1, int(memory.value(left) == memory.value(right)))

    # PROGRAM COUNTER
    frame.pc = instruction.next_pc


def less_than(frame: Frame, instruction: Instruction) -> None:
    """Tell whether the first of two values of one tag is less; field elements compare as integers."""
    # OPERANDS
    left, right, target = resolve(frame, instruction)
    memory = frame.memory

    # GAS
    frame.charge(instruction.l2_gas, instruction.da_gas)

    # OPERATION
    if memory.tag(left) != memory.tag(right):
        raise _mismatch("lt")
    memory.write(target, U1, int(memory.value(left) < memory.value(right)))

    # PROGRAM COUNTER
    frame.pc = instruction.next_pc


def less_than_or_equal(frame: Frame, instruction: Instruction) -> None:
    """Tell whether the first of two values of one tag is less or equal."""
    # OPERANDS
    left, right, target = resolve(frame, instruction)
    memory = frame.memory

    # GAS
    frame.charge(instruction.l2_gas, instruction.da_gas)

    # OPERATION
    if memory.tag(left) != memory.tag(right):
        raise _mismatch("lte")
    memory.write(target, U1, int(memory.value(left) <= memory.value(right)))

    # PROGRAM COUNTER
    frame.pc = instruction.next_pc


def _mismatch(operation: str) -> ExceptionalHalt:
    return ExceptionalHalt(
        f"Alu {operation} operation failed: ALU Exception: {operation.upper()}, "
        "Tag mismatch between operands."
    )
