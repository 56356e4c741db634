"""Undo blocks: whatever a block added is found again by reading the block itself.

Authority of what a rewind removes: @aztec/archiver src/modules/data_store_updater.ts
(removeBlocksAfter, removeCheckpointsAfter; 4.1.2).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from aztecd.chain.blocks import require_block, require_record
from aztecd.chain.checkpoints import require_checkpoint, stage_checkpoint_removal
from aztecd.chain.contracts import stage_contracts_removal
from aztecd.chain.effects import TxLocation, read_location
from aztecd.chain.keys import Place, block_key, by_archive_key, by_hash_key, effect_key, tx_key
from aztecd.chain.logs import stage_logs_removal
from aztecd.protocol.basic import BlockNumber, TxHash
from aztecd.storage.schema import Prefix

if TYPE_CHECKING:
    from aztecd.chain.overlay import Overlay

__all__ = ["REWINDS_KEY", "count_rewind", "stage_block_removal", "stage_checkpoints_removal"]

REWINDS_KEY = Prefix.CHAIN_REWINDS.key


def count_rewind(overlay: Overlay) -> None:
    """Stage the number of rewinds: readers see by it that records changed while they read."""
    rewinds = int.from_bytes(overlay.get(REWINDS_KEY) or b"", "big")
    overlay.put(REWINDS_KEY, (rewinds + 1).to_bytes(8, "big"))


def stage_block_removal(overlay: Overlay, number: int) -> tuple[TxHash, ...]:
    """Stage the removal of the newest block; give its transactions. Raises ChainCorruptError."""
    record = require_record(overlay, number)
    effects = require_block(overlay, number).body.tx_effects
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
