"""SET, MOV, CAST, and the copies of calldata and return data.

Authority: @aztec/simulator src/public/avm/opcodes/memory.ts, external_calls.ts (SUCCESSCOPY is there);
texts of the native simulator (4.1.2).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from aztecd.avm.addressing import require_tag, resolve
from aztecd.avm.errors import ExceptionalHalt
from aztecd.avm.memory import MEMORY_SIZE
from aztecd.avm.tags import FF, U1, U32, wrap
from aztecd.crypto.field import FR_MODULUS

if TYPE_CHECKING:
    from aztecd.avm.bytecode import Instruction
    from aztecd.avm.frame import DataRegion, Frame

__all__ = [
    "calldata_copy",
    "cast",
    "move",
    "returndata_copy",
    "returndata_size",
    "set_value",
    "success_copy",
]

_GAS_PER_CELL: Final = 3


def set_value(frame: Frame, instruction: Instruction) -> None:
    """Write an immediate, cut to the width of the tag."""
    # OPERANDS
    (target,) = resolve(frame, instruction)

    # GAS
    frame.charge(instruction.l2_gas, instruction.da_gas)

    # OPERATION
    frame.memory.write(target, instruction.tag, wrap(instruction.immediate % FR_MODULUS, instruction.tag))

    # PROGRAM COUNTER
    frame.pc = instruction.next_pc


def move(frame: Frame, instruction: Instruction) -> None:
    """Copy a cell, tag and value."""
    # OPERANDS
    source, target = resolve(frame, instruction)
    memory = frame.memory

    # GAS
    frame.charge(instruction.l2_gas, instruction.da_gas)

    # OPERATION
    memory.write(target, memory.tag(source), memory.value(source))

    # PROGRAM COUNTER
    frame.pc = instruction.next_pc


def cast(frame: Frame, instruction: Instruction) -> None:
    """Write a value with another tag; an integer keeps the low bits."""
    # OPERANDS
    source, target = resolve(frame, instruction)
    memory = frame.memory

    # GAS
    frame.charge(instruction.l2_gas, instruction.da_gas)

    # OPERATION
    memory.write(target, instruction.tag, wrap(memory.value(source), instruction.tag))

    # PROGRAM COUNTER
    frame.pc = instruction.next_pc


def calldata_copy(frame: Frame, instruction: Instruction) -> None:
    """Copy calldata as field elements; behind their end there are zeros."""
    # OPERANDS
    size_operand, start_operand, target = resolve(frame, instruction)
    size = require_tag(frame, size_operand, U32, 0)
    start = require_tag(frame, start_operand, U32, 1)

    # GAS
    frame.charge(instruction.l2_gas + _GAS_PER_CELL * size, instruction.da_gas)

    # OPERATION
    _copy(frame, frame.calldata, start, size, target, "cd")

    # PROGRAM COUNTER
    frame.pc = instruction.next_pc


def returndata_copy(frame: Frame, instruction: Instruction) -> None:
    """Copy the output of the last nested call as field elements; behind its end there are zeros."""
    # OPERANDS
    size_operand, start_operand, target = resolve(frame, instruction)
    size = require_tag(frame, size_operand, U32, 0)
    start = require_tag(frame, start_operand, U32, 1)

    # GAS
    frame.charge(instruction.l2_gas + _GAS_PER_CELL * size, instruction.da_gas)

    # OPERATION
    _copy(frame, frame.last_output, start, size, target, "rd")

    # PROGRAM COUNTER
    frame.pc = instruction.next_pc


def returndata_size(frame: Frame, instruction: Instruction) -> None:
    """Write the size of the last nested call's output."""
    # OPERANDS
    (target,) = resolve(frame, instruction)

    # GAS
    frame.charge(instruction.l2_gas, instruction.da_gas)

    # OPERATION
    frame.memory.write(target, U32, frame.last_output.size)

    # PROGRAM COUNTER
    frame.pc = instruction.next_pc


def success_copy(frame: Frame, instruction: Instruction) -> None:
    """Write whether the last nested call succeeded."""
    # OPERANDS
    (target,) = resolve(frame, instruction)

    # GAS
    frame.charge(instruction.l2_gas, instruction.da_gas)

    # OPERATION
    frame.memory.write(target, U1, frame.last_success)

    # PROGRAM COUNTER
    frame.pc = instruction.next_pc


def _copy(frame: Frame, data: DataRegion, start: int, size: int, target: int, name: str) -> None:
    # The bound on reads holds even where nothing is read.
    read_bound = data.offset + min(data.size, start + size)
    write_bound = target + size
    if read_bound > MEMORY_SIZE or write_bound > MEMORY_SIZE:
        raise ExceptionalHalt(
            f"{name} copy failed: Attempting to access out of bounds memory: "
            f"read_addr_upper_bound = {read_bound} write_addr_upper_bound = {write_bound}"
        )
    frame.memory.write_range(target, FF, data.read(start, size))
