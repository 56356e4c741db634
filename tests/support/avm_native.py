"""Say what `run_call` found as the native simulator would; cut its answers to what `run_call` keeps."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from aztecd.execution.public.effects import MAX_USER_WRITES
from tests.support.avm_runs import CALLDATA_FIELDS, OUTPUT_FIELDS

if TYPE_CHECKING:
    from collections.abc import Iterable

    from aztecd.avm.records import CallRecord

_FAILED: Final = "C++ simulation failed: AVM simulation failed: "
_LEVELS: Final = ("silent", "fatal", "error", "warn", "info", "verbose", "debug", "trace")


def as_native(found: dict[str, Any], case: Any) -> dict[str, Any]:
    """Put a run's results into the form of an answer. The run is one of the case's own gas and calldata."""
    if "failed" in found:
        return {"halt": "fatal", "error": _FAILED + found["failed"]}
    if len(found["writes"]) == MAX_USER_WRITES:
        # The fee payer's balance is one write more, which the call does not know about.
        return {"halt": "fatal", "error": _too_many_effects(found)}
    gas_left = {"l2": found["l2 gas left"], "da": found["da gas left"]}
    record: CallRecord = found["calls"]
    return {
        "halt": found["halt"].value,
        "output": _hexes(found["output"]),
        "gasUsed": {unit: case["gas"][unit] - left for unit, left in gas_left.items()},
        "gasLeft": gas_left,
        "exitStack": list(found["exit stack"]),
        **({"haltingMessage": found["message"]} if record.has_reverted else {}),
        "effects": _effects(found),
        **({"nested": [_call(nested) for nested in record.nested]} if record.nested else {}),
        "debugLogs": [
            {
                "contractAddress": _hex(log.contract_address),
                "level": _LEVELS[log.level],
                "message": log.message,
                "fields": _hexes(log.fields),
            }
            for log in found["debug logs"]
        ],
    }


def cut(answer: dict[str, Any]) -> dict[str, Any]:
    """Cut calldata and outputs of an answer as `run_call` cuts them, and leave out its time."""
    rest = {key: value for key, value in answer.items() if key != "seconds"}
    for key, fields in (("calldata", CALLDATA_FIELDS), ("output", OUTPUT_FIELDS)):
        if key in rest:
            rest[key] = rest[key][:fields]
    if "nested" in rest:
        rest["nested"] = [cut(call) for call in rest["nested"]]
    return rest


def _call(record: CallRecord) -> dict[str, Any]:
    return {
        "address": _hex(record.address),
        "callerPc": record.caller_pc,
        "isStaticCall": record.is_static,
        "calldata": _hexes(record.calldata),
        "reverted": record.has_reverted,
        "output": _hexes(record.output),
        **({"haltingMessage": record.message} if record.has_reverted else {}),
        "exitStack": record.exit_stack,
        **({"nested": [_call(nested) for nested in record.nested]} if record.nested else {}),
    }


def _effects(found: dict[str, Any]) -> dict[str, Any]:
    _, *nullifiers = found["nullifiers"]  # the transaction's first one is not the call's
    return {
        "noteHashes": [_bytes(each) for each in found["note hashes"]],
        "nullifiers": [_bytes(each) for each in nullifiers],
        "publicDataWrites": [
            {"leafSlot": _bytes(slot), "value": _bytes(value)} for slot, value in found["writes"].items()
        ],
        "l2ToL1Msgs": [
            {
                "contractAddress": _bytes(message.contract_address),
                "recipient": _bytes(message.recipient),
                "content": _bytes(message.content),
            }
            for message in found["messages"]
        ],
        "publicLogs": [
            {"contractAddress": _bytes(log.contract_address), "fields": [_bytes(each) for each in log.fields]}
            for log in found["public logs"]
        ],
    }


def _too_many_effects(found: dict[str, Any]) -> str:
    return (
        f"{_FAILED}Too many side effects. Note hashes: {len(found['note hashes'])}, "
        f"Nullifiers: {len(found['nullifiers'])}, L2 to L1 messages: {len(found['messages'])}, "
        f"Storage writes: {len(found['writes']) + 1}"
    )


def _hex(value: int) -> str:
    return f"0x{value:064x}"


def _hexes(values: Iterable[int]) -> list[str]:
    return [_hex(value) for value in values]


def _bytes(value: bytes) -> str:
    return f"0x{value.hex()}"
