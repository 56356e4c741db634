"""Traces as JSON, in the conventions of the other methods; `docs/debugging.md` explains the members."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, assert_never

from aztecd.avm import Halt
from aztecd.crypto.field import fr_hex
from aztecd.execution import TxPhase, filled_in
from aztecd.execution.public.trace import (
    CallMade,
    DebugLogged,
    InstanceLookup,
    LeafCheck,
    LeafEmitted,
    LogEmitted,
    MessageSent,
    StorageRead,
    StorageWrite,
)
from aztecd.node.contract_logs import LEVELS
from aztecd.protocol.receipt import EXECUTION_RESULTS
from aztecd.rpc.results import ResultKind
from aztecd.state import TreeId

if TYPE_CHECKING:
    from collections.abc import Iterable

    from aztecd.execution import TxTrace
    from aztecd.execution.public.trace import CallTrace, TraceEvent
    from aztecd.protocol.codec import JsonValue

__all__ = ["TRACE", "trace_to_json", "weigh_trace"]

_PHASES: Final = {TxPhase.SETUP: "setup", TxPhase.APP_LOGIC: "appLogic", TxPhase.TEARDOWN: "teardown"}
_TREES: Final = {
    TreeId.NOTE_HASH: "noteHash",
    TreeId.NULLIFIER: "nullifier",
    TreeId.L1_TO_L2_MESSAGE: "l1ToL2Message",
}
_ENDINGS: Final = {Halt.RETURN: "return", Halt.REVERT: "revert", Halt.EXCEPTIONAL: "exceptional"}
_CALL_WEIGHT: Final = 30
_EVENT_WEIGHT: Final = 5


def trace_to_json(trace: TxTrace) -> JsonValue:
    """Give a trace as JSON; members that do not apply are absent."""
    result: dict[str, JsonValue] = {"txHash": fr_hex(trace.tx_hash)}
    if trace.block_number is not None:
        result["blockNumber"] = trace.block_number
    if trace.error is not None:
        result["error"] = trace.error
    done = trace.processed
    if done is not None:
        result["revertCode"] = int(done.effect.revert_code)
        result["executionResult"] = EXECUTION_RESULTS[done.effect.revert_code]
        result["gasUsed"] = done.gas_used.to_json()
        result["transactionFee"] = str(done.effect.transaction_fee)
    result["phases"] = [
        {"phase": _PHASES[phase.phase], "calls": [_call(call) for call in phase.calls]}
        for phase in trace.phases
    ]
    result["truncated"] = trace.is_truncated
    return result


def weigh_trace(trace: TxTrace) -> int:
    """Estimate the field elements in a trace."""
    return sum(_weight(call) for phase in trace.phases for call in phase.calls)


def _weight(call: CallTrace) -> int:
    own = _CALL_WEIGHT + len(call.calldata) + len(call.output) + _EVENT_WEIGHT * len(call.events)
    return own + sum(map(_weight, call.calls))


def _call(call: CallTrace) -> JsonValue:
    result: dict[str, JsonValue] = {
        "contractAddress": _element(call.contract),
        "sender": _element(call.sender),
    }
    if call.selector is not None:
        result["functionSelector"] = f"0x{call.selector:08x}"
    if call.function_name is not None:
        result["functionName"] = call.function_name
    gas: dict[str, JsonValue] = {"limit": call.gas_limit.to_json(), "used": call.gas_used.to_json()}
    if call.own_gas is not None:
        gas["own"] = call.own_gas.to_json()
    result |= {
        "isStaticCall": call.is_static,
        "calldata": _elements(call.calldata),
        "calldataSize": call.calldata_size,
        "gas": gas,
        "instructions": call.instructions,
        "ended": "notRun" if call.halt is None else _ENDINGS[call.halt],
    }
    if call.message:
        result["message"] = call.message
    result |= {
        "internalCallStack": list(call.exit_stack),
        "output": _elements(call.output),
        "outputSize": call.output_size,
        "events": [_event(event) for event in call.events],
        "calls": [_call(nested) for nested in call.calls],
        "callCount": call.call_count,
    }
    return result


def _event(event: TraceEvent) -> JsonValue:
    match event:
        case StorageRead(contract, slot, value):
            return {
                "kind": "storageRead",
                "contractAddress": _element(contract),
                "slot": _element(slot),
                "value": _element(value),
            }
        case StorageWrite(slot, before, value):
            return {
                "kind": "storageWrite",
                "slot": _element(slot),
                "previousValue": _element(before),
                "value": _element(value),
            }
        case LeafCheck(tree, leaf, leaf_index, exists):
            place: dict[str, JsonValue] = {} if leaf_index is None else {"leafIndex": str(leaf_index)}
            return {"kind": f"{_TREES[tree]}Check", "value": _element(leaf), **place, "exists": exists}
        case LeafEmitted(tree, value):
            return {"kind": _TREES[tree], "value": _element(value)}
        case InstanceLookup(contract, instance):
            looked_up = {"kind": "instanceLookup", "contractAddress": _element(contract)}
            if instance is None:
                return {**looked_up, "exists": False}
            return {
                **looked_up,
                "exists": True,
                "deployer": _element(instance.deployer),
                "contractClassId": _element(instance.class_id),
                "initializationHash": _element(instance.initialization_hash),
            }
        case LogEmitted(fields):
            return {"kind": "publicLog", "fields": _elements(fields)}
        case MessageSent(recipient, content):
            return {"kind": "l2ToL1Message", "recipient": f"0x{recipient:040x}", "content": _element(content)}
        case DebugLogged(message):
            return {
                "kind": "debugLog",
                "level": LEVELS[message.level],
                "message": filled_in(message.message, message.fields),
                "fields": _elements(message.fields),
            }
        case CallMade(index):
            return {"kind": "call", "index": index}
    assert_never(event)


def _element(value: int) -> str:
    return f"0x{value:064x}"


def _elements(values: Iterable[int]) -> list[Any]:
    return [f"0x{value:064x}" for value in values]


_SCHEMA: Final = {
    "type": "object",
    "description": "the call tree of a transaction: docs/debugging.md",
    "properties": {
        "txHash": {"type": "string"},
        "blockNumber": {"type": "integer"},
        "error": {"type": "string"},
        "revertCode": {"type": "integer"},
        "executionResult": {"type": "string"},
        "gasUsed": {"type": "object"},
        "transactionFee": {"type": "string"},
        "phases": {"type": "array", "items": {"type": "object"}},
        "truncated": {"type": "boolean"},
    },
    "required": ["txHash", "phases", "truncated"],
}

TRACE: Final = ResultKind(_SCHEMA, trace_to_json, weigh=weigh_trace)
