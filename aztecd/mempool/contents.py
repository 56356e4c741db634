"""The pool's contents in memory, and the parts of changes: removing, returning, evicting, loading.

Each method also fills the batch that makes the change lasting.

Authority: @aztec/p2p src/mem_pools/tx_pool_v2/tx_pool_v2_impl.ts, eviction/*.ts (4.1.2).
"""

from __future__ import annotations

from itertools import islice
from typing import TYPE_CHECKING

from aztecd.crypto.field import fr_hex
from aztecd.execution import TxMeta
from aztecd.mempool.archive import TxArchive
from aztecd.mempool.drops import DropReasons
from aztecd.mempool.errors import MempoolRejection
from aztecd.mempool.indices import PoolEntry, PoolIndices
from aztecd.mempool.records import DropRecord, PoolRecords
from aztecd.mempool.retention import RetainedTxs
from aztecd.mempool.rules import DISPLACED, UNCOVERED, Source, choose_victims, conflict_victims, uncovered

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from aztecd.execution import Validation
    from aztecd.mempool.config import MempoolConfig, PoolChain
    from aztecd.protocol.basic import AztecAddress, TxHash
    from aztecd.storage import WriteBatch

__all__ = ["PoolContents"]


class PoolContents:
    """What the pool holds, knows of dropped transactions, and counts. Mutable; the pool locks."""

    __slots__ = ("_chain", "archive", "config", "drops", "indices", "retained", "sequence")

    def __init__(self, chain: PoolChain, config: MempoolConfig) -> None:
        self._chain = chain
        self.config = config
        self.indices = PoolIndices()
        self.retained = RetainedTxs()
        self.drops = DropReasons()
        self.archive = TxArchive()
        self.sequence = 0

    def next_sequence(self) -> int:
        """Give the next number of arrivals and drops."""
        self.sequence += 1
        return self.sequence

    def remove(self, reasons: Mapping[TxHash, str], batch: WriteBatch) -> None:
        """Drop transactions, each with its reason; those that are not there are passed over."""
        for tx_hash, reason in reasons.items():
            entry = self.indices.get(tx_hash)
            if entry is None:
                continue
            self.indices.remove(tx_hash)
            self.retained.delete(tx_hash, entry.meta.size_bytes, self.config.max_retained_bytes, batch)
            record = DropRecord(sequence=self.next_sequence(), reason=reason)
            self.drops.add(tx_hash, record, self.config.max_drop_records, batch)

    def remove_uncovered(self, payers: Iterable[AztecAddress], batch: WriteBatch) -> None:
        """Drop what the balances of these payers do not cover."""
        for payer in set(payers):
            metas = self.indices.of_payer(payer)
            if metas:
                missing = uncovered(metas, self._chain.fee_juice_balance(payer))
                self.remove({meta.tx_hash: UNCOVERED for meta, _ in missing}, batch)

    def remove_unanchored(self, batch: WriteBatch) -> None:
        """Drop what is anchored to a block that the chain has lost."""
        anchors = {meta.anchor_block_hash for meta in self.indices.from_lowest()}
        lost = {anchor for anchor in anchors if not self._chain.archive_contains(anchor)}
        self.remove(
            {
                meta.tx_hash: f"its anchor block {fr_hex(meta.anchor_block_hash)} was pruned"
                for meta in self.indices.from_lowest()
                if meta.anchor_block_hash in lost
            },
            batch,
        )

    def evict_excess(self, payers: Iterable[AztecAddress], batch: WriteBatch) -> None:
        """Drop what these payers cannot cover, then the lowest ones beyond the limit."""
        self.remove_uncovered(payers, batch)
        excess = self.indices.pending_count - self.config.max_pending_count
        if self.config.max_pending_count and excess > 0:
            lowest = [meta.tx_hash for meta in islice(self.indices.from_lowest(), excess)]
            self.remove(dict.fromkeys(lowest, DISPLACED), batch)

    def forget_final(self, tx_hash: TxHash, packed: bytes | None, batch: WriteBatch) -> None:
        """Remove a transaction whose block is final; with its `packed` bytes it goes into the archive."""
        self.indices.remove(tx_hash)
        self.retained.forget(tx_hash)
        PoolRecords.delete_tx(batch, tx_hash)
        if packed is not None:
            self.archive.keep(
                tx_hash,
                packed,
                max_count=self.config.max_archived_count,
                max_bytes=self.config.max_archived_bytes,
                batch=batch,
            )

    def validate(self, metas: Iterable[TxMeta]) -> dict[TxHash, Validation]:
        """Validate what is to become pending again."""
        return {meta.tx_hash: self._chain.validate_for_pool(meta) for meta in metas}

    def return_to_pending(
        self, metas: Iterable[TxMeta], validations: Mapping[TxHash, Validation], batch: WriteBatch
    ) -> None:
        """Make pending what is in the pool without a place, if it is valid and wins its conflicts."""
        for meta in metas:
            validation = validations[meta.tx_hash]
            if not validation.is_valid:
                self.remove({meta.tx_hash: f"no longer valid: {', '.join(validation.reasons)}"}, batch)
                continue
            try:
                victims = conflict_victims(meta, self.indices)
            except MempoolRejection as rejection:
                self.remove({meta.tx_hash: str(rejection)}, batch)
                continue
            self.remove(victims, batch)
            self.indices.make_pending(meta.tx_hash)

    def load(self, records: PoolRecords, batch: WriteBatch) -> None:
        """Take over what the store has; what is not mined is validated and contends for its place again."""
        self.sequence = self.drops.load(records.drops())
        self.archive.load(records.archived())
        stale = set()
        for tx_hash, record in records.retentions():
            self.retained.load(tx_hash, record, batch)
            if record.is_deleted:
                stale.add(tx_hash)
        entries = []
        for stored in records.txs():
            if stored.tx_hash in stale:
                continue
            if stored.tx is None or stored.tx.tx_hash != stored.tx_hash:
                self._erase(stored.tx_hash, "its record was damaged", batch)
                continue
            entries.append(
                PoolEntry(
                    meta=TxMeta.of(stored.tx),
                    sequence=stored.sequence,
                    received_at_ms=stored.received_at_ms,
                )
            )
        entries.sort(key=lambda item: item.sequence)
        self.sequence = max([self.sequence, *(entry.sequence for entry in entries)])
        for entry in entries:
            self._load_entry(entry, records, batch)

    def _load_entry(self, entry: PoolEntry, records: PoolRecords, batch: WriteBatch) -> None:
        meta = entry.meta
        block = self._chain.mined_block(meta.tx_hash)
        if block is not None:
            if block <= self._chain.finalized_block():
                packed = records.packed_tx(meta.tx_hash) if self.config.max_archived_count else None
                self.forget_final(meta.tx_hash, packed, batch)
            else:
                self.indices.add(entry, mined=block)
            return
        validation = self._chain.validate_for_pool(meta)
        if not validation.is_valid:
            reasons = ", ".join(validation.reasons)
            self._erase(meta.tx_hash, f"no longer valid after a restart: {reasons}", batch)
            return
        try:
            victims = choose_victims(
                meta,
                self.indices,
                source=Source.GOSSIP,
                config=self.config,
                balance_of=self._chain.fee_juice_balance,
            )
        except MempoolRejection as rejection:
            self._erase(meta.tx_hash, str(rejection), batch)
            return
        for tx_hash, reason in victims.items():
            self.indices.remove(tx_hash)
            self._erase(tx_hash, reason, batch)
        self.indices.add(entry)

    def _erase(self, tx_hash: TxHash, reason: str, batch: WriteBatch) -> None:
        self.retained.forget(tx_hash)
        PoolRecords.delete_tx(batch, tx_hash)
        record = DropRecord(sequence=self.next_sequence(), reason=reason)
        self.drops.add(tx_hash, record, self.config.max_drop_records, batch)
