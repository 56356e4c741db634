"""The pool's records in the store; the layout stands in `docs/storage.md`.

Mined-ness is not recorded: which transactions are in blocks is the chain's knowledge, written in the same
batch as the block, so that after a crash a transaction is either pending or mined, never both or neither.
"""

from __future__ import annotations

import zlib
from dataclasses import dataclass
from enum import IntEnum, unique
from typing import TYPE_CHECKING, Final

from aztecd.crypto.field import Fr, fr_hex
from aztecd.protocol.basic import TxHash
from aztecd.protocol.codec import DecodeError
from aztecd.protocol.tx import Tx
from aztecd.storage import Prefix, prefix_end

if TYPE_CHECKING:
    from collections.abc import Iterator

    from aztecd.storage import KeyValueStore, WriteBatch

__all__ = ["ArchivedTx", "DropRecord", "PoolRecords", "Retention", "RetentionRecord", "StoredTx"]

_ARRIVAL_SIZE: Final = 16
_MAX_REASON_BYTES: Final = 512
_PACKING_LEVEL: Final = 1


@unique
class Retention(IntEnum):
    """Why the bytes of a transaction outlive it, or will. Numbers are stored."""

    UNTIL_NEXT_SLOT = 1
    """Dropped in this slot: peers may still ask for it."""
    FROM_PRUNED_BLOCK = 2
    """In the pool, and once mined in a block that was rewound."""
    UNTIL_FINALIZED = 3
    """Dropped, but a pruned block held it: needed if that block comes back."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RetentionRecord:
    """`number` is the slot, or the greatest block that held the transaction."""

    kind: Retention
    number: int

    @property
    def is_deleted(self) -> bool:
        """Whether the transaction has left the pool."""
        return self.kind is not Retention.FROM_PRUNED_BLOCK


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredTx:
    """A transaction as found in the store; `tx` is None if its bytes cannot be read."""

    tx_hash: TxHash
    sequence: int
    received_at_ms: int
    tx: Tx | None


@dataclass(frozen=True, slots=True, kw_only=True)
class DropRecord:
    """Why a transaction was dropped; `sequence` orders the records by age."""

    sequence: int
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ArchivedTx:
    """The compressed bytes of a transaction in a final block; `sequence` orders the records by age."""

    tx_hash: TxHash
    sequence: int
    packed: bytes


class PoolRecords:
    """Reads and writes the pool's records."""

    __slots__ = ("_store",)

    def __init__(self, store: KeyValueStore) -> None:
        self._store = store

    def batch(self) -> WriteBatch:
        """Begin a batch."""
        return self._store.batch()

    def write(self, batch: WriteBatch, *, sync: bool = False) -> None:
        """Write a batch that is not empty; with `sync`, it is on the disk on return."""
        if len(batch):
            self._store.write(batch, sync=sync)

    def tx(self, tx_hash: TxHash) -> Tx | None:
        """Read a transaction. Raises DecodeError if the record is damaged."""
        value = self._store.get(Prefix.MEMPOOL_TX.key + tx_hash)
        return None if value is None else Tx.decode(value[_ARRIVAL_SIZE:])

    def txs(self) -> Iterator[StoredTx]:
        """Walk over all transactions, in the order of their hashes."""
        for tx_hash, value in self._walk(Prefix.MEMPOOL_TX):
            tx: Tx | None
            try:
                tx = Tx.decode(value[_ARRIVAL_SIZE:])
            except DecodeError:
                tx = None
            yield StoredTx(
                tx_hash=tx_hash,
                sequence=int.from_bytes(value[:8], "big"),
                received_at_ms=int.from_bytes(value[8:_ARRIVAL_SIZE], "big"),
                tx=tx,
            )

    def packed_tx(self, tx_hash: TxHash) -> bytes | None:
        """Read a transaction's bytes, compressed."""
        value = self._store.get(Prefix.MEMPOOL_TX.key + tx_hash)
        return None if value is None else zlib.compress(value[_ARRIVAL_SIZE:], _PACKING_LEVEL)

    def archived_tx(self, tx_hash: TxHash) -> Tx | None:
        """Read a transaction of the archive. Raises DecodeError if the record is damaged."""
        value = self._store.get(Prefix.MEMPOOL_ARCHIVED.key + tx_hash)
        if value is None:
            return None
        try:
            return Tx.decode(zlib.decompress(value[8:]))
        except zlib.error as error:
            raise DecodeError(f"the kept transaction {fr_hex(tx_hash)} is damaged: {error}", "") from error

    def archived(self) -> Iterator[ArchivedTx]:
        """Walk over the archive."""
        for tx_hash, value in self._walk(Prefix.MEMPOOL_ARCHIVED):
            yield ArchivedTx(tx_hash=tx_hash, sequence=int.from_bytes(value[:8], "big"), packed=value[8:])

    def retentions(self) -> Iterator[tuple[TxHash, RetentionRecord]]:
        """Walk over all retention records."""
        for tx_hash, value in self._walk(Prefix.MEMPOOL_RETAINED):
            yield (
                tx_hash,
                RetentionRecord(kind=Retention(value[0]), number=int.from_bytes(value[1:], "big")),
            )

    def drops(self) -> Iterator[tuple[TxHash, DropRecord]]:
        """Walk over all reasons of drops."""
        for tx_hash, value in self._walk(Prefix.MEMPOOL_DROPPED):
            yield (
                tx_hash,
                DropRecord(
                    sequence=int.from_bytes(value[:8], "big"), reason=value[8:].decode(errors="replace")
                ),
            )

    @staticmethod
    def put_tx(batch: WriteBatch, tx: Tx, *, sequence: int, received_at_ms: int) -> None:
        """Store a transaction and when it came."""
        arrival = sequence.to_bytes(8, "big") + received_at_ms.to_bytes(8, "big")
        batch.put(Prefix.MEMPOOL_TX.key + tx.tx_hash, arrival + tx.encode())

    @staticmethod
    def delete_tx(batch: WriteBatch, tx_hash: TxHash) -> None:
        """Remove a transaction's bytes and what is noted about keeping them."""
        batch.delete(Prefix.MEMPOOL_TX.key + tx_hash)
        batch.delete(Prefix.MEMPOOL_RETAINED.key + tx_hash)

    @staticmethod
    def put_retention(batch: WriteBatch, tx_hash: TxHash, record: RetentionRecord) -> None:
        """Note why a transaction's bytes are kept."""
        value = bytes([record.kind]) + record.number.to_bytes(8, "big")
        batch.put(Prefix.MEMPOOL_RETAINED.key + tx_hash, value)

    @staticmethod
    def delete_retention(batch: WriteBatch, tx_hash: TxHash) -> None:
        """Remove the note, not the bytes."""
        batch.delete(Prefix.MEMPOOL_RETAINED.key + tx_hash)

    @staticmethod
    def put_drop(batch: WriteBatch, tx_hash: TxHash, record: DropRecord) -> None:
        """Store why a transaction was dropped; long texts are cut."""
        reason = record.reason.encode()[:_MAX_REASON_BYTES]
        batch.put(Prefix.MEMPOOL_DROPPED.key + tx_hash, record.sequence.to_bytes(8, "big") + reason)

    @staticmethod
    def delete_drop(batch: WriteBatch, tx_hash: TxHash) -> None:
        """Remove a reason."""
        batch.delete(Prefix.MEMPOOL_DROPPED.key + tx_hash)

    @staticmethod
    def put_archived(batch: WriteBatch, archived: ArchivedTx) -> None:
        """Store a transaction in the archive."""
        key = Prefix.MEMPOOL_ARCHIVED.key + archived.tx_hash
        batch.put(key, archived.sequence.to_bytes(8, "big") + archived.packed)

    @staticmethod
    def delete_archived(batch: WriteBatch, tx_hash: TxHash) -> None:
        """Remove a transaction from the archive."""
        batch.delete(Prefix.MEMPOOL_ARCHIVED.key + tx_hash)

    def _walk(self, prefix: Prefix) -> Iterator[tuple[TxHash, bytes]]:
        for key, value in self._store.iterate(start=prefix.key, stop=prefix_end(prefix.key)):
            yield TxHash(Fr(key[1:])), value
