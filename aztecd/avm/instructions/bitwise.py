"""AND, OR, XOR, NOT, SHL, SHR.

Authority: @aztec/simulator src/public/avm/opcodes/bitwise.ts; texts of the native simulator (4.1.2).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from aztecd.avm.addressing import resolve
from aztecd.avm.errors import ExceptionalHalt
from aztecd.avm.tags import FF, MASKS, TAG_NAMES, WIDTHS

if TYPE_CHECKING:
    from aztecd.avm.bytecode import Instruction
    from aztecd.avm.frame import Frame

__all__ = [
    "BITWISE_GAS",
    "bitwise_and",
    "bitwise_not",
    "bitwise_or",
    "bitwise_xor",
    "shift_left",
    "shift_right",
]

BITWISE_GAS: Final = tuple(3 * -(-width // 8) for width in WIDTHS)
"""Dynamic L2 gas of AND, OR and XOR by the tag of the first operand: 3 for each byte."""


def bitwise_and(frame: Frame, instruction: Instruction) -> None:
    """Combine two integers of one tag bit by bit."""
    # OPERANDS
    left, right, target = resolve(frame, instruction)
    memory = frame.memory
    tag = memory.tag(left)

    # GAS
    frame.charge(instruction.l2_gas + BITWISE_GAS[tag], instruction.da_gas)

    # OPERATION
    _check_tags("AND Exeception", "AND", tag, memory.tag(right))
    memory.write(target, tag, memory.value(left) & memory.value(right))

    # PROGRAM COUNTER
    frame.pc = instruction.next_pc


def bitwise_or(frame: Frame, instruction: Instruction) -> None:
    """Combine two integers of one tag bit by bit."""
    # OPERANDS
    left, right, target = resolve(frame, instruction)
    memory = frame.memory
    tag = memory.tag(left)

    # GAS
    frame.charge(instruction.l2_gas + BITWISE_GAS[tag], instruction.da_gas)

    # OPERATION
    _check_tags("OR Exception", "OR", tag, memory.tag(right))
    memory.write(target, tag, memory.value(left) | memory.value(right))

    # PROGRAM COUNTER
    frame.pc = instruction.next_pc


def bitwise_xor(frame: Frame, instruction: Instruction) -> None:
    """Combine two integers of one tag bit by bit."""
    # OPERANDS
    left, right, target = resolve(frame, instruction)
    memory = frame.memory
    tag = memory.tag(left)

    # GAS
    frame.charge(instruction.l2_gas + BITWISE_GAS[tag], instruction.da_gas)

    # OPERATION
    _check_tags("XOR Exception", "XOR", tag, memory.tag(right))
    memory.write(target, tag, memory.value(left) ^ memory.value(right))

    # PROGRAM COUNTER
    frame.pc = instruction.next_pc


def bitwise_not(frame: Frame, instruction: Instruction) -> None:
    """Invert the bits of an integer within its width."""
    # OPERANDS
    source, target = resolve(frame, instruction)
    memory = frame.memory

    # GAS
    frame.charge(instruction.l2_gas, instruction.da_gas)

    # OPERATION
    tag = memory.tag(source)
    if tag == FF:
        raise ExceptionalHalt(
            "Alu not operation failed: ALU Exception: NOT, InvalidOperationTag: "
            "Can't do unary bitwise operations on an FF"
        )
    memory.write(target, tag, memory.value(source) ^ MASKS[tag])

    # PROGRAM COUNTER
    frame.pc = instruction.next_pc


def shift_left(frame: Frame, instruction: Instruction) -> None:
    """Shift an integer by another of the same tag; bits beyond the width are lost."""
    # OPERANDS
    left, right, target = resolve(frame, instruction)
    memory = frame.memory

    # GAS
    frame.charge(instruction.l2_gas, instruction.da_gas)

    # OPERATION
    tag = memory.tag(left)
    _check_shift_tags("SHL", tag, memory.tag(right))
    shift = memory.value(right)
    memory.write(target, tag, memory.value(left) << shift & MASKS[tag] if shift < WIDTHS[tag] else 0)

    # PROGRAM COUNTER
    frame.pc = instruction.next_pc


def shift_right(frame: Frame, instruction: Instruction) -> None:
    """Shift an integer by another of the same tag."""
    # OPERANDS
    left, right, target = resolve(frame, instruction)
    memory = frame.memory

    # GAS
    frame.charge(instruction.l2_gas, instruction.da_gas)

    # OPERATION
    tag = memory.tag(left)
    _check_shift_tags("SHR", tag, memory.tag(right))
    shift = memory.value(right)
    memory.write(target, tag, memory.value(left) >> shift if shift < WIDTHS[tag] else 0)

    # PROGRAM COUNTER
    frame.pc = instruction.next_pc


def _check_tags(prefix: str, operation: str, left: int, right: int) -> None:
    # A mismatch is found first: FF with an integer is called a mismatch.
    if left != right:
        detail = (
            "Mismatched tags: Cannot perform operation between different types: "
            f"{TAG_NAMES[left]} and {TAG_NAMES[right]}"
        )
    elif left == FF:
        detail = "InvalidOperationTag: Bitwise operations not valid for FF"
    else:
        return
    raise ExceptionalHalt(f"Bitwise {prefix}: Bitwise Exception: {operation}, {detail}")


def _check_shift_tags(operation: str, left: int, right: int) -> None:
    if left != right:
        detail = (
            "Mismatched tags: Cannot perform operation between different types: "
            f"{TAG_NAMES[left]} and {TAG_NAMES[right]}"
        )
    elif left == FF:
        detail = "InvalidOperationTag: Bitwise operations not valid for FF"
    else:
        return
    raise ExceptionalHalt(f"{operation} Exception: ALU Exception: {operation}, {detail}")
