"""CALL and STATICCALL.

Authority: @aztec/simulator src/public/avm/opcodes/external_calls.ts (4.1.2).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from aztecd.avm.addressing import require_tag, resolve
from aztecd.avm.frame import DataRegion, NestedCall
from aztecd.avm.tags import FF, U32

if TYPE_CHECKING:
    from aztecd.avm.bytecode import Instruction
    from aztecd.avm.frame import Frame

__all__ = ["call", "static_call"]


def call(frame: Frame, instruction: Instruction) -> None:
    """Call a contract; inside a static call the nested one is static too."""
    _call(frame, instruction, is_static=frame.is_static)


def static_call(frame: Frame, instruction: Instruction) -> None:
    """Call a contract that may not change the state."""
    _call(frame, instruction, is_static=True)


def _call(frame: Frame, instruction: Instruction, *, is_static: bool) -> None:
    # OPERANDS
    l2_operand, da_operand, address_operand, size_operand, arguments = resolve(frame, instruction)
    wanted_l2_gas = require_tag(frame, l2_operand, U32, 0)
    wanted_da_gas = require_tag(frame, da_operand, U32, 1)
    address = require_tag(frame, address_operand, FF, 2)
    size = require_tag(frame, size_operand, U32, 3)

    # GAS
    frame.charge(instruction.l2_gas, instruction.da_gas)
    l2_gas = min(wanted_l2_gas, frame.l2_gas)
    da_gas = min(wanted_da_gas, frame.da_gas)
    frame.charge(l2_gas, da_gas)

    # OPERATION
    # This call waits while the nested one runs, so the arguments can stay where they are.
    frame.nested_call = NestedCall(
        address=address,
        calldata=DataRegion(memory=frame.memory, offset=arguments, size=size),
        is_static=is_static,
        l2_gas=l2_gas,
        da_gas=da_gas,
    )

    # PROGRAM COUNTER
    # Stays here until the nested call ends: the machine moves it on.
