"""What each opcode does: one function per instruction, one module per family, and the table of them all.

Every function takes the call's frame and the decoded instruction, and has the same sections in the same
order: OPERANDS (addresses, tags that are prescribed for operands), GAS, OPERATION, PROGRAM COUNTER. The order
decides which message a failing instruction reports.

Authority: @aztec/simulator src/public/avm/opcodes/, and the native simulator in @aztec/bb.js (4.1.2).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from aztecd.avm.bytecode import OPCODES, Instruction
from aztecd.avm.frame import Frame
from aztecd.avm.instructions import (
    arithmetic,
    bitwise,
    comparison,
    control_flow,
    environment,
    external_calls,
    gadgets,
    memory,
    output,
    state,
)

__all__ = ["EXECUTE", "Execute"]

Execute = Callable[[Frame, Instruction], None]

_BY_NAME: Final[dict[str, Execute]] = {
    "ADD": arithmetic.add,
    "SUB": arithmetic.subtract,
    "MUL": arithmetic.multiply,
    "DIV": arithmetic.divide,
    "FDIV": arithmetic.field_divide,
    "EQ": comparison.equal,
    "LT": comparison.less_than,
    "LTE": comparison.less_than_or_equal,
    "AND": bitwise.bitwise_and,
    "OR": bitwise.bitwise_or,
    "XOR": bitwise.bitwise_xor,
    "NOT": bitwise.bitwise_not,
    "SHL": bitwise.shift_left,
    "SHR": bitwise.shift_right,
    "CAST": memory.cast,
    "GETENVVAR": environment.get_environment_variable,
    "CALLDATACOPY": memory.calldata_copy,
    "SUCCESSCOPY": memory.success_copy,
    "RETURNDATASIZE": memory.returndata_size,
    "RETURNDATACOPY": memory.returndata_copy,
    "JUMP": control_flow.jump,
    "JUMPI": control_flow.jump_if,
    "INTERNALCALL": control_flow.internal_call,
    "INTERNALRETURN": control_flow.internal_return,
    "SET": memory.set_value,
    "MOV": memory.move,
    "SLOAD": state.storage_load,
    "SSTORE": state.storage_store,
    "NOTEHASHEXISTS": state.note_hash_exists,
    "EMITNOTEHASH": state.emit_note_hash,
    "NULLIFIEREXISTS": state.nullifier_exists,
    "EMITNULLIFIER": state.emit_nullifier,
    "L1TOL2MSGEXISTS": state.l1_to_l2_message_exists,
    "GETCONTRACTINSTANCE": state.get_contract_instance,
    "EMITPUBLICLOG": output.emit_public_log,
    "SENDL2TOL1MSG": output.send_l2_to_l1_message,
    "CALL": external_calls.call,
    "STATICCALL": external_calls.static_call,
    "RETURN": control_flow.return_data,
    "REVERT": control_flow.revert,
    "DEBUGLOG": output.debug_log,
    "POSEIDON2": gadgets.poseidon2_permutation,
    "SHA256COMPRESSION": gadgets.sha256_compression,
    "KECCAKF1600": gadgets.keccak_f1600,
    "ECADD": gadgets.ec_add,
    "TORADIXBE": gadgets.to_radix,
}

EXECUTE: Final[tuple[Execute, ...]] = tuple(_BY_NAME[spec.family] for spec in OPCODES)
"""By opcode. The forms of an instruction with operands of other widths share one function."""
