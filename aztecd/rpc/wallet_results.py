"""The results of the wallet's methods as JSON.

Authority: @aztec/aztec.js src/wallet/wallet.ts, @aztec/stdlib src/tx/{simulated_tx,profiling}.ts (4.1.2).
"""

from __future__ import annotations

import base64
from collections.abc import Mapping, Sequence
from typing import Any, Final

from aztecd.crypto.field import FR_ZERO
from aztecd.protocol.basic import AztecAddress
from aztecd.protocol.codec import JsonValue
from aztecd.protocol.record import Record
from aztecd.pxe.abi import Decoded
from aztecd.pxe.kernel.public_inputs import EnqueuedRequest, PublicRequest
from aztecd.pxe.results import ProfileResult, Timings, UtilityResult
from aztecd.rpc.results import ResultKind
from aztecd.rpc.wallet_execution import execution_to_json, public_only_execution
from aztecd.wallet.results import (
    Aliased,
    ChainInfo,
    ClassMetadata,
    ContractMetadata,
    FoundEvent,
    OffchainOutput,
    SendResult,
    Simulation,
)

__all__ = [
    "ADDRESS",
    "ALIASED",
    "AS_IT_IS",
    "CHAIN_INFO",
    "CLASS_METADATA",
    "CONTRACT_METADATA",
    "EVENTS",
    "PROFILE",
    "RECORD",
    "SENT",
    "SIMULATION",
    "UTILITY",
]

_MS: Final = 1000


def _hex(value: bytes) -> str:
    return "0x" + value.hex()


def _chain_info(value: ChainInfo) -> JsonValue:
    return {"chainId": f"0x{value.chain_id:064x}", "version": f"0x{value.version:064x}"}


def _contract_metadata(value: ContractMetadata) -> JsonValue:
    updated = value.updated_class_id
    return _without_none(
        {
            "instance": None if value.instance is None else value.instance.to_json(),
            "isContractInitialized": value.is_initialized,
            "isContractPublished": value.is_published,
            "isContractUpdated": value.is_updated,
            "updatedContractClassId": None if updated is None else _hex(updated),
        }
    )


def _class_metadata(value: ClassMetadata) -> JsonValue:
    return {
        "isArtifactRegistered": value.is_artifact_registered,
        "isContractClassPubliclyRegistered": value.is_published,
    }


def _aliased(values: Sequence[Aliased[AztecAddress]]) -> JsonValue:
    return [{"alias": value.alias, "item": _hex(value.item)} for value in values]


def _events(values: Sequence[FoundEvent]) -> JsonValue:
    return [
        {
            "event": _decoded(value.event),
            "metadata": {
                "l2BlockNumber": value.place.block_number,
                "l2BlockHash": _hex(value.place.block_hash),
                "txHash": _hex(value.place.tx_hash),
            },
        }
        for value in values
    ]


def _decoded(value: Decoded) -> JsonValue:
    """Give a decoded value: numbers of any size as decimal text, addresses as hexadecimal text."""
    match value:
        case bool() | str() | None:
            return value
        case int():
            return str(value)
        case bytes():
            return _hex(value)
        case list():
            return [_decoded(item) for item in value]
        case Mapping():
            return {name: _decoded(item) for name, item in value.items()}


def _simulation(value: Simulation) -> JsonValue:
    return _without_none(
        {
            "privateExecutionResult": _execution(value),
            "publicInputs": _bytes(value.data),
            "publicOutput": None if value.public_output is None else value.public_output.to_json(),
        }
    )


def _execution(value: Simulation) -> JsonValue:
    constants = value.data.constants
    if value.private is not None:
        return execution_to_json(value.private, constants)
    assert value.data.for_public is not None  # the node simulates public calls
    requests = [
        PublicRequest(
            EnqueuedRequest(
                request.msg_sender, request.contract_address, request.is_static_call, request.calldata_hash
            ),
            index + 1,
        )
        for index, request in enumerate(
            value.data.for_public.revertible_accumulated_data.public_call_requests
        )
        if request.contract_address != FR_ZERO
    ]
    first = value.data.for_public.non_revertible_accumulated_data.nullifiers[0]
    return public_only_execution(constants, requests, value.calldata, first)


def _utility(value: UtilityResult) -> JsonValue:
    return {"result": [_hex(item) for item in value.values]}


def _profile(value: ProfileResult) -> JsonValue:
    return {
        "executionSteps": [
            {
                "functionName": timing.name,
                "bytecode": "",
                "witness": [],
                "vk": "",
                "timings": {"witgen": timing.time_s * _MS},
            }
            for timing in value.timings.functions
        ],
        "stats": {"timings": _timings(value.timings)},
    }


def _timings(value: Timings) -> JsonValue:
    return _without_none(
        {
            "sync": value.sync_s * _MS,
            "proving": None if value.proving_s is None else value.proving_s * _MS,
            "perFunction": [
                {"functionName": item.name, "time": item.time_s * _MS} for item in value.functions
            ],
            "unaccounted": value.unaccounted_s * _MS,
            "total": value.total_s * _MS,
        }
    )


def _sent(value: SendResult) -> JsonValue:
    outcome = (
        {"txHash": _hex(value.tx_hash)} if value.receipt is None else {"receipt": value.receipt.to_json()}
    )
    return {**outcome, **_offchain(value.offchain)}


def _offchain(value: OffchainOutput) -> dict[str, JsonValue]:
    return {
        "offchainEffects": [
            {"data": [_hex(item) for item in effect.data], "contractAddress": _hex(effect.contract_address)}
            for effect in value.effects
        ],
        "offchainMessages": [
            {
                "recipient": _hex(message.recipient),
                "payload": [_hex(item) for item in message.payload],
                "contractAddress": _hex(message.contract_address),
            }
            for message in value.messages
        ],
    }


def _bytes(value: Record) -> JsonValue:
    return base64.b64encode(value.encode()).decode()


def _record(value: Record) -> JsonValue:
    return value.to_json()


def _same(value: Any) -> JsonValue:
    return value


def _without_none(value: dict[str, JsonValue]) -> dict[str, JsonValue]:
    return {name: item for name, item in value.items() if item is not None}


_OBJECT: Final = {"type": "object"}
_ARRAY: Final = {"type": "array"}

CHAIN_INFO: Final = ResultKind(_OBJECT, _chain_info)
CONTRACT_METADATA: Final = ResultKind(_OBJECT, _contract_metadata)
CLASS_METADATA: Final = ResultKind(_OBJECT, _class_metadata)
EVENTS: Final = ResultKind(_ARRAY, _events)
ADDRESS: Final = ResultKind({"type": "string"}, _hex)
ALIASED: Final = ResultKind(_ARRAY, _aliased)
RECORD: Final = ResultKind(_OBJECT, _record)
SIMULATION: Final = ResultKind(_OBJECT, _simulation, weigh=lambda _: 1 << 20)
UTILITY: Final = ResultKind(_OBJECT, _utility)
PROFILE: Final = ResultKind(_OBJECT, _profile)
SENT: Final = ResultKind(_OBJECT, _sent)
AS_IT_IS: Final = ResultKind(_OBJECT, _same)
