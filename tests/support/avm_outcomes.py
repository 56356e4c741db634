"""What execution made of a case, in the words of the recorded vectors, and how the two are compared."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from aztecd.avm.records import CollectionLimits
from aztecd.builder import BlockLimits
from aztecd.builder.processing import TxProcessor
from aztecd.execution import (
    VALID,
    ContractOverlay,
    ExecutionOptions,
    PublicExecutor,
    TxExecutionError,
    TxExecutor,
)
from aztecd.protocol.blobs import tx_fields
from aztecd.protocol.gas import Gas
from aztecd.protocol.hashes import fee_juice_balance_leaf_slot
from tests.support.avm_vectors import snapshots

if TYPE_CHECKING:
    from aztecd.avm.program import ProgramCache
    from aztecd.avm.records import CallRecord
    from aztecd.execution import ProcessedTx
    from aztecd.execution.public.calls import EnqueuedCall, PublicOutcome
    from tests.support.avm_vectors import Prepared

_EVERYTHING: Final = CollectionLimits(
    calldata_fields=1 << 20, output_fields=1 << 20, depth=1 << 10, calls=1 << 16, internal_calls=1 << 20
)
_NO_LIMIT: Final = (1 << 32) - 1
_NESTED_CALLDATA: Final = 16
_NESTED_OUTPUT: Final = 64
_INFORMATIVE: Final = {
    "tsMessage",
    "tsError",
    "tsRevertMessage",
    "tsDiffers",
    "assertionMessage",  # decoded by clients, with the contract's artifact
    "errorKind",  # derived from the text, which is compared
}


class Run(NamedTuple):
    """One of the ways in which every case is executed."""

    name: str
    is_fast: bool


RUNS: Final = (Run("plain", False), Run("fast", True), Run("fast again", True))
"""The second run of the fast form goes through the paths that the first compiled."""

_PHASES: Final = ("setup", "appLogic", "teardown")
_LEVELS: Final = ("silent", "fatal", "error", "warn", "info", "verbose", "debug", "trace")
_REVERT: Final = "Assertion failed: "


def execute(
    prepared: Prepared, config: Any, programs: ProgramCache, *, is_fast: bool
) -> ProcessedTx | TxExecutionError:
    """Execute the only transaction of a case; gives the error if it is thrown out."""
    options = ExecutionOptions(
        skips_fee_enforcement=config.get("skipFeeEnforcement", True),
        collects_debug_logs=config["collectDebugLogs"],
        fails_on_bad_debug_logs=True,
        limits=_EVERYTHING,
        uses_fast_form=is_fast,
    )
    executor = PublicExecutor(programs=programs, options=options)
    try:
        return executor.execute(prepared.tx, prepared.fork, prepared.global_variables, prepared.contracts)
    except TxExecutionError as error:
        return error


def block_outcome(
    prepared: Prepared, limits: Any, programs: ProgramCache, *, is_fast: bool
) -> dict[str, Any]:
    """Process the transactions of a case; give what `expected` of it holds."""
    gas = limits.get("maxBlockGas", {"l2": _NO_LIMIT, "da": _NO_LIMIT})
    executor = TxExecutor(programs=programs, options=ExecutionOptions(uses_fast_form=is_fast))
    processing = TxProcessor(
        executor=executor,
        check=lambda tx, fork, global_variables: VALID,
        fork=prepared.fork,
        global_variables=prepared.global_variables,
        contracts=ContractOverlay(prepared.contracts),
        limits=BlockLimits(
            gas=Gas(da_gas=gas["da"], l2_gas=gas["l2"]),
            blob_fields=limits.get("maxBlobFields", _NO_LIMIT),
            max_txs=limits.get("maxTransactions", _NO_LIMIT),
        ),
        is_proposal=limits.get("isBuildingProposal", False),
    ).process(prepared.txs)
    return {
        "processed": [_processed(done) for done in processing.processed],
        "failed": [{"hash": _hex(tx.tx_hash), "error": tx.reason} for tx in processing.failed],
        "usedTxs": [_hex(done.tx_hash) for done in processing.processed],
        "endTrees": snapshots(prepared.fork),
    }


def opcode_outcome(prepared: Prepared, done: ProcessedTx | TxExecutionError) -> dict[str, Any]:
    """Give what `expected` of a case of one call holds."""
    if isinstance(done, TxExecutionError):
        return {"halt": "fatal", "error": str(done)}
    outcome = _public(done)
    (call,) = outcome.calls
    assert call.record is not None
    effects = _effects(done)
    fee_slot = _hex(fee_juice_balance_leaf_slot(prepared.tx.data.fee_payer))
    # Not of the call: the first nullifier, the write of the fee.
    effects["nullifiers"] = effects["nullifiers"][1:]
    effects["publicDataWrites"] = [
        write for write in effects["publicDataWrites"] if write["leafSlot"] != fee_slot
    ]
    return {
        "halt": "return" if not call.has_reverted else "revert" if call.message == _REVERT else "exceptional",
        "output": [_number(value) for value in call.output],
        "gasUsed": _gas(call.used),
        "gasLeft": _gas(call.left),
        "instructions": call.instructions,
        "exitStack": call.record.exit_stack,
        "haltingMessage": call.message,
        "effects": effects,
        "nested": [_nested(record) for record in call.record.nested],
        "debugLogs": _debug_logs(outcome),
    }


def tx_outcome(prepared: Prepared, done: ProcessedTx | TxExecutionError) -> dict[str, Any]:
    """Give what `expected` of a case of one transaction holds."""
    if isinstance(done, TxExecutionError):
        return {"outcome": "thrown", "error": str(done), "endTrees": snapshots(prepared.fork)}
    outcome = _public(done)
    failure = outcome.failure
    return {
        "outcome": "processed",
        "revertCode": int(done.effect.revert_code),
        "gasUsed": _gas_used(done),
        "transactionFee": str(done.effect.transaction_fee),
        "effects": _effects(done),
        "returnValues": [[_hex(value) for value in values] for values in outcome.return_values],
        "calls": [_enqueued(call) for call in outcome.calls],
        "callGas": [
            {
                "allocated": _gas(call.allocated),
                "left": _gas(call.left),
                "instructions": call.instructions,
                "transactionFee": _number(call.transaction_fee),
            }
            for call in outcome.calls
            if not _is_pseudo(call)
        ],
        "revertReason": failure.to_json() if failure is not None else None,
        "debugLogs": _debug_logs(outcome),
        "endTrees": snapshots(prepared.fork),
    }


def opcode_expected(case: Any) -> dict[str, Any]:
    """Give what a case of one call expects; what it leaves out is empty."""
    expected = case["expected"]
    if expected["halt"] == "fatal":
        return {key: expected[key] for key in ("halt", "error")}
    return {"haltingMessage": "", "nested": [], "debugLogs": [], **expected}


def tx_expected(case: Any) -> dict[str, Any]:
    """Give what a case of one transaction expects."""
    expected = case["expected"]
    return expected if expected["outcome"] == "thrown" else {"revertReason": None, **expected}


def differences(expected: Any, found: Any, place: str = "") -> Iterator[str]:
    """Tell where what was found is not what was expected; it may have more."""
    if isinstance(expected, dict) and isinstance(found, dict):
        for key, value in expected.items():
            if key in _INFORMATIVE or (key == "instructions" and value is None):
                continue
            if key not in found:
                yield f"{place}.{key} is missing, expected {value!s:.200}"
                continue
            yield from differences(value, found[key], f"{place}.{key}")
    elif isinstance(expected, list) and isinstance(found, list):
        if len(expected) != len(found):
            yield f"{place}: {len(found)} items, expected {len(expected)}"
        for at, (one, other) in enumerate(zip(expected, found, strict=False)):
            yield from differences(one, other, f"{place}[{at}]")
    elif expected != found:
        yield f"{place}: {found!s:.300}, expected {expected!s:.300}"


def _processed(done: ProcessedTx) -> dict[str, Any]:
    effect = done.effect
    found = {
        "hash": _hex(done.tx_hash),
        "revertCode": int(effect.revert_code),
        "transactionFee": str(effect.transaction_fee),
        "noteHashes": [_hex(value) for value in effect.note_hashes],
        "nullifiers": [_hex(value) for value in effect.nullifiers],
        "l2ToL1MsgHashes": [_hex(value) for value in effect.l2_to_l1_msgs],
        "publicDataWrites": _writes(done),
        "privateLogs": [
            {"fields": [_hex(value) for value in log.emitted], "emittedLength": log.emitted_length}
            for log in effect.private_logs
        ],
        "publicLogs": _public_logs(done),
        "numBlobFields": len(tx_fields(effect)),
        "gasUsed": _gas_used(done),
    }
    if done.public is not None and done.public.failure is not None:
        found["revertMessage"] = done.public.failure.original_message
    return found


def _gas_used(done: ProcessedTx) -> dict[str, Any]:
    return {
        "total": _gas(done.gas_used.total_gas),
        "public": _gas(done.gas_used.public_gas),
        "teardown": _gas(done.gas_used.teardown_gas),
        "billed": _gas(done.gas_used.billed_gas),
    }


def _writes(done: ProcessedTx) -> list[dict[str, str]]:
    return [
        {"leafSlot": _hex(write.leaf_slot), "value": _hex(write.value)}
        for write in done.effect.public_data_writes
    ]


def _public_logs(done: ProcessedTx) -> list[dict[str, Any]]:
    return [
        {"contractAddress": _hex(log.contract_address), "fields": [_hex(value) for value in log.fields]}
        for log in done.effect.public_logs
    ]


def _public(done: ProcessedTx) -> PublicOutcome:
    assert done.public is not None
    return done.public


def _effects(done: ProcessedTx) -> dict[str, Any]:
    effect = done.effect
    return {
        "noteHashes": [_hex(value) for value in effect.note_hashes],
        "nullifiers": [_hex(value) for value in effect.nullifiers],
        "publicDataWrites": _writes(done),
        "l2ToL1Msgs": [
            {
                "contractAddress": _hex(message.contract_address),
                "recipient": _hex(message.recipient),
                "content": _hex(message.content),
            }
            for message in _public(done).messages
        ],
        "publicLogs": _public_logs(done),
    }


def _is_pseudo(call: EnqueuedCall) -> bool:
    return call.record is not None and call.record.l2_gas_limit == 0 and call.record.address == 0


def _enqueued(call: EnqueuedCall) -> dict[str, Any]:
    record = call.record
    assert record is not None
    return {
        "phase": _PHASES[call.phase],
        **_common(record),
        "output": [_number(value) for value in record.output],
        "nested": [_nested_shortened(nested) for nested in record.nested],
    }


def _nested_shortened(record: CallRecord) -> dict[str, Any]:
    return {
        **_common(record),
        "calldata": [_number(value) for value in record.calldata[:_NESTED_CALLDATA]],
        "output": [_number(value) for value in record.output[:_NESTED_OUTPUT]],
        "nested": [_nested_shortened(nested) for nested in record.nested],
    }


def _common(record: CallRecord) -> dict[str, Any]:
    return {
        "address": _number(record.address),
        "callerPc": record.caller_pc,
        "isStaticCall": record.is_static,
        "gasLimit": {"l2": record.l2_gas_limit, "da": record.da_gas_limit},
        "calldataLength": record.calldata_size,
        "reverted": record.has_reverted,
        "outputLength": record.output_size,
        "haltingMessage": record.message,
        "exitStack": record.exit_stack,
    }


def _nested(record: CallRecord) -> dict[str, Any]:
    return {
        **_common(record),
        "calldata": [_number(value) for value in record.calldata],
        "output": [_number(value) for value in record.output],
        "nested": [_nested(nested) for nested in record.nested],
    }


def _debug_logs(outcome: PublicOutcome) -> list[dict[str, Any]]:
    return [
        {
            "contractAddress": _number(log.contract_address),
            "level": _LEVELS[log.level],
            "message": log.message,
            "fields": [_number(value) for value in log.fields],
        }
        for log in outcome.debug_logs
    ]


def _gas(gas: Gas) -> dict[str, int]:
    return {"l2": gas.l2_gas, "da": gas.da_gas}


def _hex(value: bytes) -> str:
    return f"0x{value.hex()}"


def _number(value: int) -> str:
    return f"0x{value:064x}"
