"""GETENVVAR.

Authority: @aztec/simulator src/public/avm/opcodes/environment_getters.ts (4.1.2).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from aztecd.avm.addressing import resolve
from aztecd.avm.errors import ExceptionalHalt
from aztecd.avm.tags import FF, U1, U32, U64, U128

if TYPE_CHECKING:
    from aztecd.avm.bytecode import Instruction
    from aztecd.avm.frame import Frame

__all__ = ["get_environment_variable"]


def get_environment_variable(frame: Frame, instruction: Instruction) -> None:
    """Write a value of the call, the transaction or the block; gas left counts this instruction's charge."""
    # OPERANDS
    (target,) = resolve(frame, instruction)

    # GAS
    frame.charge(instruction.l2_gas, instruction.da_gas)

    # OPERATION
    tag, value = _variable(frame, instruction.immediate)
    frame.memory.write(target, tag, value)

    # PROGRAM COUNTER
    frame.pc = instruction.next_pc


def _variable(frame: Frame, number: int) -> tuple[int, int]:
    block = frame.environment.globals
    match number:
        case 0:
            return FF, frame.address
        case 1:
            return FF, frame.sender
        case 2:
            return FF, frame.environment.transaction_fee
        case 3:
            return FF, block.chain_id
        case 4:
            return FF, block.version
        case 5:
            return U32, block.block_number
        case 6:
            return U64, block.timestamp
        case 7:
            return U128, block.fee_per_l2_gas
        case 8:
            return U128, block.fee_per_da_gas
        case 9:
            return U1, int(frame.is_static)
        case 10:
            return U32, frame.l2_gas
        case 11:
            return U32, frame.da_gas
        case _:
            raise ExceptionalHalt("Invalid environment variable enum value")
