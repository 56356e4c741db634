"""From the operands of an instruction to memory addresses.

Authority: @aztec/simulator src/public/avm/opcodes/addressing_mode.ts (4.1.2).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from aztecd.avm.errors import ExceptionalHalt
from aztecd.avm.memory import MEMORY_SIZE
from aztecd.avm.tags import TAG_NAMES, U32

if TYPE_CHECKING:
    from aztecd.avm.bytecode import Instruction
    from aztecd.avm.frame import Frame

__all__ = ["require_tag", "resolve"]


def resolve(frame: Frame, instruction: Instruction) -> tuple[int, ...]:
    """Give the address of each operand: first the base address is added, then the pointer followed.

    Raises: ExceptionalHalt for a base or pointer that is no U32, or a sum beyond the memory.
    """
    if instruction.is_direct:
        return instruction.operands
    memory = frame.memory
    addresses = []
    base: int | None = None
    for operand, is_indirect, is_relative in zip(
        instruction.operands, instruction.indirect, instruction.relative, strict=True
    ):
        address = operand
        if is_relative:
            if base is None:
                base = _base_address(frame)
            address += base
            if address >= MEMORY_SIZE:
                raise ExceptionalHalt(
                    f"Addressing error: Relative address out of range. Base address {base}, "
                    f"relative offset {operand}"
                )
        if is_indirect:
            tag = memory.tag(address)
            if tag != U32:
                raise ExceptionalHalt(
                    "Addressing error: Address after indirection is not a valid address "
                    f"(address U32({address})) has tag {TAG_NAMES[tag]})"
                )
            address = memory.value(address)
        addresses.append(address)
    return tuple(addresses)


def require_tag(frame: Frame, address: int, expected: int, operand: int) -> int:
    """Give the value of an operand with a prescribed tag; `operand`: its position. Raises ExceptionalHalt."""
    tag = frame.memory.tag(address)
    if tag != expected:
        raise ExceptionalHalt(
            f"Input {operand} tag {TAG_NAMES[tag]} does not match expected tag {TAG_NAMES[expected]}"
        )
    return frame.memory.value(address)


def _base_address(frame: Frame) -> int:
    tag = frame.memory.tag(0)
    if tag != U32:
        raise ExceptionalHalt(
            f"Addressing error: Base address (mem[0]) is not a valid address (has tag {TAG_NAMES[tag]})"
        )
    return frame.memory.value(0)
