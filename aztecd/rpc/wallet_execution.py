"""How executed private calls look to clients of a wallet.

The public inputs go as the reference's bytes. What a client could not use is left empty: bytecode,
verification keys and witnesses, and what holds secrets of the accounts: the tags, and in the public inputs
the keys siloed for contracts, with which an application could follow the accounts' notes for ever.

Authority: @aztec/stdlib src/tx/{private_execution_result,simulated_tx}.ts,
src/kernel/private_circuit_public_inputs.ts (`toBuffer`) (4.1.2).
"""

from __future__ import annotations

import base64
from collections.abc import Sequence
from typing import Final

from aztecd.constants import (
    MAX_CONTRACT_CLASS_LOGS_PER_CALL,
    MAX_ENQUEUED_CALLS_PER_CALL,
    MAX_KEY_VALIDATION_REQUESTS_PER_CALL,
    MAX_L2_TO_L1_MSGS_PER_CALL,
    MAX_NOTE_HASH_READ_REQUESTS_PER_CALL,
    MAX_NOTE_HASHES_PER_CALL,
    MAX_NULLIFIER_READ_REQUESTS_PER_CALL,
    MAX_NULLIFIERS_PER_CALL,
    MAX_PRIVATE_CALL_STACK_LENGTH_PER_CALL,
    MAX_PRIVATE_LOGS_PER_CALL,
    PRIVATE_LOG_SIZE_IN_FIELDS,
)
from aztecd.crypto.field import FR_ZERO, Fr
from aztecd.protocol.codec import JsonValue
from aztecd.protocol.tx import HashedValues
from aztecd.protocol.tx_data import TxConstantData
from aztecd.pxe.execution.result import ExecutedCall, PrivateExecutionResult
from aztecd.pxe.kernel import CircuitInputs
from aztecd.pxe.kernel.public_inputs import CallContext, EnqueuedRequest, PublicRequest

__all__ = ["circuit_inputs_bytes", "execution_to_json", "public_only_execution"]

_NO_REQUEST: Final = EnqueuedRequest(FR_ZERO, FR_ZERO, False, FR_ZERO)


def execution_to_json(result: PrivateExecutionResult, constants: TxConstantData) -> JsonValue:
    """Give the tree of calls, the first nullifier and the calldata of public calls."""
    return {
        "entrypoint": _call(result.entrypoint, constants),
        "firstNullifier": _hex(result.first_nullifier),
        "publicFunctionCalldata": [item.to_json() for item in result.public_function_calldata],
    }


def public_only_execution(
    constants: TxConstantData,
    requests: Sequence[PublicRequest],
    calldata: Sequence[HashedValues],
    first_nullifier: Fr,
) -> JsonValue:
    """Give what a simulation without private calls has in its place: an entrypoint that only enqueued."""
    inputs = CircuitInputs(
        context=CallContext(FR_ZERO, FR_ZERO, FR_ZERO, False),
        args_hash=FR_ZERO,
        returns_hash=FR_ZERO,
        header=tuple(constants.anchor_block_header.to_fields()),
        tx_context=tuple(constants.tx_context.to_fields()),
        min_revertible_counter=0,
        is_fee_payer=False,
        expiration_timestamp=0,
        start_counter=0,
        end_counter=len(requests) + 1,
        expected_non_revertible_counter=0,
        expected_revertible_counter=0,
        note_hash_reads=(),
        nullifier_reads=(),
        key_validations=(),
        nested_calls=(),
        public_calls=tuple(requests),
        teardown_call=None,
        note_hashes=(),
        nullifiers=(),
        messages=(),
        private_logs=(),
        class_logs=(),
    )
    entrypoint = _entry(circuit_inputs_bytes(inputs, constants))
    return {
        "entrypoint": entrypoint,
        "firstNullifier": _hex(first_nullifier),
        "publicFunctionCalldata": [item.to_json() for item in calldata],
    }


def circuit_inputs_bytes(inputs: CircuitInputs, constants: TxConstantData) -> bytes:
    """Write the public inputs of a call, zero for secret keys.

    Header and transaction context come from `constants`.
    """
    out = bytearray()
    out += _context(inputs.context) + inputs.args_hash + inputs.returns_hash
    out += constants.anchor_block_header.encode() + constants.tx_context.encode()
    out += _number(inputs.min_revertible_counter, 32) + _flag(inputs.is_fee_payer)
    out += _number(inputs.expiration_timestamp, 8)
    out += _number(inputs.start_counter, 32) + _number(inputs.end_counter, 32)
    out += _number(inputs.expected_non_revertible_counter, 32)
    out += _number(inputs.expected_revertible_counter, 32)
    reads = [item.value + _number(item.counter, 4) + item.contract_address for item in inputs.note_hash_reads]
    out += _array(reads, MAX_NOTE_HASH_READ_REQUESTS_PER_CALL, 68)
    reads = [item.value + _number(item.counter, 4) + item.contract_address for item in inputs.nullifier_reads]
    out += _array(reads, MAX_NULLIFIER_READ_REQUESTS_PER_CALL, 68)
    keys = [
        item.public_key_x + item.public_key_y + FR_ZERO + _number(item.separator, 32)
        for item in inputs.key_validations
    ]
    out += _array(keys, MAX_KEY_VALIDATION_REQUESTS_PER_CALL, 128)
    nested = [
        _context(item.context)
        + item.args_hash
        + item.returns_hash
        + _number(item.start_counter, 4)
        + _number(item.end_counter, 4)
        for item in inputs.nested_calls
    ]
    out += _array(nested, MAX_PRIVATE_CALL_STACK_LENGTH_PER_CALL, 141)
    enqueued = [_request(item.request) + _number(item.counter, 4) for item in inputs.public_calls]
    out += _array(enqueued, MAX_ENQUEUED_CALLS_PER_CALL, 101)
    out += _request(inputs.teardown_call or _NO_REQUEST)
    notes = [item.value + _number(item.counter, 4) for item in inputs.note_hashes]
    out += _array(notes, MAX_NOTE_HASHES_PER_CALL, 36)
    nullifiers = [item.value + item.note_hash + _number(item.counter, 4) for item in inputs.nullifiers]
    out += _array(nullifiers, MAX_NULLIFIERS_PER_CALL, 68)
    messages = [item.recipient[12:] + item.content + _number(item.counter, 4) for item in inputs.messages]
    out += _array(messages, MAX_L2_TO_L1_MSGS_PER_CALL, 56)
    logs = [
        b"".join(item.fields)
        + _number(item.length, 4)
        + _number(item.note_hash_counter, 4)
        + _number(item.counter, 4)
        for item in inputs.private_logs
    ]
    out += _array(logs, MAX_PRIVATE_LOGS_PER_CALL, 32 * PRIVATE_LOG_SIZE_IN_FIELDS + 12)
    hashes = [item.value + _number(item.length, 4) + _number(item.counter, 4) for item in inputs.class_logs]
    out += _array(hashes, MAX_CONTRACT_CLASS_LOGS_PER_CALL, 40)
    return bytes(out)


def _call(call: ExecutedCall, constants: TxConstantData) -> dict[str, JsonValue]:
    entry = _entry(circuit_inputs_bytes(call.inputs, constants))
    entry["newNotes"] = [
        {
            "note": _base64(_number(len(note.items), 4) + b"".join(note.items)),
            "storageSlot": _hex(note.storage_slot),
            "randomness": _hex(note.randomness),
            "noteTypeId": _hex(_number(note.note_type_id, 4)),
        }
        for note in call.new_notes
    ]
    entry["noteHashNullifierCounterMap"] = [list(pair) for pair in call.nullifier_of_note.items()]
    entry["returnValues"] = [_hex(value) for value in call.return_values]
    entry["offchainEffects"] = [{"data": [_hex(item) for item in data]} for data in call.offchain_effects]
    entry["nestedExecutionResults"] = [_call(nested, constants) for nested in call.nested]
    entry["contractClassLogs"] = [
        {"log": item.log.to_json(), "counter": item.counter} for item in call.class_logs
    ]
    return entry


def _entry(public_inputs: bytes) -> dict[str, JsonValue]:
    return {
        "acir": "",
        "vk": "",
        "partialWitness": [],
        "publicInputs": _base64(public_inputs),
        "newNotes": [],
        "noteHashNullifierCounterMap": [],
        "returnValues": [],
        "offchainEffects": [],
        "preTags": [],
        "nestedExecutionResults": [],
        "contractClassLogs": [],
    }


def _context(context: CallContext) -> bytes:
    return context.msg_sender + context.contract_address + context.selector[-4:] + _flag(context.is_static)


def _request(request: EnqueuedRequest) -> bytes:
    return request.msg_sender + request.contract_address + _flag(request.is_static) + request.calldata_hash


def _array(items: Sequence[bytes], count: int, size: int) -> bytes:
    """Give claimed items, zeros for the others, and the number of claimed ones."""
    return b"".join(items) + bytes(size * (count - len(items))) + _number(len(items), 4)


def _number(value: int, size: int) -> bytes:
    return value.to_bytes(size, "big")


def _flag(value: bool) -> bytes:
    return b"\1" if value else b"\0"


def _hex(value: bytes) -> str:
    return "0x" + value.hex()


def _base64(value: bytes) -> str:
    return base64.b64encode(value).decode()
