"""The rollup's events, in Python's terms.

Authority: @aztec/l1-artifacts l1-contracts/src/core/interfaces/{IRollup,messagebridge/IInbox}.sol (4.1.2).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from aztecd.l1.errors import L1DecodeError
from aztecd.l1.reads import hex_bytes

if TYPE_CHECKING:
    from collections.abc import Mapping

    from aztecd.l1.abi import AbiEvent
    from aztecd.protocol.basic import CheckpointNumber, EthAddress, LeafIndex

__all__ = [
    "CheckpointProposed",
    "EpochProven",
    "L1Log",
    "MessageSent",
    "RollupEvent",
    "decode_log",
]


@dataclass(frozen=True, slots=True, kw_only=True)
class L1Log:
    """Where a log is on L1."""

    block_number: int
    block_hash: bytes
    tx_hash: bytes
    log_index: int


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckpointProposed:
    """A checkpoint was published."""

    log: L1Log
    checkpoint_number: CheckpointNumber
    archive: bytes
    versioned_blob_hashes: tuple[bytes, ...]
    payload_digest: bytes
    attestations_hash: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class EpochProven:
    """The proven tip moved to a checkpoint (event `L2ProofVerified`)."""

    log: L1Log
    checkpoint_number: CheckpointNumber
    prover_id: EthAddress


@dataclass(frozen=True, slots=True, kw_only=True)
class MessageSent:
    """A message from L1 entered the Inbox."""

    log: L1Log
    checkpoint_number: CheckpointNumber
    """The checkpoint that takes it in."""
    index: LeafIndex
    leaf: bytes
    rolling_hash: bytes
    """16 bytes."""


RollupEvent = CheckpointProposed | EpochProven | MessageSent


def decode_log(event: AbiEvent, entry: Mapping[str, Any]) -> RollupEvent:
    """Read one entry of `eth_getLogs` or of a receipt. Raises L1DecodeError."""
    try:
        topics = [hex_bytes(topic) for topic in entry["topics"]]
        values = event.decode(topics, hex_bytes(entry["data"]))
        log = L1Log(
            block_number=int(entry["blockNumber"], 16),
            block_hash=hex_bytes(entry["blockHash"]),
            tx_hash=hex_bytes(entry["transactionHash"]),
            log_index=int(entry["logIndex"], 16),
        )
    except (KeyError, TypeError, ValueError) as error:
        raise L1DecodeError(f"a log of {event.name} from L1 is damaged") from error
    match event.name:
        case "CheckpointProposed":
            return CheckpointProposed(
                log=log,
                checkpoint_number=values["checkpointNumber"],
                archive=values["archive"],
                versioned_blob_hashes=values["versionedBlobHashes"],
                payload_digest=values["payloadDigest"],
                attestations_hash=values["attestationsHash"],
            )
        case "L2ProofVerified":
            return EpochProven(
                log=log, checkpoint_number=values["checkpointNumber"], prover_id=values["proverId"]
            )
        case "MessageSent":
            return MessageSent(
                log=log,
                checkpoint_number=values["checkpointNumber"],
                index=values["index"],
                leaf=values["hash"],
                rolling_hash=values["rollingHash"],
            )
        case _:
            raise L1DecodeError(f"no reader for the event {event.name}")
