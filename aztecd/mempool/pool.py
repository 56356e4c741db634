"""The pool: what waits for a block, in the order in which blocks take it.

Any thread may call any method. Changes run one after the other; readers see the state before or after a
change and never wait until it is written. A transaction that `add` has taken is on the disk.

Authority: @aztec/p2p src/mem_pools/tx_pool_v2/tx_pool_v2_impl.ts, eviction/*.ts (4.1.2).
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum, unique
from threading import Lock
from typing import TYPE_CHECKING, Self

from aztecd.crypto.field import fr_hex
from aztecd.execution import TxMeta
from aztecd.mempool.config import MempoolConfig
from aztecd.mempool.contents import PoolContents
from aztecd.mempool.indices import PoolEntry, TxState
from aztecd.mempool.records import PoolRecords
from aztecd.mempool.rules import Source, choose_victims

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from aztecd.crypto.field import Fr
    from aztecd.mempool.config import PoolChain
    from aztecd.protocol.basic import BlockNumber, SlotNumber, TxHash
    from aztecd.protocol.tx import Tx
    from aztecd.storage import KeyValueStore, WriteBatch

__all__ = ["AddOutcome", "AddResult", "Mempool", "PoolCounts"]


@unique
class AddOutcome(Enum):
    """What became of a transaction; all but `REFUSED` are success."""

    ADDED = 1
    KNOWN = 2
    """It is in the pool already."""
    MINED = 3
    """A block holds it; it is kept until that block is final."""
    REFUSED = 4
    """It is not valid for the next block, which has changed since the sender's validation."""


@dataclass(frozen=True, slots=True)
class AddResult:
    """The outcome of `add`, with the validators' reasons if it is `REFUSED`."""

    outcome: AddOutcome
    reasons: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class PoolCounts:
    """How much is in the pool; bytes are those of the binary form."""

    pending: int
    mined: int
    retained: int
    pending_bytes: int


class Mempool:
    """Transactions on disk, what is needed to choose among them in memory. Mutable, thread-safe."""

    __slots__ = (
        "_chain",
        "_changing",
        "_contents",
        "_listeners",
        "_lock",
        "_now_ms",
        "_records",
        "_version",
    )

    def __init__(
        self,
        store: KeyValueStore,
        chain: PoolChain,
        *,
        now_ms: Callable[[], int],
        config: MempoolConfig | None = None,
    ) -> None:
        """Make an empty pool; `open` also loads what the store has. `now_ms`: wall clock in milliseconds."""
        self._records = PoolRecords(store)
        self._chain = chain
        self._now_ms = now_ms
        self._contents = PoolContents(chain, config or MempoolConfig())
        self._listeners: list[Callable[[], None]] = []
        self._version = 0
        # `_changing` is held for a whole change, writing included; `_lock` only while memory changes, for
        # which balances may be read.
        self._changing = Lock()
        self._lock = Lock()

    @classmethod
    def open(
        cls,
        store: KeyValueStore,
        chain: PoolChain,
        *,
        now_ms: Callable[[], int],
        config: MempoolConfig | None = None,
    ) -> Self:
        """Make a pool of what the store has: mined ones as the chain says, the others validated again."""
        pool = cls(store, chain, now_ms=now_ms, config=config)
        with pool._changing:
            pool._change(lambda batch: pool._contents.load(pool._records, batch))
        return pool

    # Reading.

    @property
    def version(self) -> int:
        """A number that grows with every change."""
        return self._version

    @property
    def config(self) -> MempoolConfig:
        """The settings in force."""
        return self._contents.config

    @property
    def pending_count(self) -> int:
        """How many transactions are pending."""
        with self._lock:
            return self._contents.indices.pending_count

    def counts(self) -> PoolCounts:
        """Count what is in the pool."""
        with self._lock:
            by_state = self._contents.indices.counts()
            return PoolCounts(
                pending=by_state[TxState.PENDING],
                mined=by_state[TxState.MINED],
                retained=len(self._contents.retained),
                pending_bytes=self._contents.indices.pending_bytes,
            )

    def status(self, tx_hash: TxHash) -> TxState | None:
        """Give a transaction's state; None if the pool does not have it."""
        with self._lock:
            state = self._contents.indices.state(tx_hash)
            if state is None and tx_hash in self._contents.retained:
                return TxState.DELETED
            return state

    def meta(self, tx_hash: TxHash) -> TxMeta | None:
        """Give the facts of a transaction that has not been dropped."""
        with self._lock:
            entry = self._contents.indices.get(tx_hash)
            return None if entry is None else entry.meta

    def get(self, tx_hash: TxHash) -> Tx | None:
        """Read a transaction in any state, also one that was dropped a moment ago."""
        return None if self.status(tx_hash) is None else self._records.tx(tx_hash)

    def archived(self, tx_hash: TxHash) -> Tx | None:
        """Read a transaction of a final block, if it is among those that are kept."""
        return self._records.archived_tx(tx_hash)

    def drop_reason(self, tx_hash: TxHash) -> str | None:
        """Say why a transaction was dropped, if it is among the last ones."""
        with self._lock:
            return self._contents.drops.get(tx_hash)

    def pending_hashes(self, limit: int | None = None, after: TxHash | None = None) -> list[TxHash]:
        """Give pending transactions, highest priority first, starting behind `after`.

        None if `after` is not pending.
        """
        with self._lock:
            return self._contents.indices.after(after, limit)

    def pending(
        self, limit: int | None = None, after: TxHash | None = None, max_bytes: int | None = None
    ) -> list[Tx]:
        """Read pending transactions in the same order; the first one and as many as fit in `max_bytes`."""
        found: list[Tx] = []
        size = 0
        for tx_hash in self.pending_hashes(limit, after):
            meta = self.meta(tx_hash)
            tx = None if meta is None else self._records.tx(tx_hash)
            if meta is None or tx is None:
                continue
            size += meta.size_bytes
            if found and max_bytes is not None and size > max_bytes:
                break
            found.append(tx)
        return found

    def candidates(self, limit: int | None = None) -> list[TxMeta]:
        """Give the pending transactions that are old enough for a block, highest priority first."""
        now, min_age = self._now_ms(), self._contents.config.min_age_ms
        with self._lock:
            found: list[TxMeta] = []
            for meta in self._contents.indices.from_highest():
                if limit is not None and len(found) == limit:
                    break
                entry = self._contents.indices.get(meta.tx_hash)
                # One "from the future" came before the clock was set back: nobody knows its age.
                if entry is not None and not 0 <= now - entry.received_at_ms < min_age:
                    found.append(meta)
            return found

    def best(self) -> TxMeta | None:
        """Give the pending transaction of the highest priority."""
        with self._lock:
            return self._contents.indices.highest()

    def subscribe(self, listener: Callable[[], None]) -> None:
        """Call `listener` after every change, in the thread that made it; it must return at once."""
        self._listeners.append(listener)

    # Changes that clients and peers make.

    def add(self, tx: Tx, *, source: Source = Source.RPC, meta: TxMeta | None = None) -> AddResult:
        """Take a transaction in; on return it is on the disk. `meta` spares the work of gathering it again.

        Raises: MempoolRejection if what is in the pool outranks it, StorageError.
        """
        meta = TxMeta.of(tx) if meta is None else meta
        with self._changing:
            if tx.tx_hash in self._contents.indices:
                return AddResult(AddOutcome.KNOWN)
            block = self._chain.mined_block(tx.tx_hash)
            victims: dict[TxHash, str] = {}
            if block is None:
                validation = self._chain.validate_for_pool(meta)
                if not validation.is_valid:
                    return AddResult(AddOutcome.REFUSED, validation.reasons)
                victims = choose_victims(
                    meta,
                    self._contents.indices,
                    source=source,
                    config=self._contents.config,
                    balance_of=self._chain.fee_juice_balance,
                )
            entry = PoolEntry(
                meta=meta, sequence=self._contents.next_sequence(), received_at_ms=self._now_ms()
            )
            self._store_entry(tx, entry, victims, mined=block)
            self._change(lambda batch: self._contents.evict_excess([meta.fee_payer], batch))
        self._announce()
        return AddResult(AddOutcome.ADDED if block is None else AddOutcome.MINED)

    def drop(self, tx_hash: TxHash, reason: str) -> bool:
        """Remove a transaction that is not mined and keep the reason; tell whether it was there."""
        with self._changing:
            if self._contents.indices.state(tx_hash) in {None, TxState.MINED}:
                return False
            self._change(lambda batch: self._contents.remove({tx_hash: reason}, batch))
        self._announce()
        return True

    def configure(self, config: MempoolConfig) -> None:
        """Change the settings; the pool shrinks to a smaller limit when the next transaction comes."""
        with self._changing:
            self._contents.config = config

    # What happens on the chain.

    def on_block(
        self, number: BlockNumber, timestamp: int, tx_hashes: Iterable[TxHash], nullifiers: Iterable[Fr]
    ) -> None:
        """Take a new block of the chain into account; call it after the block was written.

        Its transactions are mined. Pending ones that it makes invalid are dropped: those with a nullifier of
        the block, those expired at its `timestamp`, and those that a payer can no longer cover.
        """
        with self._changing:

            def apply(batch: WriteBatch) -> None:
                payers = []
                for tx_hash in tx_hashes:
                    entry = self._contents.indices.get(tx_hash)
                    if entry is not None:
                        payers.append(entry.meta.fee_payer)
                        self._contents.indices.mine(tx_hash, number)
                        self._contents.retained.on_mined(tx_hash, number, batch)
                invalid = {}
                for meta in self._contents.indices.from_lowest():
                    if meta.expiration_timestamp <= timestamp:
                        invalid[meta.tx_hash] = (
                            f"expired at {meta.expiration_timestamp}, block {number} has time {timestamp}"
                        )
                for nullifier in nullifiers:
                    holder = self._contents.indices.holder_of(nullifier)
                    if holder is not None:
                        invalid[holder.tx_hash] = f"block {number} has its nullifier {fr_hex(nullifier)}"
                self._contents.remove(invalid, batch)
                self._contents.remove_uncovered(payers, batch)

            self._change(apply)
        self._announce()

    def on_rewind(self, to_block: BlockNumber) -> None:
        """Take back the blocks above `to_block`; call it after the chain was rewound.

        Their transactions are validated again and become pending; what is anchored to a lost block, or no
        longer covered, is dropped.
        """
        with self._changing:
            unmined = self._contents.indices.mined_above(to_block)
            validations = self._contents.validate(unmined)

            def apply(batch: WriteBatch) -> None:
                for meta in unmined:
                    block = self._contents.indices.mined_block(meta.tx_hash)
                    assert block is not None
                    self._contents.retained.on_unmined(meta.tx_hash, block, batch)
                    self._contents.indices.unmine(meta.tx_hash)
                self._contents.return_to_pending(unmined, validations, batch)
                self._contents.remove_unanchored(batch)
                self._contents.evict_excess(self._contents.indices.payers(), batch)

            self._change(apply)
        self._announce()

    def on_finalized(self, block: BlockNumber) -> None:
        """Forget the transactions of blocks up to `block`, or move them to the archive."""
        with self._changing:
            is_archiving = self._contents.config.max_archived_count > 0
            # Reading and compressing takes a millisecond each: readers do not wait for it.
            final = {
                tx_hash: self._records.packed_tx(tx_hash) if is_archiving else None
                for tx_hash in self._contents.indices.mined_up_to(block)
            }

            def apply(batch: WriteBatch) -> None:
                for tx_hash, packed in final.items():
                    self._contents.forget_final(tx_hash, packed, batch)
                self._contents.retained.on_finalized(block, batch)

            self._change(apply)
        self._announce()

    def on_slot(self, slot: SlotNumber) -> None:
        """Begin a slot: what was dropped in earlier ones is erased."""
        with self._changing:
            self._change(lambda batch: self._contents.retained.on_slot(slot, batch))
        self._announce()

    # Parts of changes. All run under `_changing`; those that take a batch also under `_lock`.

    def _change(self, apply: Callable[[WriteBatch], None]) -> None:
        batch = self._records.batch()
        with self._lock:
            apply(batch)
        # Not synced: what a crash leaves undone here is found again when the pool is loaded.
        self._records.write(batch)

    def _store_entry(
        self, tx: Tx, entry: PoolEntry, victims: Mapping[TxHash, str], *, mined: BlockNumber | None
    ) -> None:
        batch = self._records.batch()
        PoolRecords.put_tx(batch, tx, sequence=entry.sequence, received_at_ms=entry.received_at_ms)
        with self._lock:
            self._contents.retained.restore(tx.tx_hash, batch)
            self._contents.drops.forget(tx.tx_hash, batch)
        self._records.write(batch, sync=True)

        def apply(batch: WriteBatch) -> None:
            self._contents.remove(victims, batch)
            self._contents.indices.add(entry, mined=mined)

        self._change(apply)

    def _announce(self) -> None:
        with self._lock:
            self._version += 1
        for listener in self._listeners:
            listener()
