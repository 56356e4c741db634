"""ADD, SUB, MUL, DIV, FDIV.

Authority: @aztec/simulator src/public/avm/opcodes/arithmetic.ts; texts of the native simulator (4.1.2).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from aztecd.avm.addressing import require_tag, resolve
from aztecd.avm.errors import ExceptionalHalt
from aztecd.avm.tags import FF, TAG_NAMES, wrap
from aztecd.crypto.field import FR_MODULUS

if TYPE_CHECKING:
    from aztecd.avm.bytecode import Instruction
    from aztecd.avm.frame import Frame

__all__ = ["add", "divide", "field_divide", "multiply", "subtract"]


def add(frame: Frame, instruction: Instruction) -> None:
    """Add two values of one tag, wrapping around."""
    # OPERANDS
    left, right, target = resolve(frame, instruction)
    memory = frame.memory

    # GAS
    frame.charge(instruction.l2_gas, instruction.da_gas)

    # OPERATION
    tag = memory.tag(left)
    if tag != memory.tag(right):
        raise _mismatch("add", tag, memory.tag(right))
    memory.write(target, tag, wrap(memory.value(left) + memory.value(right), tag))

    # PROGRAM COUNTER
    frame.pc = instruction.next_pc


def subtract(frame: Frame, instruction: Instruction) -> None:
    """Subtract two values of one tag, wrapping around."""
    # OPERANDS
    left, right, target = resolve(frame, instruction)
    memory = frame.memory

    # GAS
    frame.charge(instruction.l2_gas, instruction.da_gas)

    # OPERATION
    tag = memory.tag(left)
    if tag != memory.tag(right):
        # The one mismatch that the native simulator does not explain.
        raise ExceptionalHalt("Alu sub operation failed")
    memory.write(target, tag, wrap(memory.value(left) - memory.value(right), tag))

    # PROGRAM COUNTER
    frame.pc = instruction.next_pc


def multiply(frame: Frame, instruction: Instruction) -> None:
    """Multiply two values of one tag, wrapping around."""
    # OPERANDS
    left, right, target = resolve(frame, instruction)
    memory = frame.memory

    # GAS
    frame.charge(instruction.l2_gas, instruction.da_gas)

    # OPERATION
    tag = memory.tag(left)
    if tag != memory.tag(right):
        raise _mismatch("mul", tag, memory.tag(right))
    memory.write(target, tag, wrap(memory.value(left) * memory.value(right), tag))

    # PROGRAM COUNTER
    frame.pc = instruction.next_pc


def divide(frame: Frame, instruction: Instruction) -> None:
    """Divide two integers of one tag, rounding down."""
    # OPERANDS
    left, right, target = resolve(frame, instruction)
    memory = frame.memory

    # GAS
    frame.charge(instruction.l2_gas, instruction.da_gas)

    # OPERATION
    tag = memory.tag(left)
    if tag == FF:
        raise ExceptionalHalt(
            "Alu div operation failed: ALU Exception: DIV, Mismatched tags: "
            "Cannot perform integer division on a field element"
        )
    if tag != memory.tag(right):
        raise _mismatch("div", tag, memory.tag(right))
    divisor = memory.value(right)
    if divisor == 0:
        raise _division_by_zero("div")
    memory.write(target, tag, memory.value(left) // divisor)

    # PROGRAM COUNTER
    frame.pc = instruction.next_pc


def field_divide(frame: Frame, instruction: Instruction) -> None:
    """Multiply a field element by the inverse of another."""
    # OPERANDS
    left, right, target = resolve(frame, instruction)
    dividend = require_tag(frame, left, FF, 0)
    divisor = require_tag(frame, right, FF, 1)

    # GAS
    frame.charge(instruction.l2_gas, instruction.da_gas)

    # OPERATION
    if divisor == 0:
        raise _division_by_zero("fdiv")
    frame.memory.write(target, FF, dividend * pow(divisor, -1, FR_MODULUS) % FR_MODULUS)

    # PROGRAM COUNTER
    frame.pc = instruction.next_pc


def _mismatch(operation: str, left: int, right: int) -> ExceptionalHalt:
    return ExceptionalHalt(
        f"Alu {operation} operation failed: ALU Exception: {operation.upper()}, Mismatched tags: "
        f"Cannot perform operation between different types: {TAG_NAMES[left]} and {TAG_NAMES[right]}"
    )


def _division_by_zero(operation: str) -> ExceptionalHalt:
    return ExceptionalHalt(
        f"Alu {operation} operation failed: ALU Exception: {operation.upper()}, Division by zero: "
        "Dividing numeric value by zero"
    )
