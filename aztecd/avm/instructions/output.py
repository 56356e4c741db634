"""Public logs, messages to L1, debug logs.

Authority: @aztec/simulator src/public/avm/opcodes/accrued_substate.ts, misc.ts; texts of the native
simulator (4.1.2).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from aztecd.avm.addressing import require_tag, resolve
from aztecd.avm.errors import ExceptionalHalt, SideEffectLimitError
from aztecd.avm.memory import MEMORY_SIZE
from aztecd.avm.tags import FF, TAG_NAMES, U8, U32
from aztecd.avm.world import DebugMessage

if TYPE_CHECKING:
    from aztecd.avm.bytecode import Instruction
    from aztecd.avm.frame import Frame

__all__ = ["debug_log", "emit_public_log", "send_l2_to_l1_message"]

_LOG_FIELD_L2_GAS: Final = 3
_LOG_FIELD_DA_GAS: Final = 32
_MAX_RECIPIENT: Final = (1 << 160) - 1
_MAX_LEVEL: Final = 7
_LEVEL_AND_SIZE_READS: Final = 2
_TAG_NAMES: Final = ("FF", *TAG_NAMES[1:])


def emit_public_log(frame: Frame, instruction: Instruction) -> None:
    """Emit consecutive field elements as a log of the contract."""
    # OPERANDS
    size_operand, data = resolve(frame, instruction)
    size = require_tag(frame, size_operand, U32, 0)

    # GAS
    frame.charge(instruction.l2_gas + _LOG_FIELD_L2_GAS * size, instruction.da_gas + _LOG_FIELD_DA_GAS * size)

    # OPERATION
    prefix = "EmitPublicLog Exception: Error in EmitPublicLog: "
    if data + size > MEMORY_SIZE:
        raise ExceptionalHalt(f"{prefix}Memory out of bounds")
    if not frame.world.fits_public_log(size):
        raise ExceptionalHalt(f"{prefix}Too many logs")
    if any(frame.memory.tags_of_range(data, size)):
        raise ExceptionalHalt(f"{prefix}Tag mismatch")
    if frame.is_static:
        raise ExceptionalHalt(f"{prefix}Static call cannot update the state.")
    frame.world.emit_public_log(frame.address, frame.memory.read_range(data, size))

    # PROGRAM COUNTER
    frame.pc = instruction.next_pc


def send_l2_to_l1_message(frame: Frame, instruction: Instruction) -> None:
    """Send a field element to an Ethereum address."""
    # OPERANDS
    recipient_operand, content_operand = resolve(frame, instruction)
    recipient = require_tag(frame, recipient_operand, FF, 0)
    content = require_tag(frame, content_operand, FF, 1)

    # GAS
    frame.charge(instruction.l2_gas, instruction.da_gas)

    # OPERATION
    if recipient > _MAX_RECIPIENT:
        raise ExceptionalHalt("SENDL2TOL1MSG: Recipient address is too large")
    if frame.is_static:
        raise ExceptionalHalt(
            "SENDL2TOL1MSG: Static call cannot update the state. "
            "Cannot send L2 to L1 message in static context"
        )
    try:
        frame.world.send_l2_to_l1_message(frame.address, recipient, content)
    except SideEffectLimitError as error:
        raise ExceptionalHalt(f"SENDL2TOL1MSG: {error}") from error

    # PROGRAM COUNTER
    frame.pc = instruction.next_pc


def debug_log(frame: Frame, instruction: Instruction) -> None:
    """Hand a message to whoever collects debug logs; without a collector only addresses and gas matter."""
    # OPERANDS
    level_operand, message, fields, size_operand = resolve(frame, instruction)
    memory, world = frame.memory, frame.world

    # GAS
    frame.charge(instruction.l2_gas, instruction.da_gas)

    # OPERATION
    if world.collects_debug_logs:
        message_size = instruction.immediate
        problem = _debug_log_problem(frame, level_operand, size_operand, message_size)
        if problem is None:
            text = bytes(value & 0xFF for value in memory.wrapped_range(message, message_size))
            world.debug_log(
                DebugMessage(
                    contract_address=frame.address,
                    level=memory.value(level_operand),
                    message=text.decode("utf-8", "replace"),
                    fields=tuple(memory.wrapped_range(fields, memory.value(size_operand))),
                )
            )
        else:
            world.refuse_debug_log(problem)

    # PROGRAM COUNTER
    frame.pc = instruction.next_pc


def _debug_log_problem(frame: Frame, level_operand: int, size_operand: int, message_size: int) -> str | None:
    """Say why a debug log can not be collected."""
    memory, limit = frame.memory, frame.world.max_debug_log_reads
    for operand, expected in ((level_operand, U8), (size_operand, U32)):
        tag = memory.tag(operand)
        if tag != expected:
            return (
                f"CastException: TaggedValue::as(): type mismatch. Wanted type {expected} but got "
                f"{_TAG_NAMES[tag]}({memory.value(operand)})"
            )
    level = memory.value(level_operand)
    if level > _MAX_LEVEL:
        return f"Invalid debug log level: {level}"
    reads = _LEVEL_AND_SIZE_READS + message_size + memory.value(size_operand)
    if reads > limit:
        return f"Max debug log memory reads exceeded: {reads} > {limit}"
    return None
