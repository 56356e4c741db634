"""What the pool knows in memory: every transaction's facts and state, and the orders to find them by.

Authority: @aztec/p2p src/mem_pools/tx_pool_v2/tx_pool_indices.ts (4.1.2).
"""

from __future__ import annotations

from bisect import bisect_left, insort
from dataclasses import dataclass
from enum import StrEnum, unique
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from aztecd.crypto.field import Fr
    from aztecd.execution import TxMeta
    from aztecd.protocol.basic import AztecAddress, BlockNumber, TxHash

__all__ = ["PoolEntry", "PoolIndices", "TxState"]


@unique
class TxState(StrEnum):
    """Where a transaction of the pool is."""

    PENDING = "pending"
    MINED = "mined"
    DELETED = "deleted"


@dataclass(frozen=True, slots=True, kw_only=True)
class PoolEntry:
    """One transaction: its facts, and when it came (`sequence` counts arrivals, also over restarts)."""

    meta: TxMeta
    sequence: int
    received_at_ms: int


class PoolIndices:
    """The pool's transactions, without their bytes. Mutable; the caller locks.

    A transaction that is not mined is pending. Only pending ones are ordered, hold their nullifiers, and
    count for their fee payer.
    """

    __slots__ = (
        "_entries",
        "_mined",
        "_nullifiers",
        "_order",
        "_payers",
        "pending_bytes",
    )

    def __init__(self) -> None:
        self._entries: dict[TxHash, PoolEntry] = {}
        self._mined: dict[TxHash, BlockNumber] = {}
        self._order: list[tuple[int, TxHash]] = []
        self._nullifiers: dict[Fr, TxHash] = {}
        self._payers: dict[AztecAddress, set[TxHash]] = {}
        self.pending_bytes = 0

    def __contains__(self, tx_hash: TxHash) -> bool:
        return tx_hash in self._entries

    def __len__(self) -> int:
        return len(self._entries)

    # What is there.

    def get(self, tx_hash: TxHash) -> PoolEntry | None:
        """Give a transaction in any state."""
        return self._entries.get(tx_hash)

    def state(self, tx_hash: TxHash) -> TxState | None:
        """Give a transaction's state; None if it is not in the pool."""
        if tx_hash not in self._entries:
            return None
        return TxState.MINED if tx_hash in self._mined else TxState.PENDING

    def mined_block(self, tx_hash: TxHash) -> BlockNumber | None:
        """Give the block of a mined transaction."""
        return self._mined.get(tx_hash)

    def mined_above(self, block: BlockNumber) -> list[TxMeta]:
        """Give the transactions mined in blocks after `block`, in the order of arrival."""
        found = [self._entries[tx_hash] for tx_hash, mined in self._mined.items() if mined > block]
        return [entry.meta for entry in sorted(found, key=lambda item: item.sequence)]

    def mined_up_to(self, block: BlockNumber) -> list[TxHash]:
        """Give the transactions mined in `block` or before."""
        return [tx_hash for tx_hash, mined in self._mined.items() if mined <= block]

    def counts(self) -> dict[TxState, int]:
        """Count the transactions in each state."""
        return {TxState.PENDING: len(self._order), TxState.MINED: len(self._mined)}

    # Pending ones.

    @property
    def pending_count(self) -> int:
        """How many transactions are pending."""
        return len(self._order)

    def from_highest(self) -> Iterator[TxMeta]:
        """Walk over the pending transactions from the highest priority."""
        return (self._entries[tx_hash].meta for _, tx_hash in reversed(self._order))

    def from_lowest(self) -> Iterator[TxMeta]:
        """Walk over the pending transactions from the lowest priority."""
        return (self._entries[tx_hash].meta for _, tx_hash in self._order)

    def lowest(self) -> TxMeta | None:
        """Give the pending transaction of the lowest priority."""
        return next(self.from_lowest(), None)

    def highest(self) -> TxMeta | None:
        """Give the pending transaction of the highest priority."""
        return next(self.from_highest(), None)

    def after(self, tx_hash: TxHash | None, limit: int | None) -> list[TxHash]:
        """Give hashes from the highest priority, starting behind `tx_hash`; none if it is not pending."""
        end = len(self._order)
        if tx_hash is not None:
            entry = self._entries.get(tx_hash)
            if entry is None or self.state(tx_hash) is not TxState.PENDING:
                return []
            end = bisect_left(self._order, entry.meta.priority)
        start = 0 if limit is None else max(0, end - limit)
        return [found for _, found in reversed(self._order[start:end])]

    def holder_of(self, nullifier: Fr) -> TxMeta | None:
        """Give the pending transaction that has a nullifier."""
        tx_hash = self._nullifiers.get(nullifier)
        return None if tx_hash is None else self._entries[tx_hash].meta

    def of_payer(self, payer: AztecAddress) -> list[TxMeta]:
        """Give the pending transactions that an account pays for."""
        return [self._entries[tx_hash].meta for tx_hash in self._payers.get(payer, ())]

    def payers(self) -> list[AztecAddress]:
        """Give all accounts that pay for pending transactions."""
        return list(self._payers)

    def size_of(self, tx_hash: TxHash) -> int:
        """Give the bytes that a pending transaction counts for; 0 if it is not pending."""
        if self.state(tx_hash) is not TxState.PENDING:
            return 0
        return self._entries[tx_hash].meta.size_bytes

    # Changes.

    def add(self, entry: PoolEntry, *, mined: BlockNumber | None = None) -> None:
        """Add a transaction: as mined, or as pending."""
        tx_hash = entry.meta.tx_hash
        assert tx_hash not in self._entries, "the transaction is in the pool"
        self._entries[tx_hash] = entry
        if mined is not None:
            self._mined[tx_hash] = mined
        else:
            self.make_pending(tx_hash)

    def remove(self, tx_hash: TxHash) -> None:
        """Forget a transaction."""
        if self.state(tx_hash) is TxState.PENDING:
            self._leave_pending(tx_hash)
        self._entries.pop(tx_hash, None)
        self._mined.pop(tx_hash, None)

    def mine(self, tx_hash: TxHash, block: BlockNumber) -> None:
        """Set a transaction's block."""
        if self.state(tx_hash) is TxState.PENDING:
            self._leave_pending(tx_hash)
        self._mined[tx_hash] = block

    def unmine(self, tx_hash: TxHash) -> None:
        """Clear a transaction's block; the caller makes it pending or removes it."""
        del self._mined[tx_hash]

    def make_pending(self, tx_hash: TxHash) -> None:
        """Give a transaction that is not mined its place among the pending ones."""
        meta = self._entries[tx_hash].meta
        insort(self._order, meta.priority)
        self._nullifiers.update((nullifier, tx_hash) for nullifier in meta.nullifiers)
        self._payers.setdefault(meta.fee_payer, set()).add(tx_hash)
        self.pending_bytes += meta.size_bytes

    def _leave_pending(self, tx_hash: TxHash) -> None:
        meta = self._entries[tx_hash].meta
        index = bisect_left(self._order, meta.priority)
        # Absent while the transaction waits for its place after it was unmined.
        if index == len(self._order) or self._order[index] != meta.priority:
            return
        del self._order[index]
        for nullifier in meta.nullifiers:
            if self._nullifiers.get(nullifier) == tx_hash:
                del self._nullifiers[nullifier]
        hashes = self._payers[meta.fee_payer]
        hashes.discard(tx_hash)
        if not hashes:
            del self._payers[meta.fee_payer]
        self.pending_bytes -= meta.size_bytes
