"""Estimates of how much there is to encode, in field elements (about 0.1 microseconds each)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from aztecd.constants import CHONK_PROOF_LENGTH, CONTRACT_CLASS_LOG_SIZE_IN_FIELDS, PRIVATE_LOG_SIZE_IN_FIELDS

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from aztecd.protocol.block import L2Block
    from aztecd.protocol.checkpoint import CheckpointedL2Block, PublishedCheckpoint
    from aztecd.protocol.effect import IndexedTxEffect, TxEffect
    from aztecd.protocol.logs import GetContractClassLogsResponse, GetPublicLogsResponse, TxScopedL2Log
    from aztecd.protocol.receipt import TxReceipt
    from aztecd.protocol.simulation import PublicSimulationOutput
    from aztecd.protocol.tx import Tx

__all__ = [
    "block",
    "blocks",
    "checkpointed_blocks",
    "checkpoints",
    "class_logs",
    "effect",
    "public_logs",
    "receipt",
    "simulation",
    "tagged_logs",
    "tx",
    "txs",
]

_HEADER = 200
"""A header costs as much as this many elements: it has few, each with a codec of its own."""


def receipt(value: TxReceipt) -> int:
    """Weigh a receipt: what contracts printed."""
    return sum(len(log.fields) for log in value.debug_logs or ())


def simulation(value: PublicSimulationOutput) -> int:
    """Weigh what a simulation gives."""
    returned = sum(len(item.values) for item in value.public_return_values)
    return _HEADER + _effect(value.tx_effect) + returned + sum(len(log.fields) for log in value.debug_logs)


def effect(value: IndexedTxEffect) -> int:
    """Weigh one effect."""
    return _effect(value.data)


def block(value: L2Block) -> int:
    """Weigh a block."""
    return _HEADER + sum(_effect(item) for item in value.body.tx_effects)


def blocks(values: Iterable[L2Block]) -> int:
    """Weigh blocks."""
    return sum(map(block, values))


def checkpoints(values: Iterable[PublishedCheckpoint]) -> int:
    """Weigh checkpoints with their blocks."""
    return sum(_HEADER + blocks(value.checkpoint.blocks) for value in values)


def checkpointed_blocks(values: Iterable[CheckpointedL2Block]) -> int:
    """Weigh blocks of checkpoints."""
    return sum(block(value.block) for value in values)


def tx(value: Tx) -> int:
    """Weigh a transaction: data and proof are encoded as a whole, class logs and calldata by element."""
    return (
        CHONK_PROOF_LENGTH // 8
        + CONTRACT_CLASS_LOG_SIZE_IN_FIELDS * len(value.contract_class_log_fields)
        + sum(len(entry.values) for entry in value.public_function_calldata)
    )


def txs(values: Iterable[Tx]) -> int:
    """Weigh transactions."""
    return sum(map(tx, values))


def tagged_logs(values: Sequence[Sequence[TxScopedL2Log]]) -> int:
    """Weigh logs found by tags."""
    return sum(len(log.log_data) + len(log.note_hashes) for logs in values for log in logs)


def public_logs(value: GetPublicLogsResponse) -> int:
    """Weigh a page of public logs."""
    return sum(len(entry.log.fields) + 20 for entry in value.logs)


def class_logs(value: GetContractClassLogsResponse) -> int:
    """Weigh a page of contract class logs."""
    return CONTRACT_CLASS_LOG_SIZE_IN_FIELDS * len(value.logs)


def _effect(value: TxEffect) -> int:
    return (
        len(value.note_hashes)
        + len(value.nullifiers)
        + len(value.l2_to_l1_msgs)
        + 4 * len(value.public_data_writes)
        + PRIVATE_LOG_SIZE_IN_FIELDS * len(value.private_logs)
        + sum(len(log.fields) for log in value.public_logs)
        + CONTRACT_CLASS_LOG_SIZE_IN_FIELDS * len(value.contract_class_logs)
    )
