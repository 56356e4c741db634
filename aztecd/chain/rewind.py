"""Undo blocks: whatever a block added is found again by reading the block itself.

Authority of what a rewind removes: @aztec/archiver src/modules/data_store_updater.ts
(removeBlocksAfter, removeCheckpointsAfter; 4.1.2).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from aztecd.chain.blocks import read_block, require_record
from aztecd.chain.checkpoints import require_checkpoint, stage_checkpoint_removal
from aztecd.chain.contracts import stage_contracts_removal
from aztecd.chain.effects import TxLocation, read_location
from aztecd.chain.errors import ChainCorruptError
from aztecd.chain.keys import Place, block_key, by_archive_key, by_hash_key, effect_key, tx_key
from aztecd.chain.logs import stage_logs_removal
from aztecd.protocol.basic import BlockNumber, TxHash

if TYPE_CHECKING:
    from aztecd.chain.overlay import Overlay

__all__ = ["stage_block_removal", "stage_checkpoints_removal"]


def stage_block_removal(overlay: Overlay, number: int) -> tuple[TxHash, ...]:
    """Stage the removal of the newest block; give its transactions. Raises ChainCorruptError."""
    record = require_record(overlay, number)
    block = read_block(overlay, number)
    if block is None:
        raise ChainCorruptError(f"block {number} cannot be read")
    effects = block.body.tx_effects
    for tx_index in range(len(effects) - 1, -1, -1):
        effect = effects[tx_index]
        place = Place(number, tx_index, 0)
        stage_contracts_removal(overlay, place=place, timestamp=record.timestamp, effect=effect)
        stage_logs_removal(overlay, number, tx_index, effect)
        overlay.delete(effect_key(number, tx_index))
        own = TxLocation(block_number=BlockNumber(number), tx_index=tx_index)
        if read_location(overlay, effect.tx_hash) == own:
            overlay.delete(tx_key(effect.tx_hash))
    overlay.delete(block_key(number))
    overlay.delete(by_hash_key(record.hash))
    overlay.delete(by_archive_key(record.archive.root))
    return tuple(effect.tx_hash for effect in effects)


def stage_checkpoints_removal(overlay: Overlay, last: int, to_block: int) -> int:
    """Stage the removal of the checkpoints that end above a block; give the number of the last that stays."""
    while last:
        data = require_checkpoint(overlay, last)
        if data.end_block <= to_block:
            break
        stage_checkpoint_removal(overlay, data)
        last -= 1
    return last
