"""Why transactions were dropped: the last few thousand reasons, also over restarts."""

from __future__ import annotations

from collections import OrderedDict
from typing import TYPE_CHECKING

from aztecd.mempool.records import DropRecord, PoolRecords

if TYPE_CHECKING:
    from collections.abc import Iterable

    from aztecd.protocol.basic import TxHash
    from aztecd.storage import WriteBatch

__all__ = ["DropReasons"]


class DropReasons:
    """Reasons by transaction, the oldest first; each change also fills a batch. Mutable; the caller locks."""

    __slots__ = ("_records",)

    def __init__(self) -> None:
        self._records: OrderedDict[TxHash, DropRecord] = OrderedDict()

    def __len__(self) -> int:
        return len(self._records)

    def get(self, tx_hash: TxHash) -> str | None:
        """Give the reason of a drop."""
        record = self._records.get(tx_hash)
        return None if record is None else record.reason

    def load(self, records: Iterable[tuple[TxHash, DropRecord]]) -> int:
        """Take over the stored reasons; give the greatest sequence number."""
        for tx_hash, record in sorted(records, key=lambda item: item[1].sequence):
            self._records[tx_hash] = record
        return next(reversed(self._records.values())).sequence if self._records else 0

    def add(self, tx_hash: TxHash, record: DropRecord, limit: int, batch: WriteBatch) -> None:
        """Keep a reason and forget the oldest beyond `limit`."""
        self._records.pop(tx_hash, None)
        self._records[tx_hash] = record
        PoolRecords.put_drop(batch, tx_hash, record)
        while len(self._records) > limit:
            oldest, _ = self._records.popitem(last=False)
            PoolRecords.delete_drop(batch, oldest)

    def forget(self, tx_hash: TxHash, batch: WriteBatch) -> None:
        """Remove the reason of a transaction that has come again."""
        if self._records.pop(tx_hash, None) is not None:
            PoolRecords.delete_drop(batch, tx_hash)
