"""Jumps, internal calls, and the two instructions that end a call.

Authority: @aztec/simulator src/public/avm/opcodes/control_flow.ts, external_calls.ts (RETURN, REVERT);
texts of the native simulator (4.1.2).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from aztecd.avm.addressing import require_tag, resolve
from aztecd.avm.errors import ExceptionalHalt
from aztecd.avm.frame import DataRegion, Ending, Halt
from aztecd.avm.tags import U1, U32

if TYPE_CHECKING:
    from aztecd.avm.bytecode import Instruction
    from aztecd.avm.frame import Frame

__all__ = ["internal_call", "internal_return", "jump", "jump_if", "return_data", "revert"]


def jump(frame: Frame, instruction: Instruction) -> None:
    """Continue elsewhere; the target is checked when it is fetched."""
    # OPERANDS

    # GAS
    frame.charge(instruction.l2_gas, instruction.da_gas)

    # OPERATION

    # PROGRAM COUNTER
    frame.pc = instruction.immediate


def jump_if(frame: Frame, instruction: Instruction) -> None:
    """Continue elsewhere if a U1 is 1."""
    # OPERANDS
    (operand,) = resolve(frame, instruction)
    condition = require_tag(frame, operand, U1, 0)

    # GAS
    frame.charge(instruction.l2_gas, instruction.da_gas)

    # OPERATION

    # PROGRAM COUNTER
    frame.pc = instruction.immediate if condition else instruction.next_pc


def internal_call(frame: Frame, instruction: Instruction) -> None:
    """Continue elsewhere, and remember where to return to."""
    # OPERANDS

    # GAS
    frame.charge(instruction.l2_gas, instruction.da_gas)

    # OPERATION
    frame.call_stack.append((instruction.pc, instruction.next_pc))

    # PROGRAM COUNTER
    frame.pc = instruction.immediate


def internal_return(frame: Frame, instruction: Instruction) -> None:
    """Continue behind the last internal call."""
    # OPERANDS

    # GAS
    frame.charge(instruction.l2_gas, instruction.da_gas)

    # OPERATION
    if not frame.call_stack:
        raise ExceptionalHalt("Internal return failed: Internal call stack is empty. Cannot pop.")
    _, return_pc = frame.call_stack.pop()

    # PROGRAM COUNTER
    frame.pc = return_pc


def return_data(frame: Frame, instruction: Instruction) -> None:
    """End the call; its output is a region of memory, read when somebody asks for it."""
    # OPERANDS
    size_operand, data = resolve(frame, instruction)
    size = require_tag(frame, size_operand, U32, 0)

    # GAS
    frame.charge(instruction.l2_gas, instruction.da_gas)

    # OPERATION
    frame.ending = Ending(Halt.RETURN, DataRegion(memory=frame.memory, offset=data, size=size))

    # PROGRAM COUNTER


def revert(frame: Frame, instruction: Instruction) -> None:
    """End the call with its output, and undo its effects."""
    # OPERANDS
    size_operand, data = resolve(frame, instruction)
    size = require_tag(frame, size_operand, U32, 0)

    # GAS
    frame.charge(instruction.l2_gas, instruction.da_gas)

    # OPERATION
    frame.ending = Ending(
        Halt.REVERT, DataRegion(memory=frame.memory, offset=data, size=size), "Assertion failed: "
    )

    # PROGRAM COUNTER
