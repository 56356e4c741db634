"""The rules that a checkpoint must keep by itself, whatever the state is.

Authority: @aztec/stdlib src/checkpoint/validate.ts (`validateCheckpoint`), with its texts (4.1.2). The
reference applies them to what it builds and to what it reads from L1.
"""

from __future__ import annotations

from itertools import pairwise

from aztecd.constants import (
    DA_GAS_PER_FIELD,
    MAX_BLOCKS_PER_CHECKPOINT,
    MAX_PROCESSABLE_DA_GAS_PER_CHECKPOINT,
)
from aztecd.errors import InvalidInputError
from aztecd.protocol.blobs import MAX_CHECKPOINT_FIELDS, checkpoint_fields, tx_fields
from aztecd.protocol.checkpoint import Checkpoint, CheckpointHeader
from aztecd.protocol.header import GlobalVariables

__all__ = ["InvalidCheckpointError", "validate_checkpoint"]


class InvalidCheckpointError(InvalidInputError):
    """The parts of a checkpoint contradict each other, or go beyond a limit."""

    code = "invalid_checkpoint"


def validate_checkpoint(checkpoint: Checkpoint, *, mana_limit: int | None = None) -> None:
    """Check structure and limits; `mana_limit` is the rollup's, in L2 gas. Raises InvalidCheckpointError."""
    _validate_structure(checkpoint)
    mana = sum(block.header.total_mana_used for block in checkpoint.blocks)
    if mana_limit is not None and mana > mana_limit:
        raise InvalidCheckpointError(f"Checkpoint mana cost {mana} exceeds rollup limit of {mana_limit}")
    effects = [effect for block in checkpoint.blocks for effect in block.body.tx_effects]
    da_gas = DA_GAS_PER_FIELD * sum(len(tx_fields(effect)) for effect in effects)
    if da_gas > MAX_PROCESSABLE_DA_GAS_PER_CHECKPOINT:
        raise InvalidCheckpointError(
            f"Checkpoint DA gas cost {da_gas} exceeds limit of {MAX_PROCESSABLE_DA_GAS_PER_CHECKPOINT}"
        )
    count = len(checkpoint_fields(checkpoint.blocks))
    if count > MAX_CHECKPOINT_FIELDS:
        raise InvalidCheckpointError(
            f"Checkpoint blob field count {count} exceeds limit of {MAX_CHECKPOINT_FIELDS}"
        )


def _validate_structure(checkpoint: Checkpoint) -> None:
    blocks = checkpoint.blocks
    if not blocks:
        raise InvalidCheckpointError("Checkpoint has no blocks")
    if len(blocks) > MAX_BLOCKS_PER_CHECKPOINT:
        raise InvalidCheckpointError(
            f"Checkpoint has {len(blocks)} blocks, exceeding limit of {MAX_BLOCKS_PER_CHECKPOINT}"
        )
    if checkpoint.header.last_archive_root != blocks[0].header.last_archive.root:
        raise InvalidCheckpointError(
            "Checkpoint lastArchiveRoot does not match first block's lastArchive root"
        )
    slot = checkpoint.header.slot
    for index, block in enumerate(blocks):
        if block.index_within_checkpoint != index:
            raise InvalidCheckpointError(
                f"Block at index {index} has indexWithinCheckpoint {block.index_within_checkpoint}, "
                f"expected {index}"
            )
        if block.header.slot != slot:
            raise InvalidCheckpointError(
                f"Block {block.number} has slot {block.header.slot}, expected {slot} "
                "(all blocks must share the same slot)"
            )
        if not _matches(checkpoint.header, block.header.global_variables):
            raise InvalidCheckpointError(
                f"Block {block.number} global variables (slot, timestamp, coinbase, feeRecipient, gasFees) "
                "do not match checkpoint header"
            )
    for index, (previous, block) in enumerate(pairwise(blocks)):
        if block.number != previous.number + 1:
            raise InvalidCheckpointError(
                f"Block numbers are not sequential: block at index {index} has number {previous.number}, "
                f"block at index {index + 1} has number {block.number}"
            )
        if block.header.last_archive.root != previous.archive.root:
            raise InvalidCheckpointError(
                f"Block {block.number} lastArchive root does not match archive root "
                f"of block {previous.number}"
            )


def _matches(header: CheckpointHeader, variables: GlobalVariables) -> bool:
    return (
        variables.slot_number == header.slot_number
        and variables.timestamp == header.timestamp
        and variables.coinbase == header.coinbase
        and variables.fee_recipient == header.fee_recipient
        and variables.gas_fees == header.gas_fees
    )
