"""Public storage, note hashes, nullifiers, messages from L1, and instances of contracts.

Authority: @aztec/simulator src/public/avm/opcodes/storage.ts, accrued_substate.ts, contract.ts; texts of the
native simulator (4.1.2).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from aztecd.avm.addressing import require_tag, resolve
from aztecd.avm.errors import ExceptionalHalt, NullifierCollisionError, SideEffectLimitError
from aztecd.avm.memory import MEMORY_SIZE
from aztecd.avm.tags import FF, U1, U64

if TYPE_CHECKING:
    from aztecd.avm.bytecode import Instruction
    from aztecd.avm.frame import Frame

__all__ = [
    "emit_note_hash",
    "emit_nullifier",
    "get_contract_instance",
    "l1_to_l2_message_exists",
    "note_hash_exists",
    "nullifier_exists",
    "storage_load",
    "storage_store",
]

_COLD_SLOT_DA_GAS: Final = 64
_INSTANCE_MEMBERS: Final = 3


def storage_load(frame: Frame, instruction: Instruction) -> None:
    """Read a public storage slot of any contract."""
    # OPERANDS
    slot_operand, address_operand, target = resolve(frame, instruction)
    slot = require_tag(frame, slot_operand, FF, 0)
    address = require_tag(frame, address_operand, FF, 1)

    # GAS
    frame.charge(instruction.l2_gas, instruction.da_gas)

    # OPERATION
    frame.memory.write(target, FF, frame.world.storage_value(address, slot))

    # PROGRAM COUNTER
    frame.pc = instruction.next_pc


def storage_store(frame: Frame, instruction: Instruction) -> None:
    """Write a public storage slot of the contract itself; the first write of a slot costs DA gas."""
    # OPERANDS
    value_operand, slot_operand = resolve(frame, instruction)
    value = require_tag(frame, value_operand, FF, 0)
    slot = require_tag(frame, slot_operand, FF, 1)
    world = frame.world

    # GAS
    is_cold = world.is_slot_cold(frame.address, slot)
    frame.charge(instruction.l2_gas, instruction.da_gas + (_COLD_SLOT_DA_GAS if is_cold else 0))

    # OPERATION
    _require_mutable(frame, "SSTORE", "write to storage")
    try:
        world.write_storage(frame.address, slot, value)
    except SideEffectLimitError as error:
        raise ExceptionalHalt(f"SSTORE: {error}") from error

    # PROGRAM COUNTER
    frame.pc = instruction.next_pc


def note_hash_exists(frame: Frame, instruction: Instruction) -> None:
    """Tell whether the note hash tree has a unique note hash at an index."""
    # OPERANDS
    hash_operand, index_operand, target = resolve(frame, instruction)
    note_hash = require_tag(frame, hash_operand, FF, 0)
    index = require_tag(frame, index_operand, U64, 1)

    # GAS
    frame.charge(instruction.l2_gas, instruction.da_gas)

    # OPERATION
    frame.memory.write(target, U1, int(frame.world.has_note_hash(note_hash, index)))

    # PROGRAM COUNTER
    frame.pc = instruction.next_pc


def emit_note_hash(frame: Frame, instruction: Instruction) -> None:
    """Append a note hash of the contract."""
    # OPERANDS
    (operand,) = resolve(frame, instruction)
    note_hash = require_tag(frame, operand, FF, 0)

    # GAS
    frame.charge(instruction.l2_gas, instruction.da_gas)

    # OPERATION
    _require_mutable(frame, "EMITNOTEHASH", "emit note hash")
    try:
        frame.world.emit_note_hash(frame.address, note_hash)
    except SideEffectLimitError as error:
        raise ExceptionalHalt(f"EMITNOTEHASH: {error}") from error

    # PROGRAM COUNTER
    frame.pc = instruction.next_pc


def nullifier_exists(frame: Frame, instruction: Instruction) -> None:
    """Tell whether a siloed nullifier exists."""
    # OPERANDS
    nullifier_operand, target = resolve(frame, instruction)
    nullifier = require_tag(frame, nullifier_operand, FF, 0)

    # GAS
    frame.charge(instruction.l2_gas, instruction.da_gas)

    # OPERATION
    frame.memory.write(target, U1, int(frame.world.has_nullifier(nullifier)))

    # PROGRAM COUNTER
    frame.pc = instruction.next_pc


def emit_nullifier(frame: Frame, instruction: Instruction) -> None:
    """Insert a nullifier of the contract."""
    # OPERANDS
    (operand,) = resolve(frame, instruction)
    nullifier = require_tag(frame, operand, FF, 0)

    # GAS
    frame.charge(instruction.l2_gas, instruction.da_gas)

    # OPERATION
    _require_mutable(frame, "EMITNULLIFIER", "emit nullifier")
    try:
        frame.world.emit_nullifier(frame.address, nullifier)
    except SideEffectLimitError as error:
        raise ExceptionalHalt(f"EMITNULLIFIER: {error}") from error
    except NullifierCollisionError as error:
        raise ExceptionalHalt(
            f"EMITNULLIFIER: Attempted to emit duplicate nullifier 0x{nullifier:064x} "
            f"(contract address: 0x{frame.address:064x})."
        ) from error

    # PROGRAM COUNTER
    frame.pc = instruction.next_pc


def l1_to_l2_message_exists(frame: Frame, instruction: Instruction) -> None:
    """Tell whether the L1-to-L2 message tree has a message at an index."""
    # OPERANDS
    hash_operand, index_operand, target = resolve(frame, instruction)
    message_hash = require_tag(frame, hash_operand, FF, 0)
    index = require_tag(frame, index_operand, U64, 1)

    # GAS
    frame.charge(instruction.l2_gas, instruction.da_gas)

    # OPERATION
    frame.memory.write(target, U1, int(frame.world.has_l1_to_l2_message(message_hash, index)))

    # PROGRAM COUNTER
    frame.pc = instruction.next_pc


def get_contract_instance(frame: Frame, instruction: Instruction) -> None:
    """Write whether an instance is deployed, and one member: deployer, class or initialization hash."""
    # OPERANDS
    address_operand, target = resolve(frame, instruction)
    address = require_tag(frame, address_operand, FF, 0)

    # GAS
    frame.charge(instruction.l2_gas, instruction.da_gas)

    # OPERATION
    member = instruction.immediate
    prefix = "GetContractInstance Exception: Error in GetContractInstance: "
    if target + 2 > MEMORY_SIZE:
        raise ExceptionalHalt(f"{prefix}Write dst out of range: 0x{target:x}")
    if member >= _INSTANCE_MEMBERS:
        raise ExceptionalHalt(f"{prefix}Invalid member enum: {member}")
    instance = frame.world.contract_instance(address)
    value = 0
    if instance is not None:
        value = (instance.deployer, instance.class_id, instance.initialization_hash)[member]
    frame.memory.write(target, U1, int(instance is not None))
    frame.memory.write(target + 1, FF, value)

    # PROGRAM COUNTER
    frame.pc = instruction.next_pc


def _require_mutable(frame: Frame, name: str, action: str) -> None:
    if frame.is_static:
        raise ExceptionalHalt(
            f"{name}: Static call cannot update the state. Cannot {action} in static context"
        )
