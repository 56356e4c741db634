"""Transactions that have left the pool and whose bytes are kept for a while.

What is dropped stays until the next slot, so that peers that saw it in a proposal can still fetch it. What
was mined in a block that has been rewound stays until that block's number is final, because the block may
come back. The first kind is bounded in bytes; the oldest go first.

Authority: @aztec/p2p src/mem_pools/tx_pool_v2/deleted_pool.ts (4.1.2). The bound is ours.
"""

from __future__ import annotations

from collections import OrderedDict
from typing import TYPE_CHECKING

from aztecd.mempool.records import PoolRecords, Retention, RetentionRecord

if TYPE_CHECKING:
    from aztecd.protocol.basic import BlockNumber, SlotNumber, TxHash
    from aztecd.storage import WriteBatch

__all__ = ["RetainedTxs"]


class RetainedTxs:
    """Retention records in memory; each change also fills a batch. Mutable; the caller locks."""

    __slots__ = ("_pruned", "_slot", "_until_slot", "retained_bytes")

    def __init__(self) -> None:
        self._until_slot: OrderedDict[TxHash, tuple[int, int]] = OrderedDict()
        self._pruned: dict[TxHash, RetentionRecord] = {}
        self._slot = 0
        self.retained_bytes = 0

    def __contains__(self, tx_hash: TxHash) -> bool:
        """Tell whether a transaction has left the pool and its bytes are there."""
        pruned = self._pruned.get(tx_hash)
        return tx_hash in self._until_slot or (pruned is not None and pruned.is_deleted)

    def __len__(self) -> int:
        return len(self._until_slot) + sum(record.is_deleted for record in self._pruned.values())

    def load(self, tx_hash: TxHash, record: RetentionRecord, batch: WriteBatch) -> None:
        """Take over a stored record; what was kept for a slot before the restart is removed."""
        if record.kind is Retention.UNTIL_NEXT_SLOT:
            PoolRecords.delete_tx(batch, tx_hash)
        else:
            self._pruned[tx_hash] = record

    def delete(self, tx_hash: TxHash, size_bytes: int, limit_bytes: int, batch: WriteBatch) -> None:
        """Keep the bytes of a transaction that leaves the pool."""
        pruned = self._pruned.get(tx_hash)
        if pruned is not None:
            record = RetentionRecord(kind=Retention.UNTIL_FINALIZED, number=pruned.number)
            self._pruned[tx_hash] = record
            PoolRecords.put_retention(batch, tx_hash, record)
            return
        if tx_hash in self._until_slot:
            return
        self._until_slot[tx_hash] = (self._slot, size_bytes)
        self.retained_bytes += size_bytes
        PoolRecords.put_retention(
            batch, tx_hash, RetentionRecord(kind=Retention.UNTIL_NEXT_SLOT, number=self._slot)
        )
        while self.retained_bytes > limit_bytes and self._until_slot:
            self._erase(next(iter(self._until_slot)), batch)

    def restore(self, tx_hash: TxHash, batch: WriteBatch) -> None:
        """Note that a transaction is in the pool again."""
        found = self._until_slot.pop(tx_hash, None)
        if found is not None:
            self.retained_bytes -= found[1]
            PoolRecords.delete_retention(batch, tx_hash)
        pruned = self._pruned.get(tx_hash)
        if pruned is not None and pruned.is_deleted:
            self._mark_pruned(tx_hash, pruned.number, batch)

    def forget(self, tx_hash: TxHash) -> None:
        """Drop what is noted of a transaction whose record the caller removes."""
        self._pruned.pop(tx_hash, None)
        found = self._until_slot.pop(tx_hash, None)
        if found is not None:
            self.retained_bytes -= found[1]

    def on_unmined(self, tx_hash: TxHash, block: BlockNumber, batch: WriteBatch) -> None:
        """Note that a transaction's block was rewound."""
        known = self._pruned.get(tx_hash)
        if known is None or block > known.number:
            self._mark_pruned(tx_hash, block, batch)

    def on_mined(self, tx_hash: TxHash, block: BlockNumber, batch: WriteBatch) -> None:
        """Forget the rewound block of a transaction that is mined again in that block or later."""
        known = self._pruned.get(tx_hash)
        if known is not None and block >= known.number:
            del self._pruned[tx_hash]
            PoolRecords.delete_retention(batch, tx_hash)

    def on_slot(self, slot: SlotNumber, batch: WriteBatch) -> None:
        """Erase what was dropped before `slot`."""
        self._slot = slot
        for tx_hash in [found for found, (dropped, _) in self._until_slot.items() if dropped < slot]:
            self._erase(tx_hash, batch)

    def on_finalized(self, block: BlockNumber, batch: WriteBatch) -> None:
        """Erase what has left the pool and was kept for blocks up to `block`."""
        for tx_hash, record in list(self._pruned.items()):
            if record.number <= block and record.is_deleted:
                del self._pruned[tx_hash]
                PoolRecords.delete_tx(batch, tx_hash)

    def _mark_pruned(self, tx_hash: TxHash, number: int, batch: WriteBatch) -> None:
        record = RetentionRecord(kind=Retention.FROM_PRUNED_BLOCK, number=number)
        self._pruned[tx_hash] = record
        PoolRecords.put_retention(batch, tx_hash, record)

    def _erase(self, tx_hash: TxHash, batch: WriteBatch) -> None:
        _, size_bytes = self._until_slot.pop(tx_hash)
        self.retained_bytes -= size_bytes
        PoolRecords.delete_tx(batch, tx_hash)
