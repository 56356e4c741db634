"""The newest transactions of final blocks, kept for whoever wants to execute them again.

The reference forgets a transaction when its block is final, and so does this pool by default. A local network
keeps some, compressed and bounded in number and bytes, so that they can be traced. No protocol rule asks for
it.
"""

from __future__ import annotations

from collections import OrderedDict
from typing import TYPE_CHECKING

from aztecd.mempool.records import ArchivedTx, PoolRecords

if TYPE_CHECKING:
    from collections.abc import Iterable

    from aztecd.protocol.basic import TxHash
    from aztecd.storage import WriteBatch

__all__ = ["TxArchive"]


class TxArchive:
    """Sizes of the kept transactions, the oldest first; each change also fills a batch.

    Mutable; the caller locks.
    """

    __slots__ = ("_bytes", "_sequence", "_sizes")

    def __init__(self) -> None:
        self._sizes: OrderedDict[TxHash, int] = OrderedDict()
        self._bytes = 0
        self._sequence = 0

    def __len__(self) -> int:
        return len(self._sizes)

    def load(self, records: Iterable[ArchivedTx]) -> None:
        """Take over what is stored."""
        for record in sorted(records, key=lambda item: item.sequence):
            self._sizes[record.tx_hash] = len(record.packed)
            self._bytes += len(record.packed)
            self._sequence = record.sequence

    def keep(
        self, tx_hash: TxHash, packed: bytes, *, max_count: int, max_bytes: int, batch: WriteBatch
    ) -> None:
        """Keep a transaction's packed bytes and remove the oldest ones beyond the limits."""
        if tx_hash in self._sizes:
            return
        self._sequence += 1
        self._sizes[tx_hash] = len(packed)
        self._bytes += len(packed)
        PoolRecords.put_archived(batch, ArchivedTx(tx_hash=tx_hash, sequence=self._sequence, packed=packed))
        while self._sizes and (len(self._sizes) > max_count or self._bytes > max_bytes):
            oldest, size = self._sizes.popitem(last=False)
            self._bytes -= size
            PoolRecords.delete_archived(batch, oldest)
